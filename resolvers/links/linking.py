"""Filling the cross-reference: linking accounts to clients, one or many, and ending that.

Links knows ids alone: whether sales has the client, or billing the account, it can't say. Whoever asks for a field that
only they know, like `account { currency }` or `client { name }`, sees null where there is none.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

import strawberry

from processes.rules.instants import local_day
from resolvers.access import Scope, asks
from resolvers.errors import BadInput
from resolvers.links.entities import BillingAccount, Client, Info
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.records import links as records
from sources.records.refusal import Refusal

__all__ = ["Mutation"]

LONGEST_REASON = 2_000
MOST_LINKS = 20_000


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_WRITE))
class AccountLink:
    """The account is the client's in [validFrom, validTo), local midnights.

    Links knows ids alone: where `account` or `client` has nothing but its id, its own system doesn't know it.
    """

    account: BillingAccount | None
    client: Client | None
    valid_from: date | None
    valid_to: date | None

    @classmethod
    def of(cls, link: records.AccountLink) -> Self:
        return cls(
            account=BillingAccount(number=strawberry.ID(link.account)),
            client=Client(id=strawberry.ID(link.client)),
            valid_from=link.valid_from,
            valid_to=link.valid_to,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_WRITE))
class AccountLinked:
    """The link as it is now, new or known."""

    link: AccountLink


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_WRITE))
class AccountsLinked:
    """Every link that came, in its order; `linked` of them are new, the others were there already."""

    links: list[AccountLink]
    linked: int


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_WRITE))
class LinkProblem:
    """Why the link at `position` (from 0) can't be made: a kebab-case `code`, a `message` for people."""

    position: int
    code: str
    message: str


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_WRITE))
class LinksRefused:
    """Nothing was linked, for each of these reasons."""

    problems: list[LinkProblem]


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_WRITE))
class AccountUnlinked:
    """The link as it is now. Where it ends on the day it begins it never held, and is gone."""

    link: AccountLink


LinkingOutcome = Annotated[AccountLinked | Refused, strawberry.union("LinkingOutcome")]
LinkingAllOutcome = Annotated[AccountsLinked | LinksRefused, strawberry.union("LinkingAllOutcome")]
UnlinkingOutcome = Annotated[AccountUnlinked | Refused, strawberry.union("UnlinkingOutcome")]


@strawberry.input
class AccountLinkInput:
    """The account is to be the client's in [validFrom, validTo), local midnights; without `validTo` from then on."""

    account: strawberry.ID
    client: strawberry.ID
    valid_from: date
    valid_to: date | None = None

    def record(self, place: str = "") -> records.AccountLink:
        """BadInput, naming what is wrong within `place`."""
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise BadInput(f"{place}validTo: {self.valid_to} is not after validFrom, {self.valid_from}: no day is left")
        return records.AccountLink(
            storable(f"{place}account", self.account),
            storable(f"{place}client", self.client),
            self.valid_from,
            self.valid_to,
        )


async def link_account(
    info: Info,
    account: strawberry.ID,
    client: strawberry.ID,
    valid_from: date,
    valid_to: date | None = None,
    reason: str | None = None,
) -> LinkingOutcome:
    wanted = AccountLinkInput(account=account, client=client, valid_from=valid_from, valid_to=valid_to).record()
    outcome = await info.context.source.link([wanted], note(info, reason))
    if isinstance(outcome, records.Linked):
        return AccountLinked(link=AccountLink.of(wanted))
    return Refused(code=outcome[0].code, message=outcome[0].message)


async def link_accounts(
    info: Info, links: list[AccountLinkInput], reason: str | None = None, dry_run: bool = False
) -> LinkingAllOutcome:
    if not 1 <= len(links) <= MOST_LINKS:
        raise BadInput(f"links: {len(links)} of them; give 1 to {MOST_LINKS}")
    wanted = [each.record(f"links[{position}].") for position, each in enumerate(links)]
    source = info.context.source
    outcome = await (source.try_to_link(wanted) if dry_run else source.link(wanted, note(info, reason)))
    if isinstance(outcome, records.Linked):
        return AccountsLinked(links=[AccountLink.of(each) for each in outcome.links], linked=outcome.new)
    return LinksRefused(
        problems=[LinkProblem(position=each.position, code=each.code, message=each.message) for each in outcome]
    )


async def unlink_account(
    info: Info,
    account: strawberry.ID,
    client: strawberry.ID,
    valid_to: date,
    valid_from: date | None = None,
    reason: str | None = None,
) -> UnlinkingOutcome:
    outcome = await info.context.source.unlink(
        storable("account", account),
        storable("client", client),
        valid_to=valid_to,
        valid_from=valid_from,
        note=note(info, reason),
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return AccountUnlinked(link=AccountLink.of(outcome))


def note(info: Info, reason: str | None) -> records.Note:
    context = info.context
    kept = None if reason is None else storable("reason", reason, longest=LONGEST_REASON)
    return records.Note(by=context.caller, at=context.now, today=local_day(context.now), reason=kept)


@strawberry.type
class Mutation:
    link_account: LinkingOutcome = strawberry.federation.mutation(
        resolver=link_account,
        requires_scopes=asks(Scope.LINKS_WRITE),
        description="The account is the client's in [validFrom, validTo). Said again, it is known. Refused "
        "`overlapping-link` where it is another's, or this one's otherwise, on any of these days.",
    )
    link_accounts: LinkingAllOutcome = strawberry.federation.mutation(
        resolver=link_accounts,
        requires_scopes=asks(Scope.LINKS_WRITE),
        description="All of these links, or none where there is a problem with one. With `dryRun` nothing is written, "
        "and the answer is the one it would be.",
    )
    unlink_account: UnlinkingOutcome = strawberry.federation.mutation(
        resolver=unlink_account,
        requires_scopes=asks(Scope.LINKS_WRITE),
        description="The client's link ends on `validTo`; it is the one that begins on `validFrom`, without it the "
        "last that begins before. Where days that have begun change it takes a reason, which is kept: refused "
        "`changes-the-past` without. Also refused `no-such-link`, `already-ended`, `ends-before-it-begins`.",
    )
