"""Bounces: what mail servers write back about a message that didn't arrive (DSN: RFC 3464, RFC 6533).

    multipart/report
      text/plain                      for people
      message/delivery-status         Final-Recipient, Action: failed, Status: 5.1.1, Diagnostic-Code, one block each
      text/rfc822-headers             the headers of what was sent, with our Message-ID (or message/rfc822: all of it)

A bounce is tied to its message by that Message-ID, else by Original-Envelope-Id, which we give (RFC 3461), else by the
address it came to (VERP, see Origin). What isn't a report, an answering machine's or a person's answer, is no bounce.

Nothing signs a report: anybody can write that a message came back whose Message-ID they know, by each of these ways. So
who makes Message-IDs puts something into them that can't be guessed, and believes only those that were given out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message as Part
from email.utils import getaddresses
from typing import Protocol

from sources.post.mailer import Origin

__all__ = ["LARGEST", "MOST_AT_ONCE", "Bounce", "BounceReader", "NoBounce", "read_report"]

LARGEST = 10 * 1024 * 1024
"""Bytes of a message that is looked at; a bounce with all of the message in it is far smaller."""
MOST_AT_ONCE = 200
LONGEST_TEXT = 500

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_RETURNED_TYPES = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_ARRIVED_AT = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_NOTHING_WRONG = ("delivered", "relayed", "expanded")
_ACTIONS = ("failed", "delayed", *_NOTHING_WRONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """One recipient that a message didn't reach, or hasn't yet.

    `status` is X.Y.Z of RFC 3463; `action` is `failed` or, while the server goes on trying, `delayed`. `key` names the
    message in the mailbox that said so.
    """

    message_id: str
    recipient: str
    status: str
    action: str
    text: str
    key: str

    @property
    def is_final(self) -> bool:
        """The server has given up: refused (5.Y.Z), or tried in vain for days (4.4.7). Else it goes on trying."""
        return self.action == "failed"


class NoBounce(Exception):
    """It is another kind of message; the text says which, for the log."""


class BounceReader(Protocol):
    """A mailbox into which bounces come."""

    async def bounces(self) -> Sequence[Bounce]:
        """Those that nobody has acknowledged, the same ones again until then; at most MOST_AT_ONCE messages' worth.

        What isn't a bounce of ours, or can't be read, is moved aside in the mailbox, for a person. Raises
        SystemUnavailable.
        """
        ...

    async def opened(self) -> str:
        """What the mailbox is, for people, once it could be opened; nothing in it changes. Raises PostUnavailable."""
        ...

    async def acknowledge(self, bounces: Sequence[Bounce]) -> None:
        """They are kept elsewhere now: moves their messages aside. Raises SystemUnavailable."""
        ...


def read_report(content: bytes, *, key: str, origin: Origin) -> list[Bounce]:
    """The bounces in a message; none where it reports that all went well. Raises NoBounce."""
    if len(content) > LARGEST:
        raise NoBounce(f"it has more than {LARGEST} bytes")
    report = message_from_bytes(content, policy=policy.compat32)
    blocks = [block for part in _parts(report, _STATUS_TYPES) for block in _blocks(part)]
    recipients = [each for each in blocks if each.get("Action") or each.get("Final-Recipient")]
    if not recipients:
        raise NoBounce("it is no report of a mail server")
    about = _about(report, blocks, origin)
    if about is None:
        raise NoBounce("it is about no message of ours")
    words = _words(report)
    found = [_bounce(each, about, key, words) for each in recipients]
    return [each for each in found if each.action not in _NOTHING_WRONG]


def _bounce(block: Part, message_id: str, key: str, words: str) -> Bounce:
    address = _field(block, "Original-Recipient") or _field(block, "Final-Recipient")
    address = address.rpartition(";")[2].strip()
    told = _field(block, "Diagnostic-Code").partition(";")[2].strip() or _said_of(address, words)
    status = _STATUS.search(_field(block, "Status")) or _STATUS.search(told)
    action = _field(block, "Action").lower()
    if action not in _ACTIONS:
        action = "delayed" if status and status[1] == "4" else "failed"
    return Bounce(
        message_id=message_id,
        recipient=address,
        status=status[0] if status else ("4.0.0" if action == "delayed" else "5.0.0"),
        action=action,
        text=told or f"{action}, without a reason",
        key=key,
    )


def _words(report: Part) -> str:
    """The part for people."""
    for part in _parts(report, ("text/plain",)):
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            return content.decode("utf-8", "replace")
    return ""


def _said_of(address: str, words: str) -> str:
    """OpenSMTPD gives no Diagnostic-Code, but a line `jan@example.cz: 550 5.1.1 no such user` for people."""
    lines = (line.partition(f"{address}:")[2] for line in words.splitlines() if address)
    return _printable(next((line for line in lines if line.strip()), ""))


def _about(report: Part, blocks: Sequence[Part], origin: Origin) -> str | None:
    """The Message-ID of ours that it is about."""
    returned = [each.get("Message-ID") for part in _parts(report, _RETURNED_TYPES) for each in _returned(part)]
    envelopes = [f"<{_from_xtext(_field(each, 'Original-Envelope-Id'))}>" for each in blocks]
    own = re.compile(rf"<[^<>@\s]+@{re.escape(origin.domain)}>", re.IGNORECASE)
    for text in (*returned, *envelopes):
        if found := own.search(str(text or "")):
            return found[0]
    return _by_address(report, origin)


def _by_address(report: Part, origin: Origin) -> str | None:
    local, _, domain = origin.return_path.rpartition("@")
    tagged = re.compile(rf"{re.escape(local)}\+([^@\s]+)@{re.escape(domain)}", re.IGNORECASE)
    values = [str(value) for name in _ARRIVED_AT for value in report.get_all(name, [])]
    for _, address in getaddresses(values):
        if found := tagged.fullmatch(address):
            return f"<{found[1]}@{origin.domain}>"
    return None


def _parts(report: Part, types: Sequence[str]) -> Iterator[Part]:
    """Parts of these types, without looking into what is returned: that has parts of its own."""
    if report.get_content_type() in types:
        yield report
    elif report.get_content_maintype() == "multipart" and report.is_multipart():
        for part in report.get_payload():
            if isinstance(part, Part):
                yield from _parts(part, types)


def _blocks(part: Part) -> list[Part]:
    """The blocks of a delivery status; the library parses the one of RFC 3464 itself."""
    payload = part.get_payload()
    if isinstance(payload, list) and part.get_content_type() == _STATUS_TYPES[0]:
        return [each for each in payload if isinstance(each, Part)]
    if isinstance(payload, list):  # that of RFC 6533 it takes for a whole message
        content: object = b"\n".join(each.as_bytes() for each in payload if isinstance(each, Part))
    else:
        content = part.get_payload(decode=True)
    texts = re.split(rb"\r?\n(?:[ \t]*\r?\n)+", content.strip()) if isinstance(content, bytes) else []
    return [message_from_bytes(each, policy=policy.compat32) for each in texts]


def _returned(part: Part) -> list[Part]:
    payload = part.get_payload()
    if isinstance(payload, list):
        return [each for each in payload if isinstance(each, Part)]
    content = part.get_payload(decode=True)
    return [message_from_bytes(content, policy=policy.compat32)] if isinstance(content, bytes) else []


def _field(block: Part, name: str) -> str:
    return _printable(str(block.get(name) or ""))


def _printable(text: str) -> str:
    words = "".join(each if each.isprintable() else " " for each in text).split()
    return " ".join(words)[:LONGEST_TEXT]


def _from_xtext(text: str) -> str:
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)
