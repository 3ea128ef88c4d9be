"""Making the demo company: all systems together, each in a database of its own, or none of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from sources import billing, bridge, links, mailing, processes, reservations, sales
from sources.billing import Billing
from sources.bridge import Bridges
from sources.database import Connection, Database
from sources.demo.clients import OTHERS
from sources.demo.company import Company, company_of
from sources.demo.rules import DemoRules
from sources.links import Links
from sources.mailing.shipped_templates import fill_templates
from sources.making import Part, create_together
from sources.reservations import Reservations
from sources.sales import Sales

__all__ = ["ADDED", "SYSTEMS", "make_company"]

SYSTEMS = ("links", "sales", "reservations", "bridge", "billing", "mailing", "processes")
ADDED = frozenset({"mailing"})
"""Systems that came when there were companies already."""


def make_company(databases: Mapping[str, Database], *, today: date, rules: DemoRules, others: int = OTHERS) -> bool:
    """Make and fill the databases of all SYSTEMS; False when any of them is there already: then nothing is touched,
    and only what was ADDED later is made beside it.

    `others` is the number of clients besides the cast. Never half: see `sources.making`. A company that is there costs
    no generating. Raises SystemUnavailable, SystemBusy.
    """

    @cache
    def company() -> Company:
        return company_of(today, rules, others=others)

    def fill_sales(connection: Connection) -> None:
        made = company()
        Sales.fill(
            connection,
            clients=made.clients,
            contacts=made.contacts,
            contracts=made.contracts,
            rate_versions=made.rate_versions,
            holidays=made.holidays,
        )

    def fill_links(connection: Connection) -> None:
        Links.fill(connection, links=company().links)

    def fill_reservations(connection: Connection) -> None:
        Reservations.fill(connection, bookings=company().bookings)

    def fill_bridge(connection: Connection) -> None:
        made = company()
        Bridges.fill(connection, bridges=made.bridges, conferences=made.conferences, legs=made.legs)

    def fill_billing(connection: Connection) -> None:
        made = company()
        Billing.fill(
            connection,
            accounts=made.accounts,
            periods=made.periods,
            invoices=made.invoices,
            lines=made.lines,
            vat=made.vat,
            calls=made.calls,
            minimums=made.minimums,
            exchange_rates=made.exchange_rates,
            parties=made.parties,
        )

    tables = {
        "links": (links.METADATA, fill_links),
        "sales": (sales.METADATA, fill_sales),
        "reservations": (reservations.METADATA, fill_reservations),
        "bridge": (bridge.METADATA, fill_bridge),
        "billing": (billing.METADATA, fill_billing),
        "mailing": (mailing.METADATA, fill_templates(today)),
        "processes": (processes.METADATA, None),
    }
    parts = [Part(system, databases[system].engines, *tables[system], added=system in ADDED) for system in SYSTEMS]
    return create_together(parts)
