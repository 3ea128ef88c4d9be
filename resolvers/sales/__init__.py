"""The subgraph of sales: clients, contracts, and the rates in force for a billing account."""

from resolvers.sales.schema import make_schema, schema

__all__ = ["make_schema", "schema"]
