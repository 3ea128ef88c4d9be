"""`[post]` of the settings file: how e-mail goes out, where bounces come back, how people unsubscribe.

[post]
kind = "smtp"                                  # "folder": a folder of .eml files, and nothing goes anywhere
sender = "Konference po telefonu s.r.o. <info@example.org>"  # whoever issues invoices, where it isn't said
domain = "mail.example.org"                    # of Message-IDs, and what we call ourselves before the server
return_path = "bounces@example.org"            # it gets bounces+ANYTHING@example.org too
host = "smtp.example.org"
port = 587
encryption = "starttls"                        # "tls" from the first byte; "none" for a relay on this machine
username = "spojka"
password_env = "SPOJKA_POST_PASSWORD"          # or password_file; the password itself is never written here

[post.unsubscribe]
url = "https://graph.example.org/unsubscribe"  # as the recipients' mail programs reach it
key_env = "SPOJKA_UNSUBSCRIBE_KEY"             # or key_file; it signs the links, so old mails need it too. Where none
                                               # is named, it is one of Spojka's own

[post.bounces]
kind = "imap"                                  # or "maildir" with a folder
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from sources.post.addresses import AddressRefused, Mailbox, read_mailbox
from sources.post.imap import ImapSettings
from sources.post.mailer import Origin
from sources.post.smtp import Encryption, SmtpSettings
from sources.post.unsubscribing import UnsubscribeLinks

__all__ = ["PATH", "AddressRefused", "MaildirSettings", "PostSettings", "Written", "own_mailbox", "read"]

KINDS = ("folder", "smtp")
BOUNCES = ("maildir", "imap")
ENCRYPTIONS: Mapping[str, Encryption] = {"starttls": "starttls", "tls": "tls", "none": "none"}
SMTP_PORTS: Mapping[Encryption, int] = {"starttls": 587, "tls": 465, "none": 25}
IMAP_PORTS: Mapping[Encryption, int] = {"starttls": 143, "tls": 993, "none": 143}
OF_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
SHORTEST_KEY = 16
PATH = "/unsubscribe"
TIMEOUT = timedelta(seconds=30)
ANSWER_TIMEOUT = timedelta(minutes=5)

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]*[A-Za-z0-9])?|::1")


@dataclass(frozen=True, slots=True)
class MaildirSettings:
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings:
    """`sender` is the From of every message. Messages go into `folder` where `smtp` is None.

    `folder` is None for the one in the data directory. `bounces` and `unsubscribe` are None where nobody set them.
    """

    sender: str
    origin: Origin
    folder: Path | None = None
    smtp: SmtpSettings | None = None
    bounces: MaildirSettings | ImapSettings | None = None
    unsubscribe: UnsubscribeLinks | None = None


class Written(Protocol):
    """A table of the settings file, as gateway/section.py reads it."""

    def text(self, name: str) -> str | None: ...
    def integer(self, name: str, default: int, *, least: int = 1, most: int | None = None) -> int: ...
    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str: ...
    def duration(self, name: str, default: timedelta) -> timedelta: ...
    def table(self, name: str) -> Written: ...
    def refused(self, name: str, message: str) -> Exception: ...
    def refuse_unread(self) -> None: ...


def read(
    section: Written, environment: Mapping[str, str], *, sender: str | None = None, own_key: bytes | None = None
) -> PostSettings:
    """`[post]`. Raises what `section.refused` gives; a secret that is named and isn't there is refused.

    `sender` writes where none is said, `own_key` signs links where none is named; None: it has to be.
    """
    sender = section.text("sender") or sender
    if sender is None:
        why = 'it is missing, and the company has no email; it is like "Company <info@example.org>"'
        raise section.refused("sender", why)
    mailbox = _mailbox(section, "sender", sender)
    kind = section.one_of("kind", KINDS, KINDS[0])
    found = PostSettings(
        sender=sender,
        origin=_origin(section, mailbox),
        folder=_path(section, "folder") if kind == "folder" else None,
        smtp=_smtp(section, environment) if kind == "smtp" else None,
        bounces=_bounces(section.table("bounces"), environment),
        unsubscribe=_unsubscribe(section.table("unsubscribe"), environment, own_key),
    )
    section.refuse_unread()
    return found


def _origin(section: Written, sender: Mailbox) -> Origin:
    domain = section.text("domain") or sender.domain
    if not _HOST.fullmatch(domain) or ":" in domain:
        raise section.refused("domain", "it is not a domain like mail.example.org")
    return_path = _mailbox(section, "return_path", section.text("return_path") or sender.address).address
    mailto = section.text("unsubscribe_mailto")
    return Origin(
        domain=domain.lower(),
        return_path=return_path,
        unsubscribe_mailto=None if mailto is None else _mailbox(section, "unsubscribe_mailto", mailto).address,
    )


def _mailbox(section: Written, name: str, text: str) -> Mailbox:
    try:
        return own_mailbox(text)
    except AddressRefused as refused:
        raise section.refused(name, str(refused)) from refused


def own_mailbox(text: str) -> Mailbox:
    """One of ours, which any server takes and a link may have in it. Raises AddressRefused."""
    _, found = read_mailbox(text)
    if found.needs_utf8 or any(each in found.local for each in '"%?&'):
        raise AddressRefused("our own address has letters, digits and . _ + - before its @")
    return found


def _smtp(section: Written, environment: Mapping[str, str]) -> SmtpSettings:
    host, encryption = _host(section), _encryption(section, "starttls")
    username = section.text("username")
    if username is not None and encryption == "none" and host not in OF_THIS_MACHINE:
        raise section.refused("encryption", "a password doesn't go over a network in the clear")
    return SmtpSettings(
        host=host,
        port=section.integer("port", SMTP_PORTS[encryption], most=65535),
        encryption=encryption,
        username=username,
        password=None if username is None else _secret(section, "password", environment),
        ca=_path(section, "ca"),
        per_session=section.integer("per_session", 100, most=100),
        per_minute=section.integer("per_minute", 600),
        timeout=section.duration("timeout", TIMEOUT),
        answer_timeout=section.duration("answer_timeout", ANSWER_TIMEOUT),
    )


def _bounces(section: Written, environment: Mapping[str, str]) -> MaildirSettings | ImapSettings | None:
    if section.text("kind") is None:
        return None
    if section.one_of("kind", BOUNCES, BOUNCES[0]) == "maildir":
        folder = _path(section, "folder")
        if folder is None:
            raise section.refused("folder", "it is missing; it is the maildir, which has new and cur")
        return MaildirSettings(folder)
    host, encryption = _host(section), _encryption(section, "tls")
    username = section.text("username")
    if username is None:
        raise section.refused("username", "it is missing")
    if encryption == "none" and host not in OF_THIS_MACHINE:
        raise section.refused("encryption", "a password doesn't go over a network in the clear")
    return ImapSettings(
        host=host,
        port=section.integer("port", IMAP_PORTS[encryption], most=65535),
        encryption=encryption,
        username=username,
        password=_secret(section, "password", environment),
        mailbox=section.text("mailbox") or "INBOX",
        ca=_path(section, "ca"),
        timeout=section.duration("timeout", TIMEOUT),
    )


def _unsubscribe(section: Written, environment: Mapping[str, str], own_key: bytes | None) -> UnsubscribeLinks | None:
    url = section.text("url")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise section.refused("url", "it is not an address that begins with https:// (RFC 8058 takes no other)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise section.refused("url", "an address has no secrets and no question in it: leave them out")
    if not parts.path.endswith(PATH):
        raise section.refused("url", f"it ends with {PATH}, which is where the endpoint is")
    if own_key is not None and section.text("key_env") is None and section.text("key_file") is None:
        return UnsubscribeLinks(url, own_key)
    key = _secret(section, "key", environment)
    if len(key.encode()) < SHORTEST_KEY:
        raise section.refused("key_env", f"the key has at least {SHORTEST_KEY} characters, drawn by lot")
    return UnsubscribeLinks(url, key.encode())


def _host(section: Written) -> str:
    host = section.text("host")
    if host is None:
        raise section.refused("host", "it is missing")
    if not _HOST.fullmatch(host):
        raise section.refused("host", "it is not the name of a host; the port stands apart")
    return host


def _encryption(section: Written, default: Encryption) -> Encryption:
    return ENCRYPTIONS[section.one_of("encryption", tuple(ENCRYPTIONS), default)]


def _path(section: Written, name: str) -> Path | None:
    text = section.text(name)
    return None if text is None else Path(text)


def _secret(section: Written, name: str, environment: Mapping[str, str]) -> str:
    variable, file = section.text(f"{name}_env"), section.text(f"{name}_file")
    if (variable is None) == (file is None):
        raise section.refused(f"{name}_env", f"the secret comes from one of {name}_env and {name}_file: name one")
    if variable is not None:
        secret = environment.get(variable, "").strip()
        if not secret:
            raise section.refused(f"{name}_env", f"the environment has no {variable}")
        return secret
    try:
        secret = Path(file or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise section.refused(f"{name}_file", f"{file} can't be read") from error
    if not secret:
        raise section.refused(f"{name}_file", f"{file} is empty")
    return secret
