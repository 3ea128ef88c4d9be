"""The snapshot: rows of the audience become recipients with a position and a letter, or exclusions with a reason.

A  rows come in order, page by page; `after` says how many came before. What came already is known, and passed over:
   so a page may come again, under another key too, and a gap is refused
B  a row whose values the template can't use is refused with its whole page: nothing of it is kept
C  each row is judged by what came before it; the one that gets a letter takes the next position
D  with the last page the snapshot is taken
E  who takes them says in which round: rows of one that began before are refused
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from sources.database import one_of
from sources.mailing.campaigns import keep, last_of, locked, refused, template
from sources.mailing.rules import Judged, Known, MailingRules
from sources.mailing.tables import EXCLUSIONS, LETTERS, RECIPIENTS, UNSUBSCRIBES
from sources.records.mailing import AudienceRow, Campaign, Exclusion, Letter, Recipient, TemplateVersion
from sources.records.refusal import Refusal
from sources.rows import insert_all, row_of

__all__ = ["snapshot"]

HAVE_LETTERS = select(RECIPIENTS.c.client).where(one_of(RECIPIENTS.c.client))
OPTED_OUT = select(UNSUBSCRIBES.c.client).where(one_of(UNSUBSCRIBES.c.client))


def snapshot(
    connection: Connection,
    campaign: str,
    rows: Sequence[AudienceRow],
    *,
    after: int,
    is_last: bool,
    round: int | None,
    rules: MailingRules,
) -> dict[str, Any]:
    """{"campaign": id} or {"refused": ...}; refused, nothing has changed."""
    before = locked(connection, campaign)
    if isinstance(before, Refusal):
        return refused(before)
    if refusal := rules.may_snapshot(before):
        return refused(refusal)
    if round not in (None, before.round):  # E
        why = f"its recipients are being taken anew, for the {before.round}. time: what began before that is over"
        return refused(Refusal("other-round", f"mailing {campaign}: {why}"))
    if after > before.asked:  # A
        why = f"rows after the {after}th came, but only {before.asked} have come before: send the ones between first"
        return refused(Refusal("rows-missing", f"mailing {campaign}: {why}"))
    new = rows[before.asked - after :]
    version = template(connection, before)
    if refusal := unusable(new, before, version, rules):
        return refused(refusal)
    write(connection, before, version, new, rules)
    taken = replace(before, asked=before.asked + len(new))
    keep(connection, before, rules.snapshot_taken(taken) if is_last else taken)
    return {"campaign": campaign}


# B
def unusable(
    rows: Sequence[AudienceRow], campaign: Campaign, version: TemplateVersion, rules: MailingRules
) -> Refusal | None:
    for row in rows:
        if not row.ambiguous and (problem := rules.check_values(version, row.values)):
            of = f"template {version.template}, version {version.version}"
            remedy = "mend the audience, or leave such rows out by a condition (EXISTS)"
            return Refusal("bad-value", f"mailing {campaign.id}: of {row.client}, {problem} ({of}): {remedy}")
    return None


# C
def write(
    connection: Connection,
    campaign: Campaign,
    version: TemplateVersion,
    rows: Sequence[AudienceRow],
    rules: MailingRules,
) -> None:
    known = known_of(connection, campaign, rows)
    position = last_of(connection, RECIPIENTS.c.position, campaign.id)
    number = last_of(connection, EXCLUSIONS.c.number, campaign.id)
    recipients: list[Recipient] = []
    exclusions: list[Exclusion] = []
    for row in rows:
        judged = rules.judge(row, campaign, version, known)
        for code, note in judged.exclusions:
            number += 1
            exclusions.append(Exclusion(campaign.id, number, row.client, code, note, row.name))
        if judged.gets_letter:
            position += 1
            recipients.append(recipient_of(row, campaign.id, position, judged))
            known.clients.add(row.client)
            known.addresses.setdefault(judged.address_key, row.client)
    insert_all(connection, RECIPIENTS, map(row_of, recipients))
    insert_all(connection, EXCLUSIONS, map(row_of, exclusions))
    insert_all(connection, LETTERS, map(row_of, map(planned, recipients)))


def known_of(connection: Connection, campaign: Campaign, rows: Sequence[AudienceRow]) -> Known:
    clients = {row.client for row in rows}
    have = HAVE_LETTERS.where(RECIPIENTS.c.campaign == campaign.id)
    addresses: dict[str, str] = {}
    if campaign.merges_addresses:
        all_of_them = select(RECIPIENTS.c.address_key, RECIPIENTS.c.client).where(RECIPIENTS.c.campaign == campaign.id)
        addresses = dict(map(tuple, connection.execute(all_of_them)))
    return Known(
        clients=set(connection.execute(have, {"keys": clients}).scalars()),
        addresses=addresses,
        opted_out=set(connection.execute(OPTED_OUT, {"keys": clients}).scalars()),
    )


def recipient_of(row: AudienceRow, campaign: str, position: int, judged: Judged) -> Recipient:
    has_notice = not judged.exclusions  # NO_EMAIL is the only one of who gets a letter
    return Recipient(
        campaign=campaign,
        position=position,
        client=row.client,
        name=row.name,
        street=row.street or "",
        city=row.city or "",
        postal_code=row.postal_code or "",
        country=row.country or "",
        email=row.email if has_notice else None,
        data=json.dumps(dict(row.values), ensure_ascii=False, sort_keys=True),
        address_key=judged.address_key,
    )


def planned(recipient: Recipient) -> Letter:
    id = f"{recipient.campaign}-{recipient.position}"
    return Letter(id, recipient.campaign, recipient.position, recipient.client, "PLANNED")
