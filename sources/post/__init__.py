"""E-mail: what is sent, what comes back, and the links by which people unsubscribe. Knows no business and no graph."""

from sources.post.bodies import bodies
from sources.post.bounces import Bounce, BounceReader
from sources.post.folder import folder_mailer
from sources.post.imap import ImapSettings, imap_bounces
from sources.post.maildir import maildir_bounces
from sources.post.mailer import Delivery, Mailer, Message, Origin, Outcome
from sources.post.smtp import SmtpSettings, smtp_mailer
from sources.post.unsubscribing import UnsubscribeLinks

__all__ = [
    "Bounce",
    "BounceReader",
    "Delivery",
    "ImapSettings",
    "Mailer",
    "Message",
    "Origin",
    "Outcome",
    "SmtpSettings",
    "UnsubscribeLinks",
    "bodies",
    "folder_mailer",
    "imap_bounces",
    "maildir_bounces",
    "smtp_mailer",
]
