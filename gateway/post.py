"""E-mail as the settings have it: what sends, what reads bounces, what signs the links for unsubscribing.

Wiring: settings -> sources. Nothing is opened here. Where everything is Spojka's own and nobody set `[post]`, mails go
into a folder in the data directory; beside another program's data nobody writes in its name unless somebody says so.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from gateway.config import Settings
from gateway.http.unsubscribe import Unsubscribing
from sources.post import BounceReader, Mailer, Origin, folder_mailer, imap_bounces, maildir_bounces, smtp_mailer
from sources.post.pace import Pace
from sources.post.settings import MaildirSettings, PostSettings, read

__all__ = ["FOLDER", "configured_post", "open_bounces", "open_mailer", "open_unsubscribing"]

FOLDER = "outgoing-mail"
"""In the data directory: where mails go when no server is named."""

MOST_UNSUBSCRIBED = 1000
"""In a minute; what is beyond is asked to come again."""

_DEMO = PostSettings(
    sender="Konference po telefonu s.r.o. <fakturace@konference.example>",
    origin=Origin(domain="konference.example", return_path="bounces@konference.example"),
)


def configured_post(settings: Settings, environment: Mapping[str, str] | None = None) -> PostSettings | None:
    """`[post]`, with the secrets that it names; None where nobody may be written to. Raises ConfigError."""
    if settings.post is not None:
        return read(settings.post, os.environ if environment is None else environment)
    return None if settings.mappings or settings.read_only else _DEMO


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
