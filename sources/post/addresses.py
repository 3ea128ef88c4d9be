"""E-mail addresses, as far as SMTP servers take them (RFC 5321, RFC 6531), and texts that go into headers.

jan.novak@example.cz          taken
"jan novak"@example.cz        taken: a quoted local part
info@háčky.example            taken; the domain goes out as xn--hky-ela4t.example (IDNA 2008)
žaneta@example.cz             taken; only a server with SMTPUTF8 does it
a@[127.0.0.1], a@host, a@b..c, two@at@signs     refused
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.header import Header

import idna

__all__ = ["AddressRefused", "Mailbox", "checked", "header_text", "one_line", "read_mailbox"]

LONGEST_LOCAL = 64
LONGEST_DOMAIN = 253
LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
LONGEST_TEXT = 200

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"')
_SHOWN_AS = re.compile(r"=(?=\?)")
_MAILBOX = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")


class AddressRefused(Exception):
    """It can't be an address; the message says why."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address that was looked at. The domain is ASCII; the local part may not be (`needs_utf8`)."""

    local: str
    domain: str

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        return not self.local.isascii()

    def named(self, name: str) -> str:
        """For From and To: `Name <address>`."""
        shown = one_line(name)
        return f"{_phrase(shown)} <{self.address}>" if shown else self.address


def header_text(text: str) -> str:
    """One line of text for a header: as it is, or in encoded words (RFC 2047), folded.

    The library's newer way (headerregistry) takes 30 times as long for it: 5 to 200 ms for a name.
    """
    if text.isascii():
        return text
    return Header(text, "utf-8", maxlinelen=75, header_name="X-Campaign").encode(linesep="\r\n")


def _phrase(name: str) -> str:
    if not name.isascii():
        return header_text(name)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def checked(text: str) -> Mailbox:
    """The address in `text`; spaces around it are nobody's and left out. Raises AddressRefused."""
    address = text.strip(" ")
    if not address:
        raise AddressRefused("there is no address")
    if not address.isprintable():
        raise AddressRefused("the address has a line break or another character that can't be in one")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise AddressRefused("the address isn't NAME@DOMAIN")
    if not (_DOT_ATOM.fullmatch(local) or _QUOTED.fullmatch(local)) or " " in domain:
        raise AddressRefused("the address has a character before its @ that would have to be in quotes, or a stray dot")
    if any(unicodedata.category(each)[0] in "ZC" for each in local if not each.isascii()):
        raise AddressRefused("the address has an invisible character")
    if len(local.encode("utf-8", "surrogatepass")) > LONGEST_LOCAL:
        raise AddressRefused(f"the address has more than {LONGEST_LOCAL} bytes before its @")
    found = Mailbox(unicodedata.normalize("NFC", local), _domain(domain))
    if len(found.address.encode()) > LONGEST:
        raise AddressRefused(f"the address has more than {LONGEST} bytes")
    return found


def _domain(text: str) -> str:
    """In ASCII and lower case. SMTP also knows [127.0.0.1] and names without a dot; no customer's mail is there."""
    if text.startswith("["):
        raise AddressRefused("the address has a number in place of a domain")
    try:
        domain = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressRefused("the address's domain can't be one") from error
    if "." not in domain.strip(".") or domain.endswith(".") or len(domain) > LONGEST_DOMAIN:
        raise AddressRefused("the address's domain isn't a whole one, like example.cz")
    return domain


def read_mailbox(text: str) -> tuple[str, Mailbox]:
    """`Name <address>` or an address alone -> its name, "" for none, and the address. Raises AddressRefused."""
    if found := _MAILBOX.fullmatch(text.strip(" ")):
        return one_line(found["name"]).strip('"'), checked(found["address"])
    return "", checked(text)


def one_line(text: str) -> str:
    """`text` for a header: one line without anything invisible, at most 200 characters.

    A mail program decodes `=?utf-8?q?...?=` wherever it stands; so a name can't show as another, it stands apart here.
    """
    line = " ".join("".join(" " if _breaks(each) else each for each in text).split())
    return _SHOWN_AS.sub("= ", line)[:LONGEST_TEXT].rstrip()


def _breaks(character: str) -> bool:
    """Controls, marks that turn a line's direction, lone surrogates, private and unassigned ones, every kind of space.

    Joiners are letters' own, in some scripts."""
    return unicodedata.category(character)[0] in "ZC" and character not in "\u200c\u200d"
