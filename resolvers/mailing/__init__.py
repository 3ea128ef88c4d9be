"""The subgraph of mailing: templates, campaigns, letters, notices, and what became of them."""

from resolvers.mailing.context import Delivery, MailingContext
from resolvers.mailing.schema import make_schema, schema

__all__ = ["Delivery", "MailingContext", "make_schema", "schema"]
