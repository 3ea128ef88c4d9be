"""The cross-reference as a whole: which accounts nobody has linked, who they might be, and a file of links at once.

Ask:    billing's accounts with their owners (links) and the clients with the same numbers (sales)
Decide: a person does
Tell:   links takes all of a file's links or none; before that its answer is looked at by billing and sales, for links
        itself knows ids alone
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from processes.graph import Graph
from processes.link_file import FileLink, LineProblem

__all__ = ["DOCUMENTS", "Candidate", "Imported", "Unlinked", "import_links", "unlinked_accounts"]

ACCOUNTS = """
query AccountsAndOwners($after: String) {
  billingAccounts(first: 100, after: $after) {
    edges {
      node {
        number
        companyNumber
        vatNumber
        owners { client { id } validFrom validTo }
        matchingClients { id name companyNumber vatNumber }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

LINK = """
mutation LinkAccounts($links: [AccountLinkInput!]!, $reason: String, $dryRun: Boolean!) {
  linkAccounts(links: $links, reason: $reason, dryRun: $dryRun) {
    __typename
    ... on AccountsLinked { linked links { account { number currency } client { id name } } }
    ... on LinksRefused { problems { position code message } }
  }
}
"""

DOCUMENTS = (ACCOUNTS, LINK)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A client that has the account's company or VAT number."""

    id: str
    name: str
    company_number: str | None
    vat_number: str | None


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An account that is nobody's, today and on any day to come."""

    number: str
    company_number: str | None
    vat_number: str | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """`linked` links are new (or would be), the others of `links` were there. With problems nothing was linked."""

    links: int
    linked: int
    problems: tuple[LineProblem, ...] = ()


async def unlinked_accounts(graph: Graph, today: date) -> AsyncIterator[Unlinked | None]:
    """Billing's accounts, page by page: None for one that is linked. Raises GraphError where a system is down."""
    after: str | None = None
    while True:
        page = (await graph.execute(ACCOUNTS, {"after": after}))["billingAccounts"]
        for edge in page["edges"]:
            account = edge["node"]
            yield None if any(is_owned(owner, today) for owner in account["owners"]) else unlinked(account)
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def is_owned(owner: Mapping[str, Any], today: date) -> bool:
    valid_to = owner["validTo"]
    return valid_to is None or date.fromisoformat(valid_to) > today


def unlinked(account: Mapping[str, Any]) -> Unlinked:
    candidates = tuple(
        Candidate(client["id"], client["name"], client["companyNumber"], client["vatNumber"])
        for client in account["matchingClients"]
    )
    return Unlinked(account["number"], account["companyNumber"], account["vatNumber"], candidates)


async def import_links(graph: Graph, links: Sequence[FileLink], *, reason: str, write: bool) -> Imported:
    """Link all of them, or none: every problem is found before anything is written. Raises GraphError."""
    if not links:
        return Imported(0, 0)
    tried = await tell(graph, links, reason=reason, dry_run=True)
    if tried.problems or not write:
        return tried
    return await tell(graph, links, reason=reason, dry_run=False)


async def tell(graph: Graph, links: Sequence[FileLink], *, reason: str, dry_run: bool) -> Imported:
    variables = {"links": [as_input(link) for link in links], "reason": reason, "dryRun": dry_run}
    answer = (await graph.execute(LINK, variables))["linkAccounts"]
    if answer["__typename"] == "LinksRefused":
        problems = [
            LineProblem(links[each["position"]].line, each["code"], each["message"]) for each in answer["problems"]
        ]
        return Imported(len(links), 0, tuple(problems))
    unknown = [problem for link, made in zip(links, answer["links"], strict=True) for problem in unknowns(link, made)]
    return Imported(len(links), answer["linked"], tuple(unknown))


def unknowns(link: FileLink, made: Mapping[str, Any]) -> list[LineProblem]:
    """What their own systems don't know: billing gives every account a currency, sales every client a name."""
    problems = []
    if made["account"]["currency"] is None:
        problems.append(LineProblem(link.line, "unknown-account", f"billing has no account {link.account}"))
    if made["client"]["name"] is None:
        problems.append(LineProblem(link.line, "unknown-client", f"sales has no client {link.client}"))
    return problems


def as_input(link: FileLink) -> dict[str, Any]:
    return {
        "account": link.account,
        "client": link.client,
        "validFrom": link.valid_from.isoformat(),
        "validTo": link.valid_to.isoformat() if link.valid_to else None,
    }
