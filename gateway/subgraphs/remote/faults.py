"""Whatever goes wrong on the way to a subgraph and back, as one tree.

    NoAnswer                    code
    ├── Unavailable             SUBGRAPH_UNAVAILABLE: refused, broken off, status 502, 503 or 504, or left alone a while
    ├── TooSlow                 SUBGRAPH_TIMEOUT
    ├── HttpFailed              SUBGRAPH_HTTP_ERROR: any other status without GraphQL in it, redirects too
    ├── Malformed               SUBGRAPH_MALFORMED_RESPONSE: no JSON, or none that is a GraphQL response
    └── TooLarge                SUBGRAPH_RESPONSE_TOO_LARGE

What a client is told names the subgraph and never where it is; the reason is in the log.
"""

from gateway.subgraphs.protocol import SubgraphFault

__all__ = ["HttpFailed", "Malformed", "NoAnswer", "TooLarge", "TooSlow", "Unavailable"]


class NoAnswer(Exception):
    """There is no GraphQL answer. `told` is what may be shown, after the subgraph's name; `detail` is for the log.

    `again`: another attempt may go well, though not within `wait` seconds. `is_down`: it says that the subgraph is
    down, not that a request was wrong.
    """

    code = "SUBGRAPH_ERROR"
    again = False
    wait = 0.0
    is_down = False

    def __init__(self, told: str, *, detail: str = "") -> None:
        super().__init__(told)
        self.told = told
        self.detail = detail

    def fault(self, service: str) -> SubgraphFault:
        """As an error of the subgraph's answer."""
        return SubgraphFault(f"{service} {self.told}", (), {"code": self.code, "service": service})


class Unavailable(NoAnswer):
    """It can't be reached, or says itself that it can't answer now."""

    code = "SUBGRAPH_UNAVAILABLE"
    is_down = True

    def __init__(
        self, told: str = "can't be reached", *, detail: str = "", again: bool = True, wait: float = 0
    ) -> None:
        super().__init__(told, detail=detail)
        self.again = again
        self.wait = wait


class TooSlow(NoAnswer):
    """It took longer than it may."""

    code = "SUBGRAPH_TIMEOUT"
    is_down = True


class HttpFailed(NoAnswer):
    """HTTP says that it failed, and there is no GraphQL that says why."""

    code = "SUBGRAPH_HTTP_ERROR"


class Malformed(NoAnswer):
    """It answered with something else than a GraphQL response."""

    code = "SUBGRAPH_MALFORMED_RESPONSE"


class TooLarge(NoAnswer):
    """Its answer, unpacked, is larger than it may be."""

    code = "SUBGRAPH_RESPONSE_TOO_LARGE"
