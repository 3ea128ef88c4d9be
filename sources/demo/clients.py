"""The clients of the demo company with what was agreed with each: the cast first, then a few hundred by lot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sources.demo import cast, words
from sources.demo.agreements import Agreement, a_contract, agreed, rates_at, versions_from
from sources.demo.cast import Figure
from sources.demo.people import address, company_name, company_number, domain_of, person, phone, user_name
from sources.records.billing import BillingAccount
from sources.records.links import AccountLink
from sources.records.sales import Client, Contact, Contract, PostalAddress, RateVersion

__all__ = ["OTHERS", "Customer", "Unpriced", "as_billed", "customers", "unlinked_accounts"]

OTHERS = 235
"""How many clients there are besides the cast, if nobody wants fewer."""

FIRST_OTHER = 101
HISTORY = timedelta(days=730)
"""How far back the company's records go."""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """An account whose calls nobody can price (part of the cast), with the contracts that are to blame."""

    account: BillingAccount
    link: AccountLink
    contracts: tuple[Contract, ...]
    versions: tuple[RateVersion, ...]


@dataclass(frozen=True, slots=True)
class Customer:
    """A client and everything agreed with it. `figure`: its part in the cast. `past`: contracts that have ended.

    `taken_over`: an account that was another's before, priced by a contract that is among `agreements` too.
    """

    client: Client
    contacts: tuple[Contact, ...]
    agreements: tuple[Agreement, ...]
    unpriced: tuple[Unpriced, ...] = ()
    past: tuple[Contract, ...] = ()
    past_versions: tuple[RateVersion, ...] = ()
    figure: Figure | None = None
    taken_over: tuple[Agreement, ...] = ()


def customers(seed: int, today: date, *, others: int) -> Iterator[Customer]:
    """Who a client is depends on the seed alone; since when it is one, and its rates, on the day too."""
    yield from the_cast(seed, today)
    names: set[str] = set()
    for place in range(others):
        yield by_lot(Random(f"{seed}:client:{place}"), place, today, names)


def by_lot(random: Random, place: int, today: date, names: set[str]) -> Customer:
    id = f"CL-{FIRST_OTHER + place:05}"
    client = a_client(random, id, place, names)
    since = today - HISTORY - timedelta(days=60) + timedelta(days=random.randrange(560))
    foreign = place < len(words.FOREIGN_CLIENTS)
    number = 2 * place
    first = agreement_by_lot(random, id, number, "EUR" if foreign else "CZK", since, today)
    others: tuple[Agreement, ...] = ()
    if random.random() < 0.15:
        currency = "EUR" if random.random() < 0.5 and not foreign else first.account.currency
        second = agreement_by_lot(random, id, number + 1, currency, since, today)
        # Two accounts in one currency are two branches with one contract; its rates are the client's.
        same = currency == first.account.currency
        others = (Agreement(second.account, second.link, first.contract, first.versions) if same else second,)
    past, past_versions = ended_contract(random, id, number, since)
    return Customer(client, contacts_of(random, client), (first, *others), (), past, past_versions)


def a_client(random: Random, id: str, place: int, names: set[str]) -> Client:
    salesperson = random.choice(words.SALESPEOPLE)
    if place < len(words.FOREIGN_CLIENTS):
        name, number, vat, *where = words.FOREIGN_CLIENTS[place]
        names.add(name)
        return Client(id, salesperson, name, number, vat, f"office@{domain_of(name)}", True, PostalAddress(*where))
    name = next(name for name in iter(lambda: company_name(random), None) if name not in names)
    names.add(name)
    number = company_number(random)
    return Client(
        id=id,
        salesperson=salesperson,
        name=name,
        company_number=number,
        vat_number=f"CZ{number}" if random.random() < 0.9 else None,
        email=f"info@{domain_of(name)}" if random.random() < 0.96 else None,
        marketing_consent=random.random() < 0.6,
        postal_address=address(random) if random.random() < 0.98 else None,
    )


def contacts_of(random: Random, client: Client) -> tuple[Contact, ...]:
    people = [person(random) for _ in range(random.randrange(1, 4))]
    return tuple(
        Contact(client.id, position, name, f"{user_name(name)}@{domain_of(client.name)}", phone(random))
        for position, name in enumerate(people, start=1)
    )


def agreement_by_lot(random: Random, client: str, number: int, currency: str, since: date, today: date) -> Agreement:
    return agreed(
        random,
        client=client,
        account=f"{7_700_300 + number}",
        contract=f"SM-{since.year}-{1000 + number:04}",
        currency=currency,
        since=since,
        today=today,
    )


def ended_contract(
    random: Random, client: str, number: int, since: date
) -> tuple[tuple[Contract, ...], tuple[RateVersion, ...]]:
    """For one client in five the contract before the present one, terminated the day it began."""
    if random.random() >= 0.2:
        return (), ()
    began = since - timedelta(days=700)
    contract = Contract(
        number=f"SM-{began.year}-{3000 + number:04}",
        client=client,
        status="TERMINATED",
        valid_from=began,
        valid_to=since,
        currency="CZK",
        calendar="CZ",
        zone="Europe/Prague",
        band_rule="SPLIT",
        merge_gaps_under_seconds=0,
    )
    rates = rates_at(Decimal("2.40"), (60, 60))
    return (contract,), (RateVersion(contract.number, 1, began, since, rates),)


# The cast: nothing here depends on the day but the version of its rates that is still to come.


def the_cast(seed: int, today: date) -> Iterator[Customer]:
    random = Random(f"{seed}:cast")
    yield main_figure(random, today)
    yield two_accounts(random)
    yield no_contract(random)
    yield two_contracts(random)
    yield in_euro(random)


def main_figure(random: Random, today: date) -> Customer:
    """domain.md, section 2: version 2 is in force since 2026-01-01 with 1.80 and 0.95, 60/6 and no minimum."""
    figure = cast.MAIN
    contract = replace(
        a_contract(figure.contracts[0], client=figure.client, currency="CZK", since=cast.SINCE),
        late_cancellation_hours=24,
        late_cancellation_fee=Decimal("250.00"),
        no_show_fee=Decimal("120.00"),
    )
    versions = versions_from(
        contract.number,
        [
            (cast.SINCE, rates_at(Decimal("1.65"), (60, 6), off_peak=Decimal("0.90"))),
            (date(2026, 1, 1), rates_at(Decimal("1.80"), (60, 6), off_peak=Decimal("0.95"))),
            (date(max(today.year, 2026) + 1, 1, 1), rates_at(Decimal("1.95"), (60, 6), off_peak=Decimal("1.05"))),
        ],
    )
    client = figure_client(figure, "27604977", "jana.kralova", PostalAddress("Dlouhá 12/7", "Praha 1", "110 00", "CZ"))
    agreement = Agreement(*account_of(figure), contract, versions)
    return Customer(client, contacts_of(random, client), (agreement,), figure=figure)


def two_accounts(random: Random) -> Customer:
    figure = cast.AMBIGUOUS_ACCOUNT
    contract = a_contract(figure.contracts[0], client=figure.client, currency="CZK", since=cast.SINCE)
    versions = versions_from(contract.number, [(cast.SINCE, rates_at(Decimal("1.70"), (60, 6)))])
    agreements = tuple(Agreement(*account_of(figure, place), contract, versions) for place in (0, 1))
    client = figure_client(figure, company_number(random), "petr.svoboda", address(random))
    return Customer(client, contacts_of(random, client), agreements, figure=figure)


def no_contract(random: Random) -> Customer:
    figure = cast.NO_CONTRACT
    draft = a_contract(figure.contracts[0], client=figure.client, currency="CZK", since=cast.SINCE, status="DRAFT")
    return unpriced_customer(random, figure, (draft,))


def two_contracts(random: Random) -> Customer:
    figure = cast.AMBIGUOUS_CONTRACT
    contracts = tuple(
        a_contract(number, client=figure.client, currency="CZK", since=cast.SINCE) for number in figure.contracts
    )
    return unpriced_customer(random, figure, contracts)


def unpriced_customer(random: Random, figure: Figure, contracts: tuple[Contract, ...]) -> Customer:
    versions = tuple(
        version
        for contract in contracts
        for version in versions_from(contract.number, [(contract.valid_from, rates_at(Decimal("1.90"), (60, 6)))])
    )
    client = figure_client(figure, company_number(random), "eva.novotna", address(random))
    unpriced = Unpriced(*account_of(figure), contracts, versions)
    return Customer(client, contacts_of(random, client), (), (unpriced,), figure=figure)


def in_euro(random: Random) -> Customer:
    figure = cast.EURO
    contract = a_contract(figure.contracts[0], client=figure.client, currency="EUR", since=cast.SINCE)
    versions = versions_from(
        contract.number,
        [
            (cast.SINCE, rates_at(Decimal("0.0725"), (60, 6))),
            (date(2026, 1, 1), rates_at(Decimal("0.0790"), (60, 6), minimum=Decimal("0.15"))),
        ],
    )
    client = Client(
        id=figure.client,
        salesperson="lucie.horakova",
        name=figure.name,
        company_number="HRB 64210",
        vat_number="DE812345678",
        email=f"office@{domain_of(figure.name)}",
        marketing_consent=False,
        postal_address=PostalAddress("Münchner Straße 14", "Görlitz", "02826", "DE"),
    )
    agreement = Agreement(*account_of(figure, currency="EUR"), contract, versions)
    return Customer(client, contacts_of(random, client), (agreement,), figure=figure)


def unlinked_accounts(people: Sequence[Customer]) -> tuple[BillingAccount, ...]:
    """Opened in billing, and nobody has linked them yet; spelled as people spell numbers."""
    clients = {customer.figure: customer.client for customer in people}
    first, second, third = cast.UNLINKED
    known, other = clients[cast.MAIN].company_number or "", clients[cast.AMBIGUOUS_ACCOUNT].vat_number or ""
    spaced = f"{known[:3]} {known[3:5]} {known[5:]}"
    return (
        BillingAccount(first, "EUR", 1, 14, spaced, f"CZ{known}"),
        BillingAccount(second, "CZK", 1, 14, None, other.lower()),
        BillingAccount(third, "CZK", 1, 30),
    )


def as_billed(account: BillingAccount, client: Client) -> BillingAccount:
    """With the numbers of the client that it was opened for."""
    return replace(account, company_number=client.company_number, vat_number=client.vat_number)


def figure_client(figure: Figure, number: str, salesperson: str, where: PostalAddress) -> Client:
    return Client(
        id=figure.client,
        salesperson=salesperson,
        name=figure.name,
        company_number=number,
        vat_number=f"CZ{number}",
        email=f"info@{domain_of(figure.name)}",
        marketing_consent=True,
        postal_address=where,
    )


def account_of(figure: Figure, place: int = 0, *, currency: str = "CZK") -> tuple[BillingAccount, AccountLink]:
    number = figure.accounts[place]
    invoicing = "PER_CALL" if number in cast.PER_CALL else "PERIODIC"
    return BillingAccount(number, currency, 1, 14, invoicing=invoicing), AccountLink(
        number, figure.client, cast.SINCE, None
    )
