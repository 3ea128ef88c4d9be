"""E-mail as the settings have it: what sends, what reads bounces, what signs the links for unsubscribing.

Wiring: settings -> sources. Nothing is opened here. Mails are from whoever issues invoices, unless `[post]` says who
else. Where everything is Spojka's own and nobody set `[post]`, they go into a folder in the data directory; beside
another program's data nobody writes in its name unless somebody says so.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from gateway.billing import billing_settings
from gateway.config import Settings
from gateway.http.unsubscribe import Unsubscribing
from gateway.unsubscribe_key import make_key, read_key
from sources.post import BounceReader, Mailer, Origin, folder_mailer, imap_bounces, maildir_bounces, smtp_mailer
from sources.post.pace import Pace
from sources.post.settings import PATH, AddressRefused, MaildirSettings, PostSettings, own_mailbox, read
from sources.post.unsubscribing import UnsubscribeLinks
from sources.records.papers import Party

__all__ = ["FOLDER", "configured_post", "make_own_key", "open_bounces", "open_mailer", "open_unsubscribing"]

FOLDER = "outgoing-mail"
"""In the data directory: where mails go when no server is named."""

MOST_UNSUBSCRIBED = 1000
"""In a minute; what is beyond is asked to come again."""

_HERE = f"http://127.0.0.1:8000{PATH}"
"""Where `spojka serve` is as it comes: of mails that stay in a folder of this machine."""


def configured_post(settings: Settings, environment: Mapping[str, str] | None = None) -> PostSettings | None:
    """`[post]`, with the secrets that it names; None where nobody may be written to, or nobody is known who writes.

    Raises ConfigError.
    """
    sender = _sender_of(billing_settings(settings).seller)
    key = read_key(settings.data) if _keeps_own_key(settings) else None
    if settings.post is not None:
        return read(settings.post, os.environ if environment is None else environment, sender=sender, own_key=key)
    if settings.mappings or settings.read_only or sender is None:
        return None
    mailbox = own_mailbox(sender)
    return PostSettings(
        sender=sender,
        origin=Origin(domain=mailbox.domain, return_path=mailbox.address),
        unsubscribe=UnsubscribeLinks(_HERE, key) if key else None,
    )


def make_own_key(settings: Settings) -> None:
    """Makes the key in the data directory that signs links where no other is named. Raises ConfigError."""
    if settings.post is None:
        is_needed = not (settings.mappings or settings.read_only)
    else:
        links = settings.post.table("unsubscribe")
        is_needed = links.text("url") is not None and not (links.text("key_env") or links.text("key_file"))
    if is_needed and _keeps_own_key(settings):
        make_key(settings.data)


def _keeps_own_key(settings: Settings) -> bool:
    """Where mailing's database is elsewhere other machines may work on it, and all of them need the same key."""
    return "mailing" not in settings.urls


def _sender_of(seller: Party | None) -> str | None:
    """`Name <address>`; None where there is no address."""
    if seller is None or seller.email is None:
        return None
    try:
        own_mailbox(seller.email)
    except AddressRefused:
        return None
    name = " ".join(seller.name.replace("<", " ").replace(">", " ").split())
    return f"{name} <{seller.email}>"


def open_mailer(post: PostSettings, data: Path) -> Mailer:
    """What sends: an SMTP server, or the folder in its place."""
    if post.smtp is not None:
        return smtp_mailer(post.smtp, origin=post.origin)
    return folder_mailer(post.folder or data / FOLDER, origin=post.origin)


def open_unsubscribing(post: PostSettings, record: Callable[[str], Awaitable[bool]]) -> Unsubscribing | None:
    """The endpoint of the links in mails; None where `[post.unsubscribe]` isn't set, so that there is none.

    `record` gets the name that a link was made for (UnsubscribeLinks.link), and says whether there is such a thing.
    """
    if post.unsubscribe is None:
        return None
    return Unsubscribing(links=post.unsubscribe, record=record, turns=Pace(MOST_UNSUBSCRIBED))


def open_bounces(post: PostSettings) -> BounceReader | None:
    """What reads the mailbox of bounces; None where none is named."""
    match post.bounces:
        case None:
            return None
        case MaildirSettings(folder):
            return maildir_bounces(folder, origin=post.origin)
        case imap:
            return imap_bounces(imap, origin=post.origin)
