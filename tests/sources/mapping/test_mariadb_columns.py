"""MariaDB's columns as its information schema has them: the types are those that SQLAlchemy finds, for less rights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, inspect

from sources.mapping.found import FoundColumn, Kind, columns_in, found_in, kind_of
from tests.conftest import new_database
from tests.mariadb import MariaServer

pytestmark = pytest.mark.service

TABLE = """CREATE TABLE `all kinds` (
    `an id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    tiny TINYINT(1) NOT NULL, small SMALLINT, medium MEDIUMINT UNSIGNED, plain INT(10) UNSIGNED ZEROFILL,
    cents DECIMAL(12, 2) NOT NULL, whole DECIMAL(10, 0), ratio DOUBLE, rough FLOAT,
    name VARCHAR(80) CHARACTER SET latin2 COLLATE latin2_czech_cs, code CHAR(3) CHARACTER SET ascii, notes LONGTEXT,
    answer ENUM('A', 'it''s', 'N'), several SET('x', 'y'), document JSON,
    born DATE, at DATETIME(6), stamp TIMESTAMP(3) NULL, clock TIME, year YEAR,
    picture BLOB, bits BIT(4), uuid UUID
) CHARACTER SET utf8mb4"""


@pytest.fixture
def engine(mariadb: MariaServer) -> Iterator[Engine]:
    engine = create_engine(new_database(mariadb, "kinds").replace("mariadb:", "mariadb+pymysql:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(TABLE)
        connection.exec_driver_sql("CREATE TABLE others (address INET6, place POINT)")
        connection.exec_driver_sql("CREATE VIEW `v.%%` AS SELECT `an id` AS `an id %%`, cents, answer FROM `all kinds`")
    yield engine
    engine.dispose()


def found(engine: Engine, name: str) -> tuple[FoundColumn, ...]:
    columns = columns_in(inspect(engine), name, None)
    assert columns is not None
    return columns


def test_types_are_those_of_sqlalchemy(engine: Engine) -> None:
    """In every detail that a mapping looks at: kind, size, places, character set."""
    theirs = {each["name"]: each for each in inspect(engine).get_columns("all kinds")}
    ours = {each.name: each for each in found(engine, "all kinds")}
    assert list(ours) == list(theirs)
    for name, each in ours.items():
        wanted = theirs[name]["type"]
        assert type(each.type) is type(wanted), name
        assert each.kind is kind_of(wanted, engine.dialect), name
        assert each.nullable is theirs[name]["nullable"], name
        for detail in ("length", "precision", "scale", "fsp", "unsigned", "enums", "values"):
            if name not in ("ratio", "rough", "bits", "notes", "picture"):  # a size that nothing depends on
                assert getattr(each.type, detail, None) == getattr(wanted, detail, None), (name, detail)


def test_character_set_of_a_column_is_known(engine: Engine) -> None:
    """Keys with letters that it doesn't have are left out (sources/keys.py)."""
    columns = {each.name: each.type for each in found(engine, "all kinds")}
    assert columns["name"].charset == "latin2"  # type: ignore[attr-defined]
    assert columns["name"].collation == "latin2_czech_cs"  # type: ignore[attr-defined]
    assert columns["code"].charset == "ascii"  # type: ignore[attr-defined]


def test_views_have_columns_too(engine: Engine) -> None:
    """Whatever their names are; what can't be null there isn't."""
    described = [(each.name, each.type_text, each.nullable) for each in found(engine, "v.%")]
    assert described == [
        ("an id %", "bigint(20) unsigned", False),
        ("cents", "decimal(12,2)", False),
        ("answer", "enum('A','it''s','N')", True),
    ]
    assert [(each.name, each.is_view) for each in found_in(engine)] == [
        ("all kinds", False),
        ("others", False),
        ("v.%", True),
    ]


def test_type_that_nobody_knows_is_something_else(engine: Engine) -> None:
    """SQLAlchemy would warn; a mapping that needs none of them doesn't care."""
    assert {each.kind for each in found(engine, "others")} == {Kind.OTHER}


def test_what_is_not_there_has_none(engine: Engine) -> None:
    assert columns_in(inspect(engine), "ALL KINDS", None) is None
    assert columns_in(inspect(engine), "all kinds", "no_such_database") is None
