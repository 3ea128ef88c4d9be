"""Who renders and prints the letters of mailings and sends their notices, as the settings say.

Wiring: settings -> what mailing needs besides its database. Nothing is asked here, and nothing opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gateway.config import Settings
from gateway.post import configured_post, open_bounces, open_mailer
from gateway.printers import open_printers
from resolvers.mailing import Delivery
from sources.errors import PostUnavailable
from sources.mailing.lettering import Lettering, check_body
from sources.mailing.outside import Delivered, Outgoing, Told
from sources.post import Mailer, Message, bodies
from sources.post.addresses import read_mailbox
from sources.post.settings import PostSettings
from sources.records.papers import Party

__all__ = ["Post", "open_delivery", "signed"]

MARKETING = "MARKETING"


@dataclass(frozen=True, slots=True)
class Post:
    """Sends notices as e-mails, signed with the sender's name.

    Marketing ends with the link by which its letter's client unsubscribes.
    """

    settings: PostSettings
    mailer: Mailer

    async def __call__(self, notices: Sequence[Outgoing], told: Told | None = None) -> Sequence[Delivered]:
        """What became of each. Raises SystemUnavailable when the mail server can't be reached.

        The same where marketing would have no link: it waits for one, however it was approved.
        """
        if self.settings.unsubscribe is None and any(each.purpose == MARKETING for each in notices):
            raise PostUnavailable("marketing goes out with a link to unsubscribe only: say url in [post.unsubscribe]")
        return await self.mailer.send([self.message(each) for each in notices], told=told)

    def message(self, notice: Outgoing) -> Message:
        links = self.settings.unsubscribe if notice.purpose == MARKETING else None
        url = links.link(notice.notice.letter) if links else None
        language: Literal["cs", "en"] = "cs" if notice.language.lower() == "cs" else "en"
        text, html = bodies(signed(notice.text, self.settings.sender), language=language, unsubscribe_url=url)
        return Message(
            message_id=notice.notice.message_id,
            sender=self.settings.sender,
            recipient_name=notice.name,
            recipient=notice.notice.email,
            subject=notice.subject,
            text=text,
            html=html,
            unsubscribe_url=url,
            campaign=notice.campaign,
        )


def signed(text: str, sender: str) -> str:
    """`text` with the name in `sender` (`Name <address>`) below it, unless it ends with that already."""
    text, (name, _) = text.rstrip(), read_mailbox(sender)
    if not name or text.endswith(name):
        return text
    return f"{text}\n\n{name}" if text.endswith((".", "!", "?")) else f"{text}\n{name}"


def open_delivery(settings: Settings, seller: Party | None) -> Delivery:
    """Letters bear the paper of the one who issues invoices; where that is nobody, none can be made."""
    lettering = Lettering(seller) if seller else None
    printing = Delivery(
        typeset=lettering,
        preview=lettering.preview if lettering else None,
        check_body=check_body,
        printers=open_printers(settings),
    )
    post = configured_post(settings)
    if post is None:
        return printing
    mailer = open_mailer(post, settings.data)
    return replace(
        printing,
        postman=Post(post, mailer),
        domain=post.origin.domain,
        can_unsubscribe=post.unsubscribe is not None,
        bounces=open_bounces(post),
        hang_up=mailer.close,
    )
