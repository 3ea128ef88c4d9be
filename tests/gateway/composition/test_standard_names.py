"""Supergraphs of other composers keep the names that subgraphs import: they mean the same."""

from __future__ import annotations

import re

from graphql import print_schema

from gateway.composition import SubgraphSdl, compose
from gateway.composition.changes import changes_between
from gateway.composition.supergraph import Supergraph
from tests.gateway.composition.tables import HEADER

SDL = (
    "type Query { a: Int b: Int @inaccessible c: Int @authenticated"
    " d: [Int] @cost(weight: 3) @listSize(assumedSize: 9) }"
)


def test_renamed_directives_mean_what_their_specifications_say() -> None:
    """What is hidden, guarded or counted is so under any name; another's directive of that name is not."""
    plain = compose([SubgraphSdl("a", "http://a", HEADER + SDL)]).supergraph_sdl
    renamed = plain
    for address, named in {
        'inaccessible/v0.2"': ', as: "hidden"',
        'authenticated/v0.1"': ', import: [{name: "@authenticated", as: "@known"}]',
        'cost/v0.1", import: ["@cost", "@listSize"]': None,
    }.items():
        assert address in renamed
        new_address = address + named if named else address.replace('"@cost"', '{name: "@cost", as: "@price"}')
        renamed = renamed.replace(address, new_address)
    for name, local in {"inaccessible": "hidden", "authenticated": "known", "cost": "price"}.items():
        renamed = re.sub(rf'(?<!")@{name}\b', f"@{local}", renamed)
    renamed = renamed.replace("  a: Int", "  a: Int @inaccessible") + "\ndirective @inaccessible on FIELD_DEFINITION\n"
    old, new = Supergraph.read(plain), Supergraph.read(renamed)
    assert print_schema(new.api_schema) == print_schema(old.api_schema)
    assert "b:" not in print_schema(new.api_schema)
    assert changes_between(old, new) == []
