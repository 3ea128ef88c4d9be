"""Whether a mailing's notices can go out from here: said before anything is printed, not when it is too late."""

from __future__ import annotations

from resolvers.mailing.context import Info
from resolvers.refused import Refused
from sources.records.mailing import Campaign

__all__ = ["NO_POST", "NO_UNSUBSCRIBE", "why_unannounced"]

NO_POST = "no e-mail is sent from here: say [post] with its sender in spojka.toml, or the email of [company]"
NO_UNSUBSCRIBE = (
    "marketing is announced by e-mail only with a link to unsubscribe, and there is none: say url in "
    "[post.unsubscribe] of spojka.toml, or make the mailing without notifyAt"
)


async def why_unannounced(info: Info, campaign: Campaign) -> Refused | None:
    """Refused `no-post`, `no-unsubscribe`; None where all is well, or nothing is to be announced."""
    delivery = info.context.delivery
    if campaign.notify_at is None:
        return None
    if delivery.postman is None:
        return Refused(code="no-post", message=NO_POST)
    template = await info.context.source.template(campaign.template, campaign.version)
    if template is not None and template.purpose == "MARKETING" and not delivery.can_unsubscribe:
        return Refused(code="no-unsubscribe", message=NO_UNSUBSCRIBE)
    return None
