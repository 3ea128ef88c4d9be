"""From files to charges over the whole company: whatever a switch writes, in whatever order and however often it comes.

Each case is a story drawn from a seed: legs of a booked and of an unbooked room, some records broken, the file cut into
pieces that come in any order and twice, invoicing in between. Afterwards bridge and billing are read as a whole.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from gateway.company import Company
from tests.company import ask
from tests.journeys.test_from_call_to_invoice import IMPORT, INVOICE, ISSUE

BOOKED, UNBOOKED = "20260123", "55500001"
FIRST_JOIN = datetime(2026, 11, 24, 16, 5, tzinfo=UTC)

CONFERENCES = """query Conferences($from: DateTime!, $to: DateTime!) {
  conferences(bridge: "pbx-praha", from: $from, to: $to) {
    id startedAt endedAt booking { ref } legs { id joinedAt leftAt seconds } invoices { id status }
  }
}"""
DAY = {"from": "2026-11-24T00:00:00Z", "to": "2026-11-26T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a switch's file; a broken one leaves before it joins."""

    id: str
    room: str
    joined: datetime
    seconds: int

    @property
    def line(self) -> str:
        left = self.joined + timedelta(seconds=self.seconds)
        joined, ended = (f"{each:%Y-%m-%d %H:%M:%S}" for each in (self.joined, left))
        fields = ["novak", "420601", "8001", "conf", f"Guest {self.id}", f"PJSIP/trunk-{self.id}", "", "ConfBridge"]
        fields += [f"{self.room},default", joined, joined, ended, str(self.seconds), str(self.seconds)]
        return ",".join(f'"{each}"' for each in [*fields, "ANSWERED", "DOCUMENTATION", f"17955000{self.id}.1"])

    @property
    def leg(self) -> str:
        return f"pbx-praha:17955000{self.id}.1"


def drawn(chance: random.Random) -> list[Record]:
    return [
        Record(
            id=f"{number:02}",
            room=chance.choice([BOOKED, BOOKED, UNBOOKED]),
            joined=FIRST_JOIN + timedelta(seconds=chance.randrange(3 * 3600)),
            seconds=chance.choice([0, 1, 59, 60, 61, chance.randrange(1, 9000), -chance.randrange(1, 100)]),
        )
        for number in range(chance.randrange(2, 14))
    ]


def pieces(records: Sequence[Record], chance: random.Random) -> Iterator[str]:
    """The file in any order, cut anywhere; some of it comes again, in other company."""
    lines = [record.line for record in records]
    chance.shuffle(lines)
    lines += chance.sample(lines, chance.randrange(len(lines) + 1))
    while lines:
        size = chance.randrange(1, len(lines) + 1)
        yield "\n".join(lines[:size]) + "\n"
        del lines[:size]


@pytest.mark.parametrize("seed", range(8))
async def test_every_leg_is_accounted_for_exactly_once(company: Company, seed: int) -> None:
    """I1, I2, I9 and I15: each good leg is in one conference and in one state; seconds add up; lines can be traced."""
    chance = random.Random(f"calls {seed}")
    records = drawn(chance)
    for content in pieces(records, chance):
        imported = await ask(company, IMPORT, bridge="pbx-praha", content=content)
        assert imported.errors == []
        if chance.random() < 0.5:
            await invoice_all(company, chance)
    await invoice_all(company, chance)
    await invoice_all(company, chance)

    conferences = (await ask(company, CONFERENCES, **DAY)).data["conferences"]
    legs = [leg for conference in conferences for leg in conference["legs"]]
    good = {record.leg: record.seconds for record in records if record.seconds >= 0}
    assert {leg["id"]: leg["seconds"] for leg in legs} == good
    assert len(legs) == len(good)
    await check_states(company, conferences, good)
    await check_lines(company, conferences)


async def invoice_all(company: Company, chance: random.Random) -> None:
    """Asks for every conference's invoice, and now and then issues one."""
    for conference in (await ask(company, CONFERENCES, **DAY)).data["conferences"]:
        answer = await ask(company, INVOICE, id=conference["id"], key=str(chance.random()))
        outcome = answer.data["invoiceConference"]
        if conference["booking"] is None:
            assert outcome["code"] == "unknown-owner"
        elif outcome["__typename"] == "InvoicePrepared" and chance.random() < 0.3:
            await ask(company, ISSUE, id=outcome["invoice"]["id"], key=str(chance.random()))


async def check_states(company: Company, conferences: list[dict[str, Any]], good: dict[str, int]) -> None:
    """I1 and I9: exactly one live state for each leg, and the bridge's seconds are billing's."""
    query = text("SELECT leg, conference, state, duration_seconds FROM rated_calls WHERE NOT credited")
    rows = await company.databases["billing"].read(lambda connection: connection.execute(query).all())
    ours = [row for row in rows if row.leg in good]
    assert len(ours) == len({row.leg for row in ours})
    assert {row.leg: row.duration_seconds for row in ours} == good
    home = {leg["id"]: conference for conference in conferences for leg in conference["legs"]}
    for row in ours:
        assert row.conference == home[row.leg]["id"]
        if home[row.leg]["booking"] is None:
            assert row.state == "EXCEPTION"
        else:
            assert row.state == ("EXCLUDED" if good[row.leg] == 0 else row.state)
            assert row.state in ("RATED", "INVOICED", "EXCLUDED")
    for conference in conferences:
        assert all(conference["startedAt"] <= leg["joinedAt"] for leg in conference["legs"])
        assert all(leg["leftAt"] <= conference["endedAt"] for leg in conference["legs"])


async def check_lines(company: Company, conferences: list[dict[str, Any]]) -> None:
    """I15 and I3: one query leads from each line to call records, booking and contract version; lines add up."""
    for invoice in {each["id"] for conference in conferences for each in conference["invoices"]}:
        answer = await ask(company, "TraceInvoice", id=invoice)
        assert answer.errors == []
        found = answer.data["invoice"]
        for charge in found["trace"]:
            assert charge["conference"]["booking"]["ref"] == "BK-2026-000123"
            assert charge["rateVersion"]["contract"] == {"number": "SM-2024-0815"}
            assert charge["rateVersion"]["version"] == 2
            assert charge["leg"]["displayName"].startswith("Guest ")
            assert charge["conference"]["startedAt"] <= charge["leg"]["joinedAt"] <= charge["from"] < charge["to"]
        said, charged = Counter[str](), Counter[str]()
        for line in found["lines"]:
            said[line["text"]] += int(line["quantity"])
        for charge in found["trace"]:
            charged[charge["line"]["text"]] += charge["seconds"]
        assert said == charged
        total = sum((Decimal(line["net"]["amount"]) for line in found["lines"]), Decimal(0))
        vat = sum((Decimal(each["amount"]["amount"]) for each in found["vat"]), Decimal(0))
        assert Decimal(found["total"]["amount"]) == total + vat
