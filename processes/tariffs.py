"""The tariffs of many accounts, each asked for once as long as the answer is the same.

An answer says on which local days it is the same (`holdsFrom`, `holdsTo`): no contract, rate version or owner of the
account begins or ends in between. A refusal holds for its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from processes.graph import Graph
from processes.invoice_conference import TARIFF_FIELDS, tariff_of
from processes.rules.instants import is_valid_on, local_day
from processes.rules.refusal import Refusal
from processes.rules.tariff import Tariff
from processes.wire import date_from_wire, instant_to_wire

__all__ = ["TARIFFS", "AccountTariff", "Tariffs"]

TARIFFS = f"""
query TariffsInForce($accounts: [ID!]!, $at: DateTime!) {{
  billingAccountsNumbered(numbers: $accounts) {{
    number
    invoicing
    tariff(at: $at) {{ {TARIFF_FIELDS} ... on Tariff {{ holdsFrom holdsTo }} }}
  }}
}}
"""

MOST_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class AccountTariff:
    """What holds for an account on the local days [since, until); None is open."""

    tariff: Tariff | Refusal
    invoicing: str | None
    since: date | None
    until: date | None


@dataclass(slots=True)
class Tariffs:
    """Those that a run has asked for; the eldest are forgotten where there are very many."""

    known: dict[str, list[AccountTariff]] = field(default_factory=dict)

    async def ask(self, graph: Graph, wanted: Iterable[tuple[str, datetime]]) -> None:
        """Of each account at each of these instants, in one question for each local day that is not known of yet."""
        days: dict[date, dict[str, datetime]] = {}
        for account, at in wanted:
            first = days.setdefault(local_day(at), {})
            first[account] = min(at, first.get(account, at))
        for forgotten in list(self.known)[: max(0, len(self.known) - MOST_KEPT)]:
            del self.known[forgotten]
        for day, accounts in sorted(days.items()):
            unknown = sorted(account for account in accounts if self.on(account, day) is None)
            if unknown:
                await self.learn(graph, unknown, day, at=min(accounts[account] for account in unknown))

    async def learn(self, graph: Graph, accounts: list[str], day: date, *, at: datetime) -> None:
        data = await graph.execute(TARIFFS, {"accounts": accounts, "at": instant_to_wire(at)})
        found = {each["number"]: each for each in data["billingAccountsNumbered"] or ()}
        for account in accounts:
            self.known.setdefault(account, []).append(account_tariff(account, found.get(account), day, at=at))

    def of(self, account: str, at: datetime) -> AccountTariff:
        """Of an account and an instant that was asked for."""
        found = self.on(account, local_day(at))
        if found is None:
            raise KeyError(f"nobody asked for the tariff of {account} at {at.isoformat()}")
        return found

    def on(self, account: str, day: date) -> AccountTariff | None:
        known = self.known.get(account, ())
        return next((each for each in known if is_valid_on(day, each.since, each.until)), None)


def account_tariff(account: str, found: Mapping[str, Any] | None, day: date, *, at: datetime) -> AccountTariff:
    tariff = tariff_of(account, found, at=at)
    invoicing = found["invoicing"] if found else None
    if isinstance(tariff, Refusal) or found is None:
        return AccountTariff(tariff, invoicing, day, day + timedelta(days=1))
    since, until = (date_from_wire(found["tariff"][name]) for name in ("holdsFrom", "holdsTo"))
    return AccountTariff(tariff, invoicing, since, until)
