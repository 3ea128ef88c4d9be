"""Links by which a recipient unsubscribes with one click: signed, so that nobody makes one for somebody else.

    https://graph.example.org/unsubscribe/YzctMTI.kZ0kFz5Qx3yV1cB7w2rK9g

What stands before the dot is a name that means something to us alone, like that of a letter; there is no address in it.
They hold as long as the key does: in old mails too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

__all__ = ["UnsubscribeLinks"]

SIGNATURE = 16  # bytes
LONGEST = 400
_PURPOSE = b"spojka unsubscribe\0"


@dataclass(frozen=True, slots=True)
class UnsubscribeLinks:
    """`url` is the endpoint's, without a slash at its end: https, or http of this machine for what stays on it.

    `key` is a secret of 16 bytes or more.
    """

    url: str
    key: bytes = field(repr=False)

    def link(self, name: str) -> str:
        """The link of whoever got what `name` names."""
        return f"{self.url}/{self.token(name)}"

    def token(self, name: str) -> str:
        return f"{_text(name.encode())}.{_text(self._signature(name.encode()))}"

    def name(self, token: str) -> str | None:
        """What a token names; None where we didn't sign it. Takes as long for one that is nearly right."""
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            name, signature = (_bytes(each) for each in token.split("."))
            known = name.decode()
        except (ValueError, binascii.Error):
            return None
        return known if hmac.compare_digest(self._signature(name), signature) else None

    def _signature(self, name: bytes) -> bytes:
        return hmac.digest(self.key, _PURPOSE + name, hashlib.sha256)[:SIGNATURE]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
