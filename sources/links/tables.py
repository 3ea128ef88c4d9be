"""The tables of the system links: the cross-reference, and every change that was made to it."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, MetaData, Table

from sources.columns import Instant, Prose, Text
from sources.mapping.requirements import may_be_absent, only_for_writing

__all__ = ["ACCOUNT_LINKS", "CHANGED_ACCOUNTS", "CHANGES", "METADATA"]

METADATA = MetaData()

ACCOUNT_LINKS = Table(
    "account_links",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("client", Text, nullable=False, index=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
)

CHANGES = Table(  # only ever added to, in the transaction of the change
    "account_link_changes",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("valid_to_before", Date),
    Column("reason", Prose),
    info=may_be_absent("nobody's changes are kept here"),
)

CHANGED_ACCOUNTS = Table(  # whoever changes an account's links holds its row, so that no two overlap
    "changed_accounts",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("changes", Integer, nullable=False),
    info=only_for_writing(),
)
