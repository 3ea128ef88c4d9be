"""What HTTP itself refuses: a status, a code and a sentence, before the engine sees a request."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["Refusal"]

_NO_HEADERS: Mapping[bytes, bytes] = MappingProxyType({})


class Refusal(Exception):
    """The request isn't well-formed GraphQL over HTTP; `status` is HTTP's, `headers` go out with it."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[bytes, bytes] = _NO_HEADERS) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers
