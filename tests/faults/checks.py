"""What must hold after a run, whatever happened in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from gateway.company import Company
from tests.faults.scene import BRIDGE, CONFERENCES, NO_CONTRACT, Scene

__all__ = ["problems"]


async def problems(company: Company, scene: Scene) -> list[str]:
    """What is wrong, in sentences."""
    bridge = await company.databases["bridge"].read(legs_received)
    billing = await company.databases["billing"].read(what_was_billed)
    runs = await company.around.register.latest_runs(limit=1000)
    return [
        *legs_problems(scene, bridge),
        *billing_problems(scene, bridge, billing),
        *(f"run {run.id} ended {run.state}: {run.message}" for run in runs if run.state == "FAILED"),
        *(f"run {run.id} is {run.state} for no reason" for run in runs if run.is_live and not run.waits_for),
    ]


Rows = Sequence[Any]


def legs_received(connection: Connection) -> Rows:
    statement = "SELECT id, conference FROM legs WHERE bridge = :bridge AND room LIKE '77%'"
    return connection.execute(text(statement), {"bridge": BRIDGE}).all()


def what_was_billed(connection: Connection) -> dict[str, Rows]:
    def rows(statement: str) -> Rows:
        return connection.execute(text(statement)).all()

    return {
        "calls": rows("SELECT leg, state, conference, invoice FROM rated_calls WHERE conference LIKE 'CF-2026-9%'"),
        "invoices": rows(
            "SELECT i.id, i.base, i.total FROM invoices i "
            "WHERE i.id IN (SELECT c.invoice FROM rated_calls c WHERE c.conference LIKE 'CF-2026-9%')"
        ),
        "lines": rows("SELECT l.invoice, l.net, l.conference FROM invoice_lines l"),
        "vat": rows("SELECT v.invoice, v.base, v.amount FROM invoice_vat v"),
    }


def legs_problems(scene: Scene, legs: Rows) -> list[str]:
    found = {leg.id for leg in legs}
    return [
        *(f"leg {leg} was lost" for leg in scene.legs - found),
        *(f"leg {leg} was made up" for leg in found - scene.legs),
        *(f"leg {leg.id} is in no conference" for leg in legs if leg.conference is None),
    ]


def billing_problems(scene: Scene, legs: Rows, billing: dict[str, Rows]) -> list[str]:
    """I1, I3 of domain.md: each leg of a booked conference charged once or held; sums of sums."""
    states = Counter(call.leg for call in billing["calls"])
    held = f"CF-2026-9{NO_CONTRACT:05}"
    owed = {leg.id: leg.conference for leg in legs if leg.conference in scene.conferences}
    kinds = {call.leg: call.state for call in billing["calls"]}
    told = [f"leg {leg} was billed {states[leg]} times" for leg in owed if states[leg] != 1]
    for leg, conference in owed.items():
        wanted = {"EXCEPTION"} if conference == held else {"RATED", "INVOICED"}
        if kinds.get(leg) not in wanted:
            told.append(f"leg {leg} of {conference} is {kinds.get(leg)}, not {wanted}")
    told += [f"leg {leg} of no booked conference was billed" for leg in states if leg not in owed]
    if len(scene.conferences) != CONFERENCES - 1:
        told.append("the scene itself is wrong")
    return told + sums_problems(billing)


def sums_problems(billing: dict[str, Rows]) -> list[str]:
    lines: Counter[str] = Counter()
    vat: Counter[str] = Counter()
    for line in billing["lines"]:
        lines[line.invoice] += money(line.net)
    for each in billing["vat"]:
        vat[each.invoice] += money(each.amount)
    return [
        f"invoice {each.id}: {each.base} is not the sum of its lines, or {each.total} not that with VAT"
        for each in billing["invoices"]
        if (money(each.base), money(each.total)) != (lines[each.id], lines[each.id] + vat[each.id])
    ]


def money(value: int | Decimal) -> int:
    """In cents: SQLite has them as whole numbers, PostgreSQL as decimals."""
    return value if isinstance(value, int) else int(value * 100)
