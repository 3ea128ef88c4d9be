"""What a request is known by in logs, here and in every subgraph: the header X-Request-Id, the client's if it is sane.

A balancer in front often gives one already. What could be taken for something else in a log is replaced.
"""

import re
import uuid

__all__ = ["HEADER", "request_id"]

HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")


def request_id(given: bytes | None) -> str:
    """The client's, or one that nobody else has."""
    return given.decode("ascii") if given and _SANE.fullmatch(given) else uuid.uuid4().hex
