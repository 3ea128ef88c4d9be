"""The recipients of a mailing, taken: its audience is asked in the name of the person who has them taken.

A  `refreshRecipients` forgets what came before and begins a round of its own: rows of an older one are refused then
B  the audience is asked page by page, with the person's rights: nobody writes to whom they don't see
C  rows that meet the mailing's conditions are given to `snapshotRecipients`, page by page, as the processes

No run does this, as a run has the rights of the processes. Whoever dies on the way leaves a draft, and it is taken from
the beginning again; the same key, once it is taken, has the same answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from processes.graph import Graph, GraphError
from processes.rules.mailing.audience_document import AFTER, FIRST, ROWS, AudienceDocument, read_document
from processes.rules.mailing.audience_rows import Condition, narrowed, recipient_of
from processes.rules.refusal import Refusal

__all__ = ["CALLER_DOCUMENTS", "DOCUMENTS", "Taken", "take_recipients"]

PAGE = 100
"""Rows of the audience at once: as many as a list of the graph gives."""

REFUSED = frozenset({"FORBIDDEN", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"})
"""What the author of an audience can mend; all else is a system's matter, and is raised."""

BEGIN = """
mutation BeginRecipients($campaign: ID!, $key: ID!) {
  refreshRecipients(campaign: $campaign, idempotencyKey: $key) {
    __typename
    ... on Refused { code message }
    ... on CampaignRecorded {
      campaign {
        state round asked audience variables
        conditions { path operator value }
        values { name value }
        template { purpose fields { name type } }
      }
    }
  }
}
"""

SNAPSHOT = """
mutation SnapshotRecipients(
  $campaign: ID!, $recipients: [RecipientInput!]!, $after: Int!, $isLast: Boolean!, $round: Int!, $key: ID!
) {
  snapshotRecipients(
    campaign: $campaign, recipients: $recipients, after: $after, isLast: $isLast, round: $round, idempotencyKey: $key
  ) {
    __typename
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (SNAPSHOT,)
CALLER_DOCUMENTS = (BEGIN,)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """`rows` the audience had; `recipients` met the conditions. Who of them gets no letter is an exclusion."""

    rows: int
    recipients: int


async def take_recipients(seen: Graph, graph: Graph, campaign: str, *, caller: str, key: str) -> Taken | Refusal | None:
    """None where this key had them taken before. `seen` is the graph as the caller sees it, `graph` as processes do.

    Refused as `refreshRecipients` and `snapshotRecipients`, and `bad-audience`. Raises GraphError: a system is down.
    """
    key = hashlib.sha256(f"{caller}\n{campaign}\n{key}".encode()).hexdigest()
    begun = await begin(seen, campaign, key)
    if isinstance(begun, Refusal):
        return begun
    if begun["state"] != "DRAFT":
        return None
    if begun["asked"]:  # somebody died on the way
        begun = await begin(seen, campaign, f"{key}-{begun['round']}")
        if isinstance(begun, Refusal):
            return begun
    try:
        return await taken(seen, graph, campaign, begun, f"{key}-{begun['round']}")
    except GraphError as error:
        if not set(error.codes) <= REFUSED:
            raise
        said = "; ".join(list(dict.fromkeys(str(each.get("message")) for each in error.errors))[:3])
        return Refusal("bad-audience", f"the graph refuses the audience of {campaign}: {said}")


# A
async def begin(seen: Graph, campaign: str, key: str) -> dict[str, Any] | Refusal:
    answer = (await seen.execute(BEGIN, {"campaign": campaign, "key": key}))["refreshRecipients"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    begun: dict[str, Any] = answer["campaign"]
    return begun


# B
async def taken(seen: Graph, graph: Graph, campaign: str, begun: Mapping[str, Any], key: str) -> Taken | Refusal:
    document = read_document(begun["audience"])
    if isinstance(document, Refusal):
        return document
    conditions = [Condition(**each) for each in begun["conditions"]]
    fields = {field["name"]: field["type"] for field in begun["template"]["fields"]}
    shared = {each["name"]: each["value"] for each in begun["values"]}
    rows, sent = 0, 0
    async for page, is_last in pages_of(seen, begun["audience"], document, json.loads(begun["variables"])):
        recipients = []
        for row in page:
            narrow = narrowed(row, conditions)
            if narrow is None:
                continue
            recipient = recipient_of(narrow, fields)
            if isinstance(recipient, Refusal):
                return recipient
            own = {each["name"] for each in recipient["values"]}
            recipient["values"] += [{"name": n, "value": v} for n, v in shared.items() if n not in own]
            recipients.append(recipient)
        refusal = await give(graph, campaign, recipients, sent, begun["round"], is_last=is_last, key=f"{key}-{rows}")
        if refusal:
            return refusal
        rows, sent = rows + len(page), sent + len(recipients)
    return Taken(rows, sent)


async def pages_of(
    seen: Graph, text: str, document: AudienceDocument, given: Mapping[str, Any]
) -> AsyncIterator[tuple[list[Row], bool]]:
    """Pages of rows, and is it the last. A list is cut into pages here."""
    if not document.is_connection:
        rows = [row for row in (await seen.execute(text, given))[ROWS] or () if row]
        for start in range(0, max(len(rows), 1), PAGE):
            yield rows[start : start + PAGE], start + PAGE >= len(rows)
        return
    after = None
    while True:
        data = await seen.execute(text, {**given, FIRST: PAGE, AFTER: after})
        rows = [edge["node"] for edge in data[ROWS]["edges"] if edge and edge["node"]]
        page = data[ROWS]["pageInfo"]
        is_last = not page["hasNextPage"] or page["endCursor"] in (None, after)
        yield rows, is_last
        if is_last:
            return
        after = page["endCursor"]


# C
async def give(
    graph: Graph, campaign: str, recipients: list[dict[str, Any]], after: int, round: int, *, is_last: bool, key: str
) -> Refusal | None:
    if not recipients and not is_last:
        return None
    variables = {
        "campaign": campaign,
        "recipients": recipients,
        "after": after,
        "isLast": is_last,
        "round": round,
        "key": key,
    }
    answer = (await graph.execute(SNAPSHOT, variables))["snapshotRecipients"]
    return Refusal(answer["code"], answer["message"]) if answer["__typename"] == "Refused" else None
