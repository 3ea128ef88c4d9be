"""The whole demo company: everybody's records, made together so that they agree, and belonging to one system each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sources.demo import cast
from sources.demo.agreements import Agreement
from sources.demo.calendar import czech_holidays
from sources.demo.clients import HISTORY, OTHERS, Customer, as_billed, customers, unlinked_accounts
from sources.demo.handover import HandOver
from sources.demo.ledger import Bill, Ledger, keep_books, noon
from sources.demo.meetings import Meeting, meetings, stray_meeting
from sources.demo.rules import DemoRules
from sources.records.billing import (
    BillingAccount,
    BillingPeriod,
    ExchangeRate,
    Invoice,
    InvoiceLine,
    Minimum,
    RatedCall,
    VatLine,
)
from sources.records.bridge import Bridge, Conference, Leg
from sources.records.links import AccountLink
from sources.records.papers import Parties, Party
from sources.records.reservations import Booking
from sources.records.sales import Client, Contact, Contract, Holiday, PostalAddress, RateVersion

__all__ = ["Company", "company_of"]

SEED = 417


@dataclass(frozen=True, slots=True)
class Company:
    """Everything there is, by system: sales, links, reservations, bridge, billing."""

    clients: tuple[Client, ...]
    contacts: tuple[Contact, ...]
    contracts: tuple[Contract, ...]
    rate_versions: tuple[RateVersion, ...]
    holidays: tuple[Holiday, ...]

    links: tuple[AccountLink, ...]

    bookings: tuple[Booking, ...]

    bridges: tuple[Bridge, ...]
    conferences: tuple[Conference, ...]
    legs: tuple[Leg, ...]

    accounts: tuple[BillingAccount, ...]
    periods: tuple[BillingPeriod, ...]
    invoices: tuple[Invoice, ...]
    lines: tuple[InvoiceLine, ...]
    vat: tuple[VatLine, ...]
    calls: tuple[RatedCall, ...]
    minimums: tuple[Minimum, ...]
    exchange_rates: tuple[ExchangeRate, ...]
    parties: Mapping[str, Parties]


def company_of(today: date, rules: DemoRules, *, others: int = OTHERS) -> Company:
    """The company as it is on the morning of the local day `today`: always the same for the same day.

    `others` is the number of clients besides the cast; with few of them it is made in a moment.
    """
    people = list(customers(SEED, today, others=others))
    hand_over = HandOver.among(people, today)
    held = list(all_meetings(people, hand_over, today, rules))
    people = list(map(hand_over.applied, people))
    agreements = [one for customer in people for one in (*customer.agreements, *customer.taken_over)]
    holidays = tuple(czech_holidays(today.year - 4, today.year + 3))
    exchange_rates = tuple(euro_rates(today - HISTORY - timedelta(days=60), today))
    idle = [(one.account, one.link.valid_from) for customer in people for one in customer.unpriced]
    idle += [(account, cast.SINCE) for account in unlinked_accounts(people)]
    ledger = keep_books(
        SEED,
        held,
        agreements,
        idle_accounts=idle,
        exchange_rates=exchange_rates,
        holidays=frozenset(holiday.day for holiday in holidays),
        today=today,
        since=today - HISTORY,
        rules=rules,
    )
    return put_together(people, held, ledger, holidays, exchange_rates)


def all_meetings(people: list[Customer], hand_over: HandOver, today: date, rules: DemoRules) -> Iterator[Meeting]:
    main = next(customer for customer in people if customer.figure is cast.MAIN)
    current = rules.invoices.period(main.agreements[0].account, noon(today))
    yield from meetings(SEED, people, today, quiet_since=current.starts_at.date(), hand_over=hand_over)
    yield stray_meeting(SEED, today)


def put_together(
    people: list[Customer],
    held: list[Meeting],
    ledger: Ledger,
    holidays: tuple[Holiday, ...],
    exchange_rates: tuple[ExchangeRate, ...],
) -> Company:
    priced = {one.contract.number: one for customer in people for one in customer.agreements}
    opened = list(accounts_of(people))
    accounts = {account.number: account for account, _ in opened}  # as the last one who had it is billed
    return Company(
        clients=tuple(customer.client for customer in people),
        contacts=tuple(contact for customer in people for contact in customer.contacts),
        contracts=tuple(contracts_of(people, priced)),
        rate_versions=tuple(versions_of(people, priced)),
        holidays=holidays,
        links=tuple(link for _, link in opened),
        bookings=tuple(meeting.booking for meeting in held if meeting.booking),
        bridges=tuple(Bridge(id, zone) for id, zone in cast.BRIDGES),
        conferences=tuple(meeting.conference for meeting in held if meeting.conference),
        legs=tuple(leg for meeting in held for leg in meeting.legs),
        accounts=(*accounts.values(), *unlinked_accounts(people)),
        periods=ledger.periods,
        invoices=tuple(bill.invoice for bill in ledger.bills),
        lines=tuple(line for bill in ledger.bills for line in bill.content.lines),
        vat=tuple(vat for bill in ledger.bills for vat in bill.content.vat),
        calls=(*(call for bill in ledger.bills for call in bill.calls), *ledger.excluded),
        minimums=tuple(minimum for bill in ledger.bills for minimum in bill.minimums),
        exchange_rates=exchange_rates,
        parties=dict(parties_of(ledger.bills, {customer.client.id: customer.client for customer in people})),
    )


def parties_of(bills: Iterable[Bill], clients: Mapping[str, Client]) -> Iterator[tuple[str, Parties]]:
    """Of each issued invoice; a client whose address nobody knew then has invoices without documents."""
    for bill in bills:
        client = clients[bill.client]
        if bill.issued_on is not None and client.postal_address is not None:
            yield bill.invoice.id, Parties(cast.SELLER, buyer(client, client.postal_address), noon(bill.issued_on))


def buyer(client: Client, address: PostalAddress) -> Party:
    return Party(
        name=client.name,
        street=address.street,
        city=address.city,
        postal_code=address.postal_code,
        country=address.country,
        company_number=client.company_number,
        vat_number=client.vat_number,
        email=client.email,
    )


def contracts_of(people: Iterable[Customer], priced: dict[str, Agreement]) -> Iterator[Contract]:
    yield from (one.contract for one in priced.values())
    for customer in people:
        yield from customer.past
        for unpriced in customer.unpriced:
            yield from unpriced.contracts


def versions_of(people: Iterable[Customer], priced: dict[str, Agreement]) -> Iterator[RateVersion]:
    for agreement in priced.values():
        yield from agreement.versions
    for customer in people:
        yield from customer.past_versions
        for unpriced in customer.unpriced:
            yield from unpriced.versions


def accounts_of(people: Iterable[Customer]) -> Iterator[tuple[BillingAccount, AccountLink]]:
    for customer in people:
        opened = [(one.account, one.link) for one in (*customer.agreements, *customer.taken_over)]
        opened += [(one.account, one.link) for one in customer.unpriced]
        yield from ((as_billed(account, customer.client), link) for account, link in opened)


def euro_rates(first: date, last: date) -> Iterator[ExchangeRate]:
    """A ČNB rate for each working day, wandering around 25 crowns. Invented, but for its manners."""
    random = Random(f"{SEED}:euro")
    rate = 25_000
    for place in range((last - first).days + 1):
        day = first + timedelta(days=place)
        if day.weekday() < 5:
            rate += random.randrange(-60, 61) + (25_000 - rate) // 40
            yield ExchangeRate("EUR", day, 1, Decimal(rate - rate % 5) / 1000)
