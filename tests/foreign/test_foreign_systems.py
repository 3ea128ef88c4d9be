"""Sales and billing in other programs' databases answer the four documents as the embedded company does.

Both databases are in tests/foreign/*.sql, how they are mapped in tests/foreign/*.toml.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, event, select, text

from gateway.company import Company
from sources.database import Database
from sources.demo import Company as Facts
from sources.demo import cast
from sources.engines import open_engines
from sources.errors import SystemReadOnly
from tests.company import Answer, ask
from tests.foreign.conftest import FOREIGN, MAKING, PROGRAMS, Foreign
from tests.journeys.decisions import SCHEMA
from tests.journeys.mailings import mailings
from tests.journeys.one_of_each import BRIDGE, MASTER, RECEIVE, bookings, mutation, mutations, three_bookings

SEARCHES = (None, "novak", "NOVÁK konf", "muller", "27604977", "DE8123", "no such client")
SOME = 12
"""Every so many-th client and invoice is asked for, and all of the cast."""

READ_ONLY = {
    "recordCharges": "billing",
    "recordFee": "billing",
    "withdrawFee": "billing",
    "recordRatingExceptions": "billing",
    "issueInvoice": "billing",
    "createCreditNote": "billing",
    "closePeriod": "billing",
    "finishPeriod": "billing",
    "recordChargesOfConferences": "billing",
    "recordRatingExceptionsOfConferences": "billing",
    "noteInvoicingPosition": "billing",
    "assignException": "billing",
    "recordResolution": "billing",
    "resolveException": "processes",
    "invoiceBacklog": "processes",
    "invoiceConference": "processes",
    "linkAccount": "links",
    "linkAccounts": "links",
    "unlinkAccount": "links",
}
"""Which mutations need to write where nothing is written, and who says so: a run's error names the run."""

A_CALL = f'''{{ conference(id: "{cast.AMBIGUOUS_CONTRACT.conference}") {{ startedAt legs {{ id seconds }} }} }}'''

LIST = """{ clients(first: 50) { edges { node {
  id name email postalAddress { street city postalCode country } contacts { name phone }
  billingAccounts { number currentPeriod { from to status unbilledTotal { amount } } }
} } } }"""


async def same(company: Company, mapped_company: Company, document: str, **variables: Any) -> Any:
    """Their answer, which is ours: values, errors, systems asked and statements."""
    ours = await ask(company, document, **variables)
    theirs = await ask(mapped_company, document, **variables)
    assert_same(ours, theirs)
    return theirs.data


def assert_same(ours: Answer, theirs: Answer) -> None:
    assert without_cursors(theirs.data) == without_cursors(ours.data)
    assert theirs.errors == ours.errors
    assert sorted(theirs.requests) == sorted(ours.requests)
    assert theirs.statements == ours.statements


def without_cursors(data: Any) -> Any:
    """A cursor is only good where it comes from: in it is what that database makes of a name to sort by it."""
    match data:
        case dict():
            return {name: without_cursors(value) for name, value in data.items() if name not in ("cursor", "endCursor")}
        case list():
            return [without_cursors(value) for value in data]
        case _:
            return data


async def test_client_profiles_are_the_same(company: Company, mapped_company: Company, facts: Facts) -> None:
    """ClientProfile: contracts from the CRM, accounts by the accountants' crm_id, periods and invoices from views."""
    asked = {*(client.id for client in facts.clients[:SOME]), *(client.id for client in facts.clients[::SOME])}
    for id in sorted(asked):
        data = await same(company, mapped_company, "ClientProfile", id=id)
        assert data["client"]["name"]


async def test_latest_rates_are_the_same(company: Company, mapped_company: Company, facts: Facts) -> None:
    """LatestRates: hundredths of a haléř are decimals, 20240901 is a day; also those of an earlier time."""
    asked = {*(account.number for account in facts.accounts[:SOME]), *(each.number for each in facts.accounts[::SOME])}
    for number in sorted(asked):
        for at in (None, "2025-06-30T22:30:00Z"):
            data = await same(company, mapped_company, "LatestRates", number=number, at=at)
            assert data["billingAccount"]["number"] == number


async def test_traced_invoices_are_the_same(company: Company, mapped_company: Company, facts: Facts) -> None:
    """TraceInvoice: from the views' lines to bookings and legs of Spojka's own systems, by id and by number."""
    asked = [each for each in facts.invoices if each.account in ("7700123", "7700128")][-8:]
    for invoice in [*asked, *facts.invoices[:: SOME * 20]]:
        data = await same(company, mapped_company, "TraceInvoice", id=invoice.id)
        assert data["invoice"]["lines"]
        if invoice.number:
            assert await same(company, mapped_company, "TraceInvoice", number=invoice.number) == data


@pytest.mark.parametrize("search", SEARCHES)
async def test_found_clients_are_the_same(company: Company, mapped_company: Company, search: str | None) -> None:
    """Clients: in the same order, whatever the collation; deleted rows are not there."""
    await same(company, mapped_company, "Clients", search=search)


async def test_every_page_of_clients_is_the_same(company: Company, mapped_company: Company, facts: Facts) -> None:
    """Each company's own cursor leads to its next page, and these pages are the same."""
    cursors: tuple[str | None, str | None] = (None, None)
    ids: list[str] = []
    while True:
        both = (company, cursors[0]), (mapped_company, cursors[1])
        ours, theirs = [await ask(one, "Addresses", after=after) for one, after in both]
        assert_same(ours, theirs)
        pages = [each.data["clients"] for each in (ours, theirs)]
        ids += [edge["node"]["id"] for edge in pages[1]["edges"]]
        if not pages[1]["pageInfo"]["hasNextPage"]:
            break
        cursors = (pages[0]["pageInfo"]["endCursor"], pages[1]["pageInfo"]["endCursor"])
    assert sorted(ids) == sorted(client.id for client in facts.clients)


async def test_fifty_clients_cost_as_many_statements_as_ours(company: Company, mapped_company: Company) -> None:
    """One statement a question, however many rows, also through a mapping."""
    await same(company, mapped_company, LIST)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("ClientProfile", {"id": "CL-90417"}),  # deleted in the CRM
        ("ClientProfile", {"id": "CL-417"}),
        ("ClientProfile", {"id": "417"}),
        ("ClientProfile", {"id": "it's; \\ žluť 🐎"}),
        ("LatestRates", {"number": "7700123 "}),
        ("LatestRates", {"number": "07700123"}),
        ("LatestRates", {"number": "seven"}),
        ("TraceInvoice", {"id": "in-7700123-0001"}),  # MariaDB's own collation would find it
        ("TraceInvoice", {"id": "IN-7700123-0001 "}),
        ("TraceInvoice", {"id": "účet"}),
    ],
)
async def test_what_is_no_key_finds_nothing(
    company: Company, mapped_company: Company, document: str, variables: dict[str, str]
) -> None:
    """Keys are the same text or they are other keys, whatever type and collation the column has."""
    data = await same(company, mapped_company, document, **variables)
    assert list(data.values()) == [None]


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("ClientProfile", {"id": "CL-00417"}),
        ("LatestRates", {"number": "7700123"}),
        ("TraceInvoice", {"id": "IN-7700123-0001"}),
        ("TraceInvoice", {"number": "2025000004"}),
    ],
)
async def test_no_whole_table_is_read(
    mapped_company: Company, foreign: Foreign, document: str, variables: dict[str, str]
) -> None:
    """Keys find the indexes of the tables, also behind views, in any collation and whatever is converted."""
    asked: list[tuple[str, str, Any]] = []
    for system in FOREIGN:
        event.listen(mapped_company.databases[system].engines.read, "before_cursor_execute", noting(asked, system))
    await ask(mapped_company, document, **variables)
    assert len(asked) > 2
    for system, statement, parameters in asked:
        assert read_whole(foreign, system, statement, parameters) == []


def read_whole(foreign: Foreign, system: str, statement: str, parameters: Any) -> list[str]:
    """The steps of the server's plan that read a table without an index."""
    # Whoever may read a view may not have its plan explained, so its owner asks.
    owner = open_engines(foreign.owner(PROGRAMS[system]).url.render_as_string(hide_password=False))
    with owner.read.connect() as connection:
        if foreign.kind == "postgresql":  # it reads small tables whole, unless it needn't
            connection.exec_driver_sql("SET enable_seqscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).mappings().all()
    owner.dispose()
    if foreign.kind == "postgresql":
        return [step["QUERY PLAN"] for step in plan if "Seq Scan" in step["QUERY PLAN"]]
    return [step["table"] for step in plan if step["type"] == "ALL" and not step["table"].startswith("<")]


def noting(asked: list[tuple[str, str, Any]], system: str) -> Any:
    return lambda _, __, statement, parameters, *___: asked.append((system, statement, parameters))


class TestReadOnly:
    """They are read, never written: not by a mutation, and the user could not either."""

    async def test_every_mutation_leaves_them_as_they_are(self, mapped_company: Company, foreign: Foreign) -> None:
        """What a foreign system owns can't be changed: SYSTEM_READ_ONLY, naming it. The others' mutations go on."""
        before = everything(foreign)
        call = (await ask(mapped_company, A_CALL)).data["conference"]
        received = await ask(mapped_company, RECEIVE, bridge=BRIDGE, content=MASTER)
        legs = [leg["id"] for leg in received.data["receiveCallRecords"]["legs"]]
        arguments = {
            **mutations("IN-7700123-0001", call, legs, ["nothing-waits"]),
            **bookings(*await three_bookings(mapped_company)),
            **mailings(),
            "Mutation.createCreditNote": '(invoice: "IN-7700123-0001", reason: "twice", idempotencyKey: "k")',
        }
        assert SCHEMA.mutation_type
        refused, wrong = {}, {}
        for name in SCHEMA.mutation_type.fields:
            coordinate = f"Mutation.{name}"
            answer = await ask(mapped_company, mutation(coordinate, arguments[coordinate]))
            if answer.codes == {"SYSTEM_READ_ONLY"}:
                [error] = answer.errors
                refused[name] = error["extensions"].get("system", "processes")
            elif answer.errors:
                wrong[name] = answer.errors
        assert wrong == {}
        assert sorted(refused.items()) == sorted(READ_ONLY.items())
        assert everything(foreign) == before

    @pytest.mark.parametrize("system", FOREIGN)
    async def test_source_cannot_write(self, mapped_company: Company, system: str) -> None:
        """Whatever the work would have been, it is not even begun."""
        begun: list[object] = []
        with pytest.raises(SystemReadOnly):
            await mapped_company.databases[system].write(begun.append)
        assert begun == []

    @pytest.mark.parametrize("system", FOREIGN)
    async def test_user_may_only_read(self, foreign: Foreign, system: str) -> None:
        """The grants are those of the README: a database that is only read can be given to us safely."""
        theirs = Database(system, foreign.urls[system])
        table = {"crm": "crm.cis_svatky", "billing": "billing.ud_ucet"}["crm" if system == "sales" else "billing"]
        name = table.upper().replace("CRM.", "crm.") if foreign.kind == "mariadb" and system == "sales" else table
        with pytest.raises(Exception, match=r"denied|not available"):
            await theirs.write(lambda c: c.execute(text(f"DELETE FROM {name}")))  # noqa: S608 - a name of ours
        await theirs.close()


def everything(foreign: Foreign) -> dict[str, list[Any]]:
    """Every row of every table of both programs."""
    return {f"{program}.{name}": rows for program in MAKING for name, rows in rows_of(foreign.owner(program), program)}


def rows_of(engine: Engine, program: str) -> list[tuple[str, list[Any]]]:
    metadata = MetaData()
    schema = program if engine.dialect.name == "postgresql" else None
    metadata.reflect(engine, schema=schema, resolve_fks=False)
    with engine.connect() as connection:
        found = [(table.name, sorted(map(repr, connection.execute(select(table))))) for table in metadata.sorted_tables]
    engine.dispose()
    return found


def test_everything_sees_a_change(foreign: Foreign) -> None:
    """The tests above could fail: one changed value is seen."""
    before = everything(foreign)
    engine = foreign.owner("billing")
    for balance in (1, -1):
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE ud_faktura SET celkem = celkem + {balance} WHERE id = 1"))  # noqa: S608
        assert (everything(foreign) == before) is (balance == -1)
    engine.dispose()
    assert len(before) == 6 + 8  # tables of the CRM, and of the accountants
