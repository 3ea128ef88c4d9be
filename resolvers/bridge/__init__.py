"""The subgraph of the bridge: conferences and their legs, as they in fact happened."""

from resolvers.bridge.schema import make_schema, schema

__all__ = ["make_schema", "schema"]
