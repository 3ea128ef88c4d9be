"""The subgraph of links: whose is a billing account, which accounts has a client; and every entity's global id."""

from resolvers.links.schema import make_schema, schema

__all__ = ["make_schema", "schema"]
