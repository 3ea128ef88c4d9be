"""The demo company's facts, written into two databases of other programs as those programs would keep them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, MetaData, Table, insert

from sources.demo import Company
from sources.records.sales import Client, PostalAddress

__all__ = ["FOLDER", "make_billing", "make_crm", "statements_in"]

FOLDER = Path(__file__).parent
PRAGUE = ZoneInfo("Europe/Prague")
NOWHERE = PostalAddress(None, None, None, None)  # type: ignore[arg-type]  # what the CRM has of a client without one

STATES = {"DRAFT": 0, "SIGNED": 1, "TERMINATED": 9}
CURRENCIES = {"CZK": 203, "EUR": 978}
BAND_RULES = {"SPLIT": "D", "AT_START": "Z"}
SERVICES = {"dial-in": 1, "dial-out": 2, "toll-free": 3}
BANDS = {"peak": "S", "off-peak": "M", None: None}
PERIODS = {"OPEN": 0, "CLOSING": 1, "CLOSED": 2}
INVOICES = {"DRAFT": "K", "ISSUED": "V", "PARTLY_PAID": "C", "PAID": "Z", "CREDITED": "D"}
CALLS = {"RATED": 1, "INVOICED": 2, "EXCEPTION": 3, "EXCLUDED": 4}

DELETED = 20
"""So many clients have a row that was deleted, which in the CRM means that it is marked."""

Row = Mapping[str, Any]


def make_crm(engine: Engine, company: Company) -> None:
    """Sales' CRM on an empty database of PostgreSQL or MariaDB."""
    fill(engine, "crm", crm_rows(company, until_further_notice=until_further_notice(engine)))


def make_billing(engine: Engine, company: Company) -> None:
    """The accountants' program on an empty database of PostgreSQL or MariaDB."""
    fill(engine, "billing", billing_rows(company))


def until_further_notice(engine: Engine) -> date | str:
    """How a program of that kind writes "no end" into a column that has no nulls."""
    return "0000-00-00" if engine.dialect.name == "mariadb" else date(9999, 12, 31)


def fill(engine: Engine, program: str, rows: Iterable[tuple[str, Iterable[Row]]]) -> None:
    with engine.begin() as connection:
        for statement in statements_in(FOLDER / f"{program}.{engine.dialect.name}.sql"):
            connection.exec_driver_sql(statement)
        for table, its_rows in rows:
            write(connection, table, list(its_rows))
    engine.dispose()


def statements_in(file: Path) -> Iterator[str]:
    """Its statements; a percent sign in a name is written as drivers want it."""
    for statement in file.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            yield statement.replace("%", "%%")


def write(connection: Connection, name: str, rows: list[Row]) -> None:
    table = the_table(connection, name)
    names = {column.name.lower(): column.name for column in table.columns}
    connection.execute(insert(table), [{names[key]: value for key, value in row.items()} for row in rows])


def the_table(connection: Connection, name: str) -> Table:
    """MariaDB's names are in capitals in the CRM, as they were in that program's days."""
    given = name.upper() if connection.dialect.name == "mariadb" and not name.startswith("ud_") else name
    return Table(given, MetaData(), autoload_with=connection, resolve_fks=False)


# Sales' CRM


def crm_rows(company: Company, *, until_further_notice: date | str) -> Iterator[tuple[str, Iterable[Row]]]:
    clients = [client_row(client) for client in company.clients]
    deleted = [{**row, "kli_id": 90_000 + row["kli_id"], "kli_smazano": 1} for row in clients[:DELETED]]
    yield "kli_firmy", [*deleted, *clients]
    yield (
        "kli_osoby",
        (
            {
                "kli_id": whole(contact.client),
                "oso_poradi": contact.position,
                "oso_jmeno": contact.name,
                "oso_email": contact.email,
                "oso_telefon": contact.phone,
            }
            for contact in company.contacts
        ),
    )
    yield (
        "sml_smlouvy",
        (
            {
                "sml_cislo": contract.number,
                "kli_id": whole(contract.client),
                "sml_stav": STATES[contract.status],
                "sml_od": contract.valid_from,
                "sml_do": contract.valid_to or until_further_notice,
                "sml_mena": CURRENCIES[contract.currency],
                "sml_deleni": BAND_RULES[contract.band_rule],
                "sml_pauza": contract.merge_gaps_under_seconds,
            }
            for contract in company.contracts
        ),
    )
    yield (
        "cen_verze",
        (
            {
                "sml_cislo": version.contract,
                "ver_cislo": version.version,
                "ver_od": digits(version.valid_from),
                "ver_do": digits(version.valid_to) if version.valid_to else 0,
            }
            for version in company.rate_versions
        ),
    )
    yield (
        "cen_sazby",
        (
            {
                "sml_cislo": version.contract,
                "ver_cislo": version.version,
                "saz_poradi": position,
                "saz_sluzba": SERVICES[rate.service],
                "saz_pasmo": BANDS[rate.band],
                "saz_cena": units(rate.price_per_minute, 4),
                "saz_prvni": rate.first_increment,
                "saz_dalsi": rate.next_increment,
                "saz_minimum": units(rate.minimum_charge, 2) or 0,
            }
            for version in company.rate_versions
            for position, rate in enumerate(version.rates)
        ),
    )
    yield "cis_svatky", ({"sva_den": holiday.day, "sva_nazev": holiday.name} for holiday in company.holidays)


def client_row(client: Client) -> dict[str, Any]:
    address = client.postal_address or NOWHERE
    return {
        "kli_id": whole(client.id),
        "kli_nazev": client.name,
        "kli_ico": client.company_number or "",
        "kli_dic": client.vat_number or "",
        "kli_email": client.email or "",
        "kli_souhlas": "A" if client.marketing_consent else "N",
        "kli_obchodnik": client.salesperson,
        "kli_ulice": address.street,
        "kli_mesto": address.city,
        "kli_psc": address.postal_code,
        "kli_zeme": address.country,
        "kli_zalozeno": datetime(2024, 9, 1, 8, 30),
        "kli_smazano": 0,
    }


# The accountants' program


def billing_rows(company: Company) -> Iterator[tuple[str, Iterable[Row]]]:
    ids = {invoice.id: number for number, invoice in enumerate(company.invoices, start=1)}
    links = {link.account: link for link in company.links}
    yield (
        "ud_ucet",
        (
            {
                "cislo": int(account.number),
                "mena": account.currency,
                "den": account.cycle_day,
                "splatnost": account.payment_terms_days,
                "ico": account.company_number,
                "dic": account.vat_number,
                "crm_id": whole(link.client) if (link := links.get(account.number)) else None,
                "crm_od": link.valid_from if link else None,
                "crm_do": link.valid_to if link else None,
            }
            for account in company.accounts
        ),
    )
    yield (
        "ud_obdobi",
        (
            {
                "ucet": int(period.account),
                "od": on_the_wall(period.starts_at),
                "do": on_the_wall(period.ends_at),
                "stav": PERIODS[period.status],
            }
            for period in company.periods
        ),
    )
    yield (
        "ud_faktura",
        (
            {
                "id": ids[invoice.id],
                "doklad": invoice.id,
                "ucet": int(invoice.account),
                "obdobi": on_the_wall(invoice.period),
                "stav": INVOICES[invoice.status],
                "mena": invoice.currency,
                "zaklad": units(invoice.base, 2),
                "celkem": units(invoice.total, 2),
                "cislo": invoice.number,
                "vystaveno": invoice.issued_on,
                "duzp": invoice.tax_point_on,
                "splatno": invoice.due_on,
            }
            for invoice in company.invoices
        ),
    )
    yield (
        "ud_radek",
        (
            {
                "faktura": ids[line.invoice],
                "poradi": line.position,
                "popis": line.text,
                "pasmo": BANDS[line.band],
                "mnozstvi": units(line.quantity, 0),
                "na": units(line.base_quantity, 0),
                "cena": units(line.unit_price, 4),
                "castka": units(line.net, 2),
                "konference": line.conference,
                "smlouva": line.contract,
                "verze": line.rate_version,
            }
            for line in company.lines
        ),
    )
    yield (
        "ud_dph",
        (
            {
                "faktura": ids[vat.invoice],
                "sazba": units(vat.rate, 0),
                "zaklad": units(vat.base, 2),
                "dan": units(vat.amount, 2),
                "dan_czk": units(vat.amount_in_czk, 2),
                "kurz": vat.czk_per_unit,
            }
            for vat in company.vat
        ),
    )
    yield from call_rows(company, ids)


def call_rows(company: Company, ids: Mapping[str, int]) -> Iterator[tuple[str, Iterable[Row]]]:
    yield (
        "ud_hovor",
        (
            {
                "id": number,
                "ucastnik": call.leg,
                "konference": call.conference,
                "stav": CALLS[call.state],
                "vterin": call.duration_seconds,
                "zapsano": int(call.recorded_at.timestamp()),
                "zahajeno": on_the_wall(call.conference_started_at or call.recorded_at),
                "rezervace": call.booking,
                "ucet": call.account and int(call.account),
                "faktura": call.invoice and ids[call.invoice],
                "smlouva": call.contract,
                "verze": call.rate_version,
                "pravidla": call.rule_version,
                "duvod": call.reason,
                "dobropis": call.credited,
            }
            for number, call in enumerate(company.calls, start=1)
        ),
    )
    yield (
        "ud_usek",
        (
            {
                "hovor": number,
                "poradi": position,
                "sluzba": SERVICES[segment.service],
                "pasmo": BANDS[segment.band],
                "vterin": segment.seconds,
                "cena": units(segment.price, 4),
                "castka": segment.amount,
                "od_kdy": segment.starts_at and int(segment.starts_at.timestamp()),
                "do_kdy": segment.ends_at and int(segment.ends_at.timestamp()),
            }
            for number, call in enumerate(company.calls, start=1)
            for position, segment in enumerate(call.segments, start=1)
        ),
    )
    yield (
        "ud_kurz",
        (
            {"mena": rate.currency, "den": rate.declared_on, "mnozstvi": rate.units, "kurz": rate.rate}
            for rate in company.exchange_rates
        ),
    )


# How they write things


def whole(id: str) -> int:
    """CL-00417 is 417."""
    return int(id.removeprefix("CL-"))


def digits(day: date) -> int:
    """20240901."""
    return int(f"{day:%Y%m%d}")


def units(value: Decimal | None, places: int) -> int | None:
    """1.80 with 2 places is 180; nothing may be lost."""
    if value is None:
        return None
    scaled = value.scaleb(places)
    assert scaled == int(scaled), f"{value} has more than {places} places"
    return int(scaled)


def on_the_wall(instant: datetime) -> datetime:
    """What a clock in Prague showed."""
    return instant.astimezone(PRAGUE).replace(tzinfo=None)
