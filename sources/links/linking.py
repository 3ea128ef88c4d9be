"""Changing the cross-reference: an account is one client's at a time, and what was is never changed in silence.

A  the accounts' rows are held, so that of two who link one account at once the second sees the first's link
B  what is wanted is compared with what is there: the same link is known, one that overlaps another is refused
C  the change is written with who made it and why, in the same transaction; a change is never changed or deleted
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Date, bindparam, delete, insert, select, update

from sources.columns import Text
from sources.database import one_of
from sources.links.tables import ACCOUNT_LINKS, CHANGED_ACCOUNTS, CHANGES
from sources.records.links import AccountLink, LinkChange, Linked, LinkProblem, Note
from sources.records.refusal import Refusal
from sources.rows import insert_all, row_of

__all__ = ["OF_ACCOUNTS", "judge", "link", "unlink"]

LINKS = select(ACCOUNT_LINKS).order_by(ACCOUNT_LINKS.c.account, ACCOUNT_LINKS.c.valid_from)
OF_ACCOUNTS = LINKS.where(one_of(ACCOUNT_LINKS.c.account))

HELD = (
    select(CHANGED_ACCOUNTS)
    .where(one_of(CHANGED_ACCOUNTS.c.account))
    .order_by(CHANGED_ACCOUNTS.c.account)
    .with_for_update()
)
COUNT = (
    update(CHANGED_ACCOUNTS)
    .where(CHANGED_ACCOUNTS.c.account == bindparam("of", type_=Text))
    .values(changes=bindparam("now_changes"))
)
THE_LINK = (
    ACCOUNT_LINKS.c.account == bindparam("of", type_=Text),
    ACCOUNT_LINKS.c.valid_from == bindparam("since", type_=Date),
)
END = update(ACCOUNT_LINKS).where(*THE_LINK).values(valid_to=bindparam("until", type_=Date))
WITHDRAW = delete(ACCOUNT_LINKS).where(*THE_LINK)
WITHDRAWN = select(CHANGES.c.position).where(
    CHANGES.c.what == "WITHDRAWN",
    CHANGES.c.account == bindparam("of", type_=Text),
    CHANGES.c.client == bindparam("from_client", type_=Text),
    CHANGES.c.valid_from == bindparam("since", type_=Date),
)


@dataclass(slots=True)
class Judgement:
    """`new` are the links to be made; with a problem none is."""

    new: list[AccountLink] = field(default_factory=list)
    problems: list[LinkProblem] = field(default_factory=list)


def link(connection: Connection, wanted: Sequence[AccountLink], note: Note) -> Linked | tuple[LinkProblem, ...]:
    """Make all of the links, or none where there is a problem with one."""
    held = hold(connection, {each.account for each in wanted})
    judgement = judge(links_of(connection, held), wanted)
    if judgement.problems:
        return tuple(judgement.problems)
    insert_all(connection, ACCOUNT_LINKS, map(row_of, judgement.new))
    note_down(connection, held, [changed("LINKED", each, note) for each in judgement.new])
    return Linked(tuple(wanted), len(judgement.new))


def judge(there: Iterable[AccountLink], wanted: Sequence[AccountLink]) -> Judgement:
    """What of `wanted` is new besides what is `there`, and what can't be; an earlier one counts as there."""
    known: dict[str, list[AccountLink]] = {}
    for each in there:
        known.setdefault(each.account, []).append(each)
    judgement = Judgement()
    for position, each in enumerate(wanted):
        others = known.setdefault(each.account, [])
        if each in others:
            continue
        if in_the_way := [other for other in others if overlap(other, each)]:
            judgement.problems.append(LinkProblem(position, "overlapping-link", refused(each, in_the_way)))
            continue
        others.append(each)
        judgement.new.append(each)
    return judgement


def overlap(one: AccountLink, other: AccountLink) -> bool:
    """Whether two links share a day: [from, to) and [from, to) that touch don't."""
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )


def refused(wanted: AccountLink, in_the_way: Sequence[AccountLink]) -> str:
    theirs = " and ".join(f"{other.client}'s {spell(other)}" for other in in_the_way)
    return (
        f"account {wanted.account} is {theirs}, so it can't be {wanted.client}'s {spell(wanted)}: "
        "end that with unlinkAccount first, or choose other days"
    )


def spell(link: AccountLink) -> str:
    """`from 2024-01-01 to 2026-11-24`."""
    return f"from {link.valid_from}" + (f" to {link.valid_to}" if link.valid_to else " on")


def unlink(
    connection: Connection, account: str, client: str, *, valid_to: date, valid_from: date | None, note: Note
) -> AccountLink | Refusal:
    """End the client's link on `valid_to`; a link that would hold no day at all is withdrawn."""
    held = hold(connection, {account})
    theirs = [each for each in links_of(connection, held) if each.client == client]
    before = chosen(theirs, valid_to, valid_from)
    if before is None:
        return withdrawn_already(connection, account, client, valid_to) or no_such_link(account, client, valid_to)
    after = replace(before, valid_to=valid_to)
    if before == after:
        return after
    if refusal := why_not(before, valid_to, note):
        return refusal
    at = {"of": account, "since": before.valid_from}
    if valid_to == before.valid_from:
        connection.execute(WITHDRAW, at)
        what = "WITHDRAWN"
    else:
        connection.execute(END, {**at, "until": valid_to})
        what = "ENDED"
    note_down(connection, held, [replace(changed(what, after, note), valid_to_before=before.valid_to)])
    return after


def chosen(links: Sequence[AccountLink], valid_to: date, valid_from: date | None) -> AccountLink | None:
    """The one that begins on `valid_from`; else one that ends so already, or the last that begins before it ends."""
    if valid_from is not None:
        return next((each for each in links if each.valid_from == valid_from), None)
    ended = [each for each in links if each.valid_to == valid_to]
    begun = [each for each in links if each.valid_from <= valid_to]
    return ended[0] if ended else begun[-1] if begun else None


def why_not(before: AccountLink, valid_to: date, note: Note) -> Refusal | None:
    account = before.account
    if valid_to < before.valid_from:
        message = f"account {account} is {before.client}'s {spell(before)}: it can't end on {valid_to}, before that"
        return Refusal("ends-before-it-begins", message)
    if before.valid_to is not None and valid_to > before.valid_to:
        return Refusal(
            "already-ended",
            f"account {account} was {before.client}'s {spell(before)}: link it from {before.valid_to} with linkAccount",
        )
    if valid_to <= note.today and note.reason is None:
        return Refusal(
            "changes-the-past",
            f"account {account} is {before.client}'s {spell(before)}, and {valid_to} has begun: whose it was since "
            "then would change; end it on a day to come, or give a reason, which is kept with the change",
        )
    return None


def no_such_link(account: str, client: str, valid_to: date) -> Refusal:
    message = f"account {account} was not {client}'s on any day before {valid_to}: see its `owners`"
    return Refusal("no-such-link", message)


def withdrawn_already(connection: Connection, account: str, client: str, valid_to: date) -> AccountLink | None:
    found = connection.execute(WITHDRAWN, {"of": account, "from_client": client, "since": valid_to}).first()
    return AccountLink(account, client, valid_to, valid_to) if found else None


def changed(what: str, link: AccountLink, note: Note) -> LinkChange:
    return LinkChange(
        account=link.account,
        position=0,  # given when it is noted down
        changed_at=note.at,
        changed_by=note.by,
        what=what,
        client=link.client,
        valid_from=link.valid_from,
        valid_to=link.valid_to,
        reason=note.reason,
    )


def hold(connection: Connection, accounts: Collection[str]) -> dict[str, int]:
    """How often each account was changed; until the transaction ends nobody else changes them.

    Of two who both are the first to change one, the second's insert fails: it has to begin again, and waits.
    """
    held: dict[str, int] = {row.account: row.changes for row in connection.execute(HELD, {"keys": accounts})}
    missing = sorted(set(accounts) - held.keys())
    if missing:
        connection.execute(insert(CHANGED_ACCOUNTS), [{"account": account, "changes": 0} for account in missing])
    return {**held, **dict.fromkeys(missing, 0)}


def links_of(connection: Connection, accounts: Iterable[str]) -> list[AccountLink]:
    return [AccountLink(*row) for row in connection.execute(OF_ACCOUNTS, {"keys": list(accounts)})]


def note_down(connection: Connection, held: dict[str, int], changes: Iterable[LinkChange]) -> None:
    """Number the changes of each account and keep them."""
    counts = dict(held)
    rows: list[dict[str, Any]] = []
    for change in changes:
        counts[change.account] += 1
        rows.append(row_of(replace(change, position=counts[change.account])))
    insert_all(connection, CHANGES, rows)
    raised = [{"of": account, "now_changes": count} for account, count in counts.items() if count != held[account]]
    if raised:
        connection.execute(COUNT, raised)
