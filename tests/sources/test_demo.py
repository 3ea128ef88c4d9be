"""The demo company: always the same for the same day, and as sound as a real one."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from resolvers.demo import DEMO_RULES
from sources.database import Database
from sources.demo import SYSTEMS, Company, cast, company_of, make_company
from sources.demo.calendar import easter
from sources.demo.people import company_number
from sources.errors import SystemUnavailable
from sources.folding import folded
from tests.conftest import MakeDatabase

TODAY = date(2026, 11, 24)
FEW = 8
PRAGUE = ZoneInfo("Europe/Prague")


@pytest.fixture(scope="module")
def company() -> Company:
    return company_of(TODAY, DEMO_RULES)


def local_day(instant: datetime) -> date:
    return instant.astimezone(PRAGUE).date()


class TestCast:
    @pytest.mark.parametrize("today", [date(2026, 3, 1), TODAY, date(2028, 1, 1)])
    def test_the_cast_is_there_whatever_day_it_is(self, today: date) -> None:
        """Documents and examples name these clients, accounts, contracts and bookings."""
        company = company_of(today, DEMO_RULES, others=FEW)
        clients = {client.id: client.name for client in company.clients}
        contracts = {contract.number: contract.client for contract in company.contracts}
        links = {link.account: link.client for link in company.links}
        bookings = {booking.ref: booking.client for booking in company.bookings}
        for figure in cast.CAST:
            assert clients[figure.client] == figure.name
            assert {contracts[number] for number in figure.contracts} == {figure.client}
            assert {links[account] for account in figure.accounts} == {figure.client}
            assert bookings[figure.booking] == figure.client

    def test_the_worked_example_is_booked_and_priced(self, company: Company) -> None:
        """domain.md, section 2: room 20260123 on 2026-11-24 from 17:30, version 2 at 1.80 and 0.95, 60/6."""
        [booking] = [booking for booking in company.bookings if booking.ref == "BK-2026-000123"]
        assert (booking.room, booking.account, booking.local_start) == ("20260123", "7700123", "2026-11-24T17:30")
        assert booking.starts_at == datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
        versions = [version for version in company.rate_versions if version.contract == "SM-2024-0815"]
        assert [version.valid_from for version in versions] == [date(2024, 9, 1), date(2026, 1, 1), date(2027, 1, 1)]
        rates = {(rate.service, rate.band): rate for rate in versions[1].rates}
        peak, off_peak = rates["dial-in", "peak"], rates["dial-in", "off-peak"]
        assert (peak.price_per_minute, off_peak.price_per_minute) == (Decimal("1.80"), Decimal("0.95"))
        assert (peak.first_increment, peak.next_increment, peak.minimum_charge) == (60, 6, None)

    @pytest.mark.parametrize("today", [TODAY, date(2026, 12, 2), date(2027, 3, 1)])
    def test_the_worked_example_will_be_alone_on_its_invoice(self, today: date) -> None:
        """Nothing else waits on account 7700123, so the example comes out to the haléř on any day."""
        company = company_of(today, DEMO_RULES, others=FEW)
        conferences = {conference.booking for conference in company.conferences}
        assert cast.MAIN.booking not in conferences
        current = max(period.starts_at for period in company.periods if period.account == "7700123")
        invoices = [invoice for invoice in company.invoices if invoice.account == "7700123"]
        assert invoices
        assert all(invoice.period < current for invoice in invoices)

    def test_riddles_wait_for_somebody_to_solve_them(self, company: Company) -> None:
        """Each of the others had a conference yesterday that nobody has charged, booked without an account."""
        charged = {call.conference for call in company.calls}
        held = {conference.id: conference for conference in company.conferences}
        for figure in cast.CAST:
            if figure is not cast.MAIN:
                assert local_day(held[figure.conference].started_at) == date(2026, 11, 23)
                assert figure.conference not in charged
        strays = [conference for conference in company.conferences if conference.booking is None]
        assert [conference.id.rsplit("-", 1)[0] for conference in strays] == ["CF-bridge-1-99990001"]

    @pytest.mark.parametrize("today", [date(2026, 3, 1), TODAY, date(2028, 1, 1)])
    def test_an_account_has_changed_hands_between_two_periods(self, today: date) -> None:
        """Each of the two clients booked, and was charged by its own contract, while the account was its own."""
        company = company_of(today, DEMO_RULES)
        moved = cast.MOVED
        first, then = [link for link in company.links if link.account == moved.account]
        assert (first.client, then.client, then.valid_to) == (moved.former, moved.present, None)
        assert first.valid_to == then.valid_from
        salespeople = {client.id: client.salesperson for client in company.clients}
        assert salespeople[moved.former] != salespeople[moved.present]
        periods = [period for period in company.periods if period.account == moved.account]
        assert then.valid_from in {local_day(period.starts_at) for period in periods[1:]}
        clients = {booking.ref: booking.client for booking in company.bookings}
        contracts = {contract.number: contract.client for contract in company.contracts}
        owners = defaultdict(set)
        for call in company.calls:
            if call.account == moved.account:
                owner = clients[call.booking or ""]
                assert owner == contracts[call.contract or ""]
                owners[owner].add(local_day(call.conference_started_at or call.recorded_at) >= then.valid_from)
        assert owners == {moved.former: {False}, moved.present: {True}}


class TestCompany:
    def test_it_is_the_same_for_the_same_day(self) -> None:
        """Deterministic to the last record."""
        assert company_of(TODAY, DEMO_RULES, others=FEW) == company_of(TODAY, DEMO_RULES, others=FEW)

    def test_it_is_large_enough_to_be_believed(self, company: Company) -> None:
        """Hundreds of clients, thousands of conferences over two years, a current period, something in every state."""
        assert len(company.clients) == 240
        assert 6_000 <= len(company.conferences) <= 8_000
        assert 25_000 <= len(company.legs) <= 35_000
        starts = [conference.started_at for conference in company.conferences]
        assert (max(starts) - min(starts)).days > 700
        assert {"DRAFT", "ISSUED", "PARTLY_PAID", "PAID"} == {invoice.status for invoice in company.invoices}
        assert {"RATED", "INVOICED", "EXCLUDED"} == {call.state for call in company.calls}
        assert {"CONFIRMED", "DRAFT", "COMPLETED", "NO_SHOW", "CANCELLED"} == {one.status for one in company.bookings}
        assert any(booking.starts_at > datetime(2026, 11, 25, tzinfo=UTC) for booking in company.bookings)
        assert company.minimums

    def test_ids_are_unique(self, company: Company) -> None:
        """Every entity has one record."""
        for ids in (
            [client.id for client in company.clients],
            [contract.number for contract in company.contracts],
            [booking.ref for booking in company.bookings],
            [conference.id for conference in company.conferences],
            [leg.id for leg in company.legs],
            [account.number for account in company.accounts],
            [invoice.id for invoice in company.invoices],
        ):
            assert len(ids) == len(set(ids))

    def test_names_are_of_here_and_elsewhere(self, company: Company) -> None:
        """Most have diacritics, none has the name of another, all can be found without them."""
        names = [client.name for client in company.clients]
        assert len(set(names)) == len(names)
        assert sum(not name.isascii() for name in names) > len(names) / 2
        assert all(folded(name) for name in names)
        assert {client.postal_address.country for client in company.clients if client.postal_address} > {"CZ", "PL"}

    def test_company_numbers_are_valid(self, company: Company) -> None:
        """An IČO's weighted digits (8 to 1) add up to a multiple of 11, the check digit taken modulo 10."""
        numbers = [
            client.company_number for client in company.clients if client.vat_number == f"CZ{client.company_number}"
        ]
        numbers += [company_number(Random(seed)) for seed in range(300)]
        for number in numbers:
            digits = list(map(int, number or ""))
            total = sum(weight * digit for weight, digit in zip(range(8, 1, -1), digits[:7], strict=True))
            assert digits[7] == (11 - total % 11) % 10

    @pytest.mark.parametrize(
        ("year", "sunday"), [(2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05"), (2019, "2019-04-21"),
                             (2049, "2049-04-18"), (1981, "1981-04-19"), (2038, "2038-04-25")]
    )  # fmt: skip
    def test_easter(self, year: int, sunday: str) -> None:
        """Holidays that move follow the moon."""
        assert easter(year) == date.fromisoformat(sunday)


class TestInvariants:
    """domain.md, section 3."""

    def test_i1_a_call_is_in_one_state(self, company: Company) -> None:
        """Each leg at most once, and charged ones on an invoice of their state."""
        assert max(Counter(call.leg for call in company.calls).values()) == 1
        drafts = {invoice.id for invoice in company.invoices if invoice.status == "DRAFT"}
        for call in company.calls:
            if call.state != "EXCLUDED":
                assert (call.state == "RATED") == (call.invoice in drafts)

    def test_i3_totals_are_lines_and_vat(self, company: Company) -> None:
        """Base is the sum of the lines, VAT 21 % of it rounded once, total their sum; a line its quantity x price."""
        lines, vat = defaultdict(list), defaultdict(list)
        for line in company.lines:
            lines[line.invoice].append(line)
        for part in company.vat:
            vat[part.invoice].append(part)
        for invoice in company.invoices:
            base = sum(line.net for line in lines[invoice.id])
            assert invoice.base == base
            [part] = vat[invoice.id]
            assert part.amount == (base * 21 / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert invoice.total == base + part.amount
            assert (part.amount_in_czk is not None) == (invoice.currency == "EUR" and invoice.status != "DRAFT")
        for line in company.lines:
            exact = line.quantity * line.unit_price / line.base_quantity
            assert line.net == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)

    def test_i4_the_rate_was_in_force(self, company: Company) -> None:
        """At the conference's start, of a signed contract of the account's owner in the invoice's currency."""
        versions = {(version.contract, version.version): version for version in company.rate_versions}
        contracts = {contract.number: contract for contract in company.contracts}
        links = defaultdict(list)
        for link in company.links:
            links[link.account].append(link)
        currencies = {account.number: account.currency for account in company.accounts}
        for call in company.calls:
            if call.state == "EXCLUDED":
                continue
            assert call.account
            assert call.contract
            assert call.rate_version
            assert call.conference_started_at
            version, contract = versions[call.contract, call.rate_version], contracts[call.contract]
            day = local_day(call.conference_started_at)
            assert version.valid_from <= day < (version.valid_to or date.max)
            assert (contract.status, contract.currency) == ("SIGNED", currencies[call.account])
            [owner] = [one for one in links[call.account] if one.valid_from <= day < (one.valid_to or date.max)]
            assert owner.client == contract.client

    def test_i6_numbers_are_gapless_and_rise_with_time(self, company: Company) -> None:
        """One series a year; drafts have none."""
        numbered = sorted(
            (invoice.number, invoice.issued_on) for invoice in company.invoices if invoice.number and invoice.issued_on
        )
        assert len(numbered) == sum(invoice.status != "DRAFT" for invoice in company.invoices)
        for year, of_year in itertools.groupby(numbered, key=lambda pair: pair[1].year):
            found = list(of_year)
            assert [number for number, _ in found] == [f"{year}{place:06}" for place in range(1, len(found) + 1)]
            assert [day for _, day in found] == sorted(day for _, day in found)

    def test_i7_periods_tile_time(self, company: Company) -> None:
        """No gap and no overlap, up to the current one, which is open."""
        now = datetime(2026, 11, 24, 11, tzinfo=UTC)
        by_account = defaultdict(list)
        for period in company.periods:
            by_account[period.account].append(period)
        assert by_account.keys() == {account.number for account in company.accounts}
        for periods in by_account.values():
            for one, following in itertools.pairwise(periods):
                assert one.ends_at == following.starts_at
                assert one.status != "OPEN"
            assert periods[-1].starts_at <= now < periods[-1].ends_at
            assert periods[-1].status == "OPEN"

    def test_i8_rate_versions_do_not_overlap(self, company: Company) -> None:
        """Versions of a contract follow each other."""
        versions = sorted(company.rate_versions, key=lambda version: (version.contract, version.version))
        for one, following in itertools.pairwise(versions):
            if one.contract == following.contract:
                assert one.valid_to == following.valid_from
                assert one.valid_from < following.valid_from

    def test_i9_billed_legs_lie_within_their_conference(self, company: Company) -> None:
        """And the bridge's seconds of a charged conference are all accounted for."""
        legs = {leg.id: leg for leg in company.legs}
        conferences = {conference.id: conference for conference in company.conferences}
        for call in company.calls:
            leg, conference = legs[call.leg], conferences[call.conference]
            assert conference.started_at <= leg.joined_at <= leg.left_at <= conference.ended_at
            assert call.duration_seconds == int((leg.left_at - leg.joined_at).total_seconds())
        settled = {call.leg for call in company.calls}
        charged = {call.conference for call in company.calls}
        assert all(leg.id in settled for leg in company.legs if leg.conference in charged)

    def test_i15_everything_can_be_traced(self, company: Company) -> None:
        """From a line to its conference, booking and client."""
        bookings = {booking.ref: booking for booking in company.bookings}
        conferences = {conference.id: conference for conference in company.conferences}
        clients = {client.id for client in company.clients}
        for line in company.lines:
            assert line.conference
            booking = conferences[line.conference].booking
            assert booking
            assert bookings[booking].client in clients


class TestMaking:
    async def test_every_system_is_filled(self, database: MakeDatabase) -> None:
        """On SQLite and PostgreSQL alike; a second making is a no-op."""
        from sources.bridge import Bridges
        from sources.sales import Sales

        databases = {system: database(system) for system in SYSTEMS}
        assert make_company(databases, today=TODAY, rules=DEMO_RULES, others=FEW)
        assert not make_company(databases, today=date(2027, 1, 1), rules=DEMO_RULES, others=FEW)
        [client] = await Sales(databases["sales"]).clients(["CL-00417"])
        assert client.name == "Novák Konference s.r.o."
        legs = await Bridges(databases["bridge"]).legs_of_conferences([cast.EURO.conference])
        assert len(legs) >= 2

    async def test_a_system_that_vanished_is_not_made_up(self, tmp_path: Path) -> None:
        """Its facts were real by then: a fresh demo in their place would be a lie."""
        databases = {system: Database(system, f"sqlite:///{tmp_path}/{system}.sqlite") for system in SYSTEMS}
        make_company(databases, today=TODAY, rules=DEMO_RULES, others=FEW)
        (tmp_path / "billing.sqlite").unlink()
        assert not make_company(databases, today=TODAY, rules=DEMO_RULES, others=FEW)
        with pytest.raises(SystemUnavailable):
            await databases["billing"].read(lambda connection: None)
        for one in databases.values():
            await one.close()
