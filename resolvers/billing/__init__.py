"""The subgraph of billing: accounts, periods, charges and invoices."""

from resolvers.billing.schema import make_schema, schema

__all__ = ["make_schema", "schema"]
