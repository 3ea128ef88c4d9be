"""What was decided about each field: decisions.toml, read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLSchema, build_schema

from tests.journeys.ways import coordinates

__all__ = ["ASKED", "COORDINATES", "DECISIONS", "SCHEMA"]

ROOT = Path(__file__).parents[2]
SCHEMA: GraphQLSchema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
COORDINATES = coordinates(SCHEMA)


def read_decisions() -> Iterator[tuple[str, frozenset[str]]]:
    """(coordinate, words): `key` and scopes; nothing where a value is public."""
    decided = tomllib.loads(Path(__file__).with_name("decisions.toml").read_text(encoding="utf-8"))
    for type_name, fields in decided.items():
        for field, words in fields.items():
            yield f"{type_name}.{field}", frozenset(words.split()) - {"public"}


DECISIONS = dict(read_decisions())
ASKED = {coordinate: words - {"key"} for coordinate, words in DECISIONS.items()}
"""The scopes alone."""
