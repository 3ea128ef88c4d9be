"""A mapping and a database that don't fit: every problem is told, with what was found near it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Integer, String

from sources.database import Database
from sources.errors import MappingRefused, SystemUnavailable, ValueRefused
from sources.mapping.found import Kind, found_in
from sources.mapping.mapped import Mapped, problems_of
from sources.mapping.sampling import data_problems_of
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping
from tests.conftest import MakeUrl
from tests.sources.mapping.facts import FACTS, METADATA, REQUIREMENT, foreign_table, mapping_of

ROWS = [{"NAZEV": "one", "STAV": 1, "ZEME": "CZ"}, {"NAZEV": "two", "STAV": 2, "ZEME": None}]


@pytest.fixture
def url(database_url: MakeUrl) -> Iterator[str]:
    """The address of a database that has FAKTA."""
    place = database_url("facts")
    made = Database("made", place)
    foreign_table(made, [Column("NAZEV", String(20)), Column("STAV", Integer), Column("ZEME", String(2))], ROWS)
    yield place
    made.engines.dispose()


def told(url: str, mapping: SystemMapping) -> list[str]:
    database = Database("facts", url)
    found = [str(problem) for problem in problems_of(REQUIREMENT, database.engines.read, mapping)]
    database.engines.dispose()
    return found


def at(line: int, column: str | None = None, **options: object) -> ColumnMapping:
    return ColumnMapping(column=column, place=f"spojka.toml:{line}", **options)  # type: ignore[arg-type]


def test_a_mapping_that_fits_has_no_problem(url: str) -> None:
    """Columns and constants, of the right types."""
    codes = {"1": "OPEN", "2": "CLOSED"}
    columns = {"text": at(1, "NAZEV"), "state": at(2, "STAV", codes=codes), "number": at(3, constant=5)}
    assert told(url, mapping_of(columns)) == []


def test_every_problem_is_told_at_once(url: str) -> None:
    """Whoever writes a mapping mends all of it, not one line after another."""
    columns = {
        "text": at(3, "NAZEF"),
        "state": at(4, "STAV", codes={"1": "ACTIVE"}),
        "money": at(5, "STAV"),
        "numbre": at(6, "STAV"),
    }
    remarks = TableMapping(table="POZNAMKY", place="spojka.toml:8")
    mapping = mapping_of(columns, place="spojka.toml:2")
    mapping = SystemMapping(tables={**mapping.tables, "remarks": remarks, "fact": TableMapping(place="spojka.toml:9")})
    problems = told(url, mapping)
    integer = problems[3].partition("STAV (")[2].partition(") holds")[0]
    assert problems == [
        "spojka.toml:9: facts.fact: facts has no such table; near it: facts",
        "spojka.toml:3: facts.facts.text: FAKTA has no column NAZEF; near it: NAZEV",
        f"spojka.toml:4: facts.facts.state: in FAKTA, STAV ({integer}): code 1 means 'ACTIVE', and one of OPEN, CLOSED "
        "is needed",
        f"spojka.toml:5: facts.facts.money: in FAKTA, STAV ({integer}) holds whole numbers: of what? Say unit = "
        '"cents", or unit = 1 where they are whole',
        "spojka.toml:6: facts.facts.numbre: facts needs no such column; near it: number",
        "spojka.toml:8: facts.remarks: there is no table POZNAMKY; near it: FAKTA",
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": at(1, absent=True)}, "it can't be absent: map a column, or say what it always is with constant"),
        ({"state": at(1, constant="HALF")}, "the constant 'HALF' can't be it: one of OPEN, CLOSED is needed"),
        ({"number": at(1, constant="5")}, "the constant '5' can't be it: a whole number is needed"),
        ({"number": at(1, constant=True)}, "a whole number is needed"),
        ({"money": at(1, constant="1.00001")}, "more than 4 decimal places"),
        ({"money": at(1, constant="much")}, "it is no number"),
        ({"flag": at(1, constant=1)}, "true or false is needed"),
    ],
)
def test_what_is_in_no_column_has_to_be_possible(url: str, columns: dict[str, ColumnMapping], message: str) -> None:
    """A constant of the column's kind; nothing only where there may be nothing."""
    [problem] = told(url, mapping_of(columns))
    assert problem.startswith("spojka.toml:1: facts.facts.")
    assert message in problem


def test_what_is_not_mentioned_is_looked_for_by_its_name(url: str) -> None:
    """And said what it could be, where it isn't there."""
    problems = told(url, SystemMapping(place="spojka.toml:1"))
    assert problems == [
        "spojka.toml:1: facts.facts: there is no table facts: name the table or view that has it; near it: FAKTA",
        "spojka.toml:1: facts.remarks: there is no table remarks: name the table or view that has it, or say absent = "
        "true (nobody remarks anything); near it: FAKTA",
    ]
    facts = TableMapping(table="FAKTA", columns={"id": at(3, "FA_ID")}, place="spojka.toml:2")
    mapping = SystemMapping(tables={"facts": facts, "remarks": TableMapping(absent=True)})
    assert (
        "spojka.toml:2: facts.facts.flag: FAKTA has no column flag: name the column that holds true or false, say "
        in ("\n".join(told(url, mapping)))
    )


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"facts": TableMapping(absent=True)}, "facts.facts: facts can't do without it"),
        ({"keys": TableMapping(table="FAKTA")}, "facts.keys: it is only written, never read: leave it out"),
        ({"facts": TableMapping(table="FAKTA", schema="nowhere")}, "there is no schema nowhere"),
        ({"facts": TableMapping(table="fakta")}, "there is no table fakta"),
    ],
)
def test_tables_that_cannot_be_are_told(url: str, tables: dict[str, TableMapping], message: str) -> None:
    """A table that is only written has no place in a database that is only read."""
    if message.endswith("no table fakta") and not url.startswith("postgresql"):
        pytest.skip("whether names have cases is the database's own business")
    mapping = SystemMapping(tables={**mapping_of({}).tables, **tables})
    assert message in "\n".join(told(url, mapping))


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"SMAZANO": (0,)}, "FAKTA has no column SMAZANO, which where or present names; near it: "),
        ({"SMAZANO": None}, "FAKTA has no column SMAZANO, which where or present names; near it: "),
        ({"STAV": ("open",)}, "FAKTA.STAV can't be what where says: open is no number"),
    ],
)
def test_conditions_have_to_be_possible(url: str, where: dict[str, tuple[object, ...]], message: str) -> None:
    """A condition on nothing would keep every row, or none."""
    [problem] = told(url, mapping_of({}, where=where))
    assert message in problem


async def test_a_misfit_is_no_outage_and_no_empty_system(url: str) -> None:
    """Reading says so with a code of its own; the details are for whoever runs Spojka."""
    database = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping_of({"text": at(1, "NAZEF")})))
    with pytest.raises(MappingRefused) as raised:
        await database.read(lambda c: c.execute(FACTS.select()).all())
    assert raised.value.extensions == {"code": "MAPPING_REFUSED", "system": "facts"}
    assert "NAZE" not in str(raised.value)
    assert [problem.column for problem in raised.value.problems] == ["text"]
    await database.close()


async def test_a_database_that_comes_later_is_looked_at_then(url: str, database_url: MakeUrl) -> None:
    """Down at the start, up later: nothing has to be started again."""
    later = database_url("later")
    database = Database("facts", later, mapped=Mapped(REQUIREMENT, mapping_of({"text": at(1, "NAZEV")})))
    with pytest.raises((SystemUnavailable, MappingRefused)):
        database.verify()
    made = Database("made", later)
    foreign_table(made, [Column("NAZEV", String(20))], [{"NAZEV": "later"}])
    texts = await database.read(lambda c: [row.text for row in c.execute(FACTS.select())])
    assert texts == ["later"]
    await made.close()
    await database.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ALTER TABLE {} RENAME COLUMN {} TO jinak", "FAKTA has no column NAZEV; near it: "),
        ("DROP TABLE {}", "there is no table FAKTA"),
    ],
)
async def test_a_database_that_was_changed_is_looked_at_again(url: str, change: str, message: str) -> None:
    """Its owner's release is no fault of ours: the mapping is refused, and taken again when it fits again."""
    database = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping_of({"text": at(1, "NAZEV")})))
    assert len(await database.read(lambda c: c.execute(FACTS.select()).all())) == 2
    owner = Database("owner", url)
    quote = owner.engines.read.dialect.identifier_preparer.quote
    await owner.write(lambda c: c.exec_driver_sql(change.format(quote("FAKTA"), quote("NAZEV"))))
    for _ in range(2):
        with pytest.raises(MappingRefused) as raised:
            await database.read(lambda c: c.execute(FACTS.select()).all())
        assert message in str(raised.value.problems[0])
    if "RENAME" in change:
        renamed = f"ALTER TABLE {quote('FAKTA')} RENAME COLUMN jinak TO {quote('NAZEV')}"
        await owner.write(lambda c: c.exec_driver_sql(renamed))
        assert len(await database.read(lambda c: c.execute(FACTS.select()).all())) == 2
    await owner.close()
    await database.close()


def test_what_is_found_is_told_with_its_kinds(url: str) -> None:
    """For whoever proposes a mapping."""
    database = Database("facts", url)
    [table] = [each for each in found_in(database.engines.read) if each.name == "FAKTA"]
    assert not table.is_view
    assert [(column.name, column.kind) for column in table.columns] == [
        ("FA_ID", Kind.INTEGER),
        ("NAZEV", Kind.TEXT),
        ("STAV", Kind.INTEGER),
        ("ZEME", Kind.TEXT),
    ]
    assert [column.nullable for column in table.columns] == [False, True, True, True]
    database.engines.dispose()


class TestSampling:
    """What only the data shows, for a command that somebody runs."""

    def sampled(self, url: str, mapping: SystemMapping, rows: int = 1000) -> list[str]:
        database = Database("facts", url)
        found = data_problems_of(REQUIREMENT, database.engines.read, mapping, rows)
        database.engines.dispose()
        return [str(problem) for problem in found]

    def test_unknown_codes_are_found_in_every_row(self, url: str) -> None:
        """However few rows are tried of other columns."""
        columns = {"state": at(7, "STAV", codes={"1": "OPEN"}), "flag": at(8, "ZEME", codes={"SK": True})}
        assert self.sampled(url, mapping_of(columns), rows=1) == [
            "spojka.toml:7: facts.facts.state: '2' is none of the codes 1: add it to them",
            "spojka.toml:8: facts.facts.flag: 'CZ' is none of the codes SK: add it to them",
        ]

    def test_values_that_cannot_be_meant_are_found(self, url: str) -> None:
        """With the line of the mapping that they don't fit."""
        columns = {"state": at(7, "NAZEV"), "id": at(6, "ZEME")}
        assert self.sampled(url, mapping_of(columns)) == [
            "spojka.toml:6: facts.facts.id: a row has nothing there (NULL), and it has to",
            "spojka.toml:7: facts.facts.state: it is none of OPEN, CLOSED: name its codes",
        ]

    def test_doubled_keys_are_found(self, url: str) -> None:
        """Two rows that would be one client, of which one would be seen."""
        mapping = mapping_of({"id": at(6, constant="always")}, place="spojka.toml:5")
        assert self.sampled(url, mapping) == [
            "spojka.toml:5: facts.facts: several rows have the same id (always), and each needs its own: map others, "
            "or say where"
        ]
        assert self.sampled(url, mapping_of({"id": at(6, constant="always")}, where={"STAV": (1,)})) == []

    def test_good_data_has_no_problem(self, url: str) -> None:
        """And neither has a mapping that doesn't fit at all: that is told by `problems_of`."""
        assert self.sampled(url, mapping_of({"text": at(1, "NAZEV")})) == []
        assert self.sampled(url, mapping_of({"text": at(1, "NAZEF")})) == []


async def test_a_key_that_is_nothing_is_refused(url: str) -> None:
    """A row without what it has to have is not passed on."""
    database = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping_of({"id": at(1, "ZEME")})))
    with pytest.raises(ValueRefused, match=r"FAKTA\.ZEME is refused: a row has nothing there"):
        await database.read(lambda c: c.execute(FACTS.select()).all())
    await database.close()


def test_the_source_of_these_tests_is_as_it_says() -> None:
    """What may be absent, and what is only written, is the source's to say."""
    assert [(need.name, need.absence) for need in REQUIREMENT.tables] == [
        ("facts", None),
        ("remarks", "nobody remarks anything"),
    ]
    assert "keys" in METADATA.tables
