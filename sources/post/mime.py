"""A message as it goes over the wire: MIME in ASCII, its headers and its two bodies; and the envelope for it.

What has to stay in one piece, the Message-ID and the links of List-Unsubscribe, is written here by hand: the standard
library breaks what is longer than a line into encoded words, which nobody reads in those headers.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from urllib.parse import quote, urlsplit

from sources.post.addresses import AddressRefused, Mailbox, checked, one_line, read_mailbox
from sources.post.mailer import Message, Origin

__all__ = ["MessageRefused", "Ready", "return_path", "written"]

LONGEST_ID = 250
LONGEST_URL = 900
LONGEST_BODY = 2_000_000  # characters
LONGEST_LOCAL = 64

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ID = re.compile(rf"<(?P<local>{_ATOM}(?:\.{_ATOM})*)@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?>")
_URL = re.compile(r"https://[!#-;=?-Z_a-z~\[\]]+")
_POLICY = policy.SMTP.clone(cte_type="7bit")
_UTF8_POLICY = policy.SMTPUTF8.clone(cte_type="7bit")


class MessageRefused(Exception):
    """The message can't be sent by anybody; its text says why."""


@dataclass(frozen=True, slots=True)
class Ready:
    """`content` with CRLF line ends, for `recipient`; what comes back goes to `return_path`."""

    message_id: str
    recipient: Mailbox
    return_path: str
    content: bytes


def written(message: Message, origin: Origin, *, at: datetime) -> Ready:
    """The message, with `at` as its Date. Raises MessageRefused."""
    if len(message.message_id) > LONGEST_ID or not _ID.fullmatch(message.message_id):
        raise MessageRefused("its Message-ID isn't <left@right>")
    try:
        sender_name, sender = read_mailbox(message.sender)
    except AddressRefused as refused:
        raise MessageRefused(f"the sender: {refused}") from refused
    try:
        recipient = checked(message.recipient)
    except AddressRefused as refused:
        raise MessageRefused(str(refused)) from refused
    if len(message.text) + len(message.html or "") > LONGEST_BODY:
        raise MessageRefused(f"it has more than {LONGEST_BODY} characters")
    mail = EmailMessage(policy=_UTF8_POLICY if recipient.needs_utf8 else _POLICY)
    mail["From"] = sender.named(sender_name)
    mail["To"] = recipient.named(message.recipient_name)
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = at
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: answering machines leave it alone
    mail["Precedence"] = "bulk"
    mail["X-Campaign"] = one_line(message.campaign)
    _set_bodies(mail, message)
    by_hand = [f"Message-ID: {message.message_id}", *_unsubscribing(message, origin)]
    content = "\r\n".join(by_hand).encode("ascii") + b"\r\n" + mail.as_bytes()
    return Ready(message.message_id, recipient, return_path(message.message_id, origin), content)


def _set_bodies(mail: EmailMessage, message: Message) -> None:
    mail.set_content(_body(message.text), cte="quoted-printable")
    if message.html is None:
        return
    mail.add_alternative(_body(message.html), subtype="html", cte="quoted-printable")
    # The same message is the same bytes, but for its Date. `=_` is in no quoted-printable text.
    mail.set_boundary(f"=_{hashlib.sha256(message.message_id.encode()).hexdigest()[:32]}")


def _body(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _unsubscribing(message: Message, origin: Origin) -> list[str]:
    """RFC 2369 and RFC 8058: the link comes first, as mail programs take the first that they know."""
    url = message.unsubscribe_url
    if url is None:
        return []
    if len(url) > LONGEST_URL or not _URL.fullmatch(url) or not urlsplit(url).hostname:
        raise MessageRefused("its link for unsubscribing isn't one that begins with https://")
    ways = [f"<{url}>"]
    if origin.unsubscribe_mailto:
        token = quote(f"unsubscribe {urlsplit(url).path.rpartition('/')[2]}", safe="")
        ways.append(f"<mailto:{origin.unsubscribe_mailto}?subject={token}>")
    listed = ",\r\n ".join(ways)
    return [f"List-Unsubscribe: {listed}", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]


def return_path(message_id: str, origin: Origin) -> str:
    """bounces+c7-12@example.org; without the part from the Message-ID where that is too long for an address."""
    found = _ID.fullmatch(message_id)
    local, _, domain = origin.return_path.rpartition("@")
    tagged = f"{local}+{found['local'] if found else ''}"
    return f"{tagged}@{domain}" if found and len(tagged) <= LONGEST_LOCAL else origin.return_path
