"""Names are found and sorted without diacritics and case in a database that has no column for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, and_, bindparam, insert, or_, select

from sources.columns import Text
from sources.database import Connection, Database
from sources.folding import folded
from sources.mapping.mapped import Mapped
from sources.mapping.requirements import folded_from, requirements
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping
from tests.conftest import MakeUrl

METADATA = MetaData()
PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False, info=folded_from("name")),
)

NAMES = [
    "Novák Konference, s.r.o.",
    "NOVÁK KONFERENCE SRO",
    "novak",
    "Nowak & Söhne GmbH",
    "Žižka a syn",
    "Øresund A/S",
    "Łódź Sp. z o.o.",
    "Straße 5",
    "STRASSE 6",
    "O'Brien\u2019s",
    "Ďáblice\u2013Čakovice",
    "Čáp 12",
    "Cap 2",
    "Ærø",
    "Ŧ",
    "İstanbul Ticaret",
    "Ñandú",
    "ﬁrma",
    "Ελλάς",
    "Привет, мир",
    "Йод",
    "...",
    "  two   spaces ",
    "tab\there",
    "100% jistota_",
    "Přílišžluťoučký kůň úpěl ďábelské ódy",
]

POSITION = (PEOPLE.c.folded_name, PEOPLE.c.id)
PAGE = (
    select(*POSITION, PEOPLE.c.name)
    .where(
        or_(
            PEOPLE.c.folded_name > bindparam("after_name", type_=Text),
            and_(
                PEOPLE.c.folded_name == bindparam("after_name", type_=Text),
                PEOPLE.c.id > bindparam("after_id", type_=Text),
            ),
        )
    )
    .order_by(*POSITION)
    .limit(bindparam("first", type_=Integer))
)
FOUND = select(PEOPLE.c.name).where(PEOPLE.c.folded_name.like(bindparam("pattern", type_=Text))).order_by(PEOPLE.c.id)


@pytest.fixture
async def people(database_url: MakeUrl) -> AsyncIterator[Database]:
    url = database_url("people")
    theirs = MetaData()
    table = Table(
        "LIDE", theirs, Column("ID", Integer, primary_key=True), Column("JMENO", String(80)), mariadb_charset="utf8mb4"
    )

    def fill(connection: Connection) -> None:
        # Each name twice, so that only the id tells which comes first.
        rows = [{"ID": number, "JMENO": name} for number, name in enumerate(NAMES * 2, start=1)]
        connection.execute(insert(table), rows)

    made = Database("made", url)
    made.create(theirs, fill)
    columns = {"id": ColumnMapping(column="ID"), "name": ColumnMapping(column="JMENO")}
    mapping = SystemMapping(tables={"people": TableMapping(table="LIDE", columns=columns)})
    database = Database("people", url, mapped=Mapped(requirements("people", METADATA), mapping))
    yield database
    await database.close()
    await made.close()


@pytest.mark.parametrize("first", [1, 7, 100])
async def test_pages_leave_nobody_out(people: Database, first: int) -> None:
    """Each page begins behind the last one's last row, by what the database itself makes of its name."""
    after, seen = ("", ""), []
    values = {"first": first}
    while True:
        place = {**values, "after_name": after[0], "after_id": after[1]}
        rows = await people.read(lambda c, p=place: c.execute(PAGE, p).all())
        if not rows:
            break
        seen += [row.name for row in rows]
        after = rows[-1].folded_name, rows[-1].id
    assert sorted(seen) == sorted(NAMES * 2)


async def test_names_are_in_the_order_of_their_letters(people: Database) -> None:
    """As Spojka's own column would have them; Latin ones on every database."""
    rows = await people.read(lambda c: c.execute(PAGE, {"first": 100, "after_name": "", "after_id": ""}).all())
    latin = [row.name for row in rows if folded(row.name).isascii() and folded(row.name)]
    assert latin == sorted(latin, key=folded)
    assert len(latin) > 40


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("novak", ["Novák Konference, s.r.o.", "NOVÁK KONFERENCE SRO", "novak"]),
        ("konference sro", ["Novák Konference, s.r.o.", "NOVÁK KONFERENCE SRO"]),
        ("zizka", ["Žižka a syn"]),
        ("oresund as", []),
        ("oresund a s", ["Øresund A/S"]),
        ("lodz sp z oo", ["Łódź Sp. z o.o."]),
        ("strasse", ["Straße 5", "STRASSE 6"]),
        ("obriens", ["O'Brien\u2019s"]),
        ("dablice cakovice", ["Ďáblice\u2013Čakovice"]),
        ("aero", ["Ærø"]),
        ("istanbul", ["İstanbul Ticaret"]),
        ("nandu", ["Ñandú"]),
        ("two spaces", ["  two   spaces "]),
        ("tab here", ["tab\there"]),
        ("100 jistota", ["100% jistota_"]),
        ("ελλας", ["Ελλάς"]),
        ("привет мир", ["Привет, мир"]),
        ("priliszlutoucky kun upel dabelske ody", ["Přílišžluťoučký kůň úpěl ďábelské ódy"]),
    ],
)
async def test_names_are_found_by_their_words(people: Database, search: str, found: list[str]) -> None:
    """Without diacritics, case and punctuation, as people type them."""
    names = await people.read(lambda c: c.execute(FOUND, {"pattern": f"%{folded(search)}%"}).scalars().all())
    assert names == found * 2
    assert set(found) == {name for name in NAMES if folded(search) in folded(name)}


async def test_the_text_is_ours_where_the_database_can_make_it(people: Database) -> None:
    """SQLite calls the function; PostgreSQL's expression gives the same for all of these. MariaDB only sorts alike."""
    if people.engines.read.dialect.name == "mariadb":
        pytest.skip("MariaDB has no function that takes letters and marks apart")
    rows = await people.read(
        lambda c: c.execute(select(PEOPLE.c.name, PEOPLE.c.folded_name).order_by(PEOPLE.c.id)).all()
    )
    assert [tuple(row) for row in rows] == [(name, folded(name)) for name in NAMES * 2]
