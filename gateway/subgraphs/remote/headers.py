"""Which headers go along to a subgraph, and which of its own come back: only those that are named.

A client's headers are its own business with this gateway, its token above all; none goes further unless a rule says so.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from gateway.subgraphs.protocol import RequestContext
from gateway.subgraphs.remote.settings import RemoteSettings

__all__ = ["HeaderRules"]

_CALLER = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")
_VALUE = re.compile(rb"[\x20-\x7e\t]{0,8192}")


class _Answer(Protocol):
    def get_header_all(self, key: str) -> list[str]: ...


class HeaderRules:
    """Of one subgraph."""

    def __init__(self, settings: RemoteSettings) -> None:
        self._forward = [(name, name.encode()) for name in settings.forward]
        self._returned = [(name, name.encode()) for name in settings.returned]
        self._tells_caller = settings.secret is not None
        self.fixed: Mapping[str, str] = {
            **settings.headers,
            **({"spojka-secret": settings.secret} if settings.secret is not None else {}),
        }

    def sent(self, context: RequestContext) -> list[tuple[str, str]]:
        """What goes along with one request, besides what all requests have."""
        headers = [("x-request-id", context.request_id)] if context.request_id else []
        if self._tells_caller:  # a subgraph takes the word of whoever knows its secret
            headers.append(("spojka-caller", _caller(context.caller)))
        if self._forward:
            headers += self._forwarded(context.headers)
        return headers

    def _forwarded(self, given: Mapping[bytes, bytes]) -> Iterator[tuple[str, str]]:
        for name, wire in self._forward:
            value = given.get(wire)
            if value is not None and name not in self.fixed and _VALUE.fullmatch(value):
                yield name, value.decode("ascii")

    def returned(self, answer: _Answer) -> Sequence[tuple[bytes, bytes]]:
        """What of an answer's headers the client gets."""
        if not self._returned:
            return ()
        return [
            (wire, value.encode("latin-1"))
            for name, wire in self._returned
            for value in answer.get_header_all(name)
            if value.isascii() and value.isprintable()
        ]


def _caller(name: str) -> str:
    """A subject as a header can hold it; one that doesn't fit is told apart from all others all the same."""
    if _CALLER.fullmatch(name):
        return name
    return f"sha256:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"
