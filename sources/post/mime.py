"""A message as it goes over the wire: MIME in ASCII, its headers and its two bodies; and the envelope for it.

The headers are written here by hand, each value having been looked at: the standard library is slow with them, and
breaks what is longer than a line into encoded words, which nobody reads in a Message-ID or a List-Unsubscribe.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import quote, urlsplit

from sources.post.addresses import AddressRefused, Mailbox, checked, header_text, one_line, read_mailbox
from sources.post.mailer import Message, Origin

__all__ = ["MessageRefused", "Ready", "return_path", "written"]

LONGEST_ID = 250
LONGEST_URL = 900
LONGEST_BODY = 2_000_000  # characters
LONGEST_LOCAL = 64

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ID = re.compile(rf"<(?P<local>{_ATOM}(?:\.{_ATOM})*)@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?>")
_URL = re.compile(r"https?://[!#-;=?-Z_a-z~\[\]]+")
_OF_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


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
    headers = [
        f"Message-ID: {message.message_id}",
        f"Date: {format_datetime(at)}",
        f"From: {sender.named(sender_name)}",
        f"To: {recipient.named(message.recipient_name)}",
        f"Subject: {header_text(one_line(message.subject))}",
        "Auto-Submitted: auto-generated",  # RFC 3834: answering machines leave it alone
        "Precedence: bulk",
        f"X-Campaign: {header_text(one_line(message.campaign))}",
        *_unsubscribing(message, origin),
    ]
    # Only an address with letters beyond ASCII isn't ASCII here; its message goes to servers with SMTPUTF8 alone.
    content = "\r\n".join(headers).encode() + b"\r\n" + _bodies(message).as_bytes()
    return Ready(message.message_id, recipient, return_path(message.message_id, origin), content)


def _bodies(message: Message) -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP)
    mail.set_content(_body(message.text), cte="quoted-printable")
    if message.html is None:
        return mail
    mail.add_alternative(_body(message.html), subtype="html", cte="quoted-printable")
    # The same message is the same bytes, but for its Date. `=_` is in no quoted-printable text.
    mail.set_boundary(f"=_{hashlib.sha256(message.message_id.encode()).hexdigest()[:32]}")
    return mail


def _body(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _unsubscribing(message: Message, origin: Origin) -> list[str]:
    """RFC 2369 and RFC 8058: the link comes first, as mail programs take the first that they know.

    One click is for https alone; a link to this machine is for mails that stay on it.
    """
    url = message.unsubscribe_url
    if url is None:
        return []
    if len(url) > LONGEST_URL or not _URL.fullmatch(url) or not (host := urlsplit(url).hostname):
        raise MessageRefused("its link for unsubscribing isn't an address of a page")
    is_secure = url.startswith("https://")
    if not is_secure and host not in _OF_THIS_MACHINE:
        raise MessageRefused("its link for unsubscribing isn't one that begins with https://")
    ways = [f"<{url}>"]
    if origin.unsubscribe_mailto:
        token = quote(f"unsubscribe {urlsplit(url).path.rpartition('/')[2]}", safe="")
        ways.append(f"<mailto:{origin.unsubscribe_mailto}?subject={token}>")
    listed = ",\r\n ".join(ways)
    one_click = ["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if is_secure else []
    return [f"List-Unsubscribe: {listed}", *one_click]


def return_path(message_id: str, origin: Origin) -> str:
    """bounces+c7-12@example.org; without the part from the Message-ID where that is too long for an address."""
    found = _ID.fullmatch(message_id)
    local, _, domain = origin.return_path.rpartition("@")
    tagged = f"{local}+{found['local'] if found else ''}"
    return f"{tagged}@{domain}" if found and len(tagged) <= LONGEST_LOCAL else origin.return_path
