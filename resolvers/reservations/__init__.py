"""The subgraph of reservations: bookings, and what may become of them."""

from resolvers.reservations.schema import make_schema, schema

__all__ = ["make_schema", "schema"]
