"""`schema.graphql` is what the subgraphs compose to now."""

from __future__ import annotations

from pathlib import Path

from gateway.company import api_schema_sdl

FILE = Path(__file__).parents[1] / "schema.graphql"


def test_schema_file_is_the_composed_api_schema() -> None:
    """Frontends read the file; `spojka compose --api -o schema.graphql` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == api_schema_sdl()
