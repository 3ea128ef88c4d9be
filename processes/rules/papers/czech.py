"""How a day, an amount, a time and what was done are written in Czech."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from processes.rules.bands import PEAK
from processes.rules.fees import LATE_CANCELLATION, NO_SHOW
from processes.rules.instants import HOUSE_ZONE, zone_named
from processes.rules.invoice import fee_in
from processes.rules.papers.values import Line

__all__ = ["amount", "country", "day", "line_text", "minutes", "money", "percent", "price"]

NARROW = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
SECONDS_A_MINUTE = 60

COUNTRIES = {
    "AT": "Rakousko",
    "BE": "Belgie",
    "CH": "Švýcarsko",
    "CZ": "Česká republika",
    "DE": "Německo",
    "DK": "Dánsko",
    "ES": "Španělsko",
    "FR": "Francie",
    "GB": "Spojené království",
    "HR": "Chorvatsko",
    "HU": "Maďarsko",
    "IE": "Irsko",
    "IT": "Itálie",
    "LU": "Lucembursko",
    "NL": "Nizozemsko",
    "PL": "Polsko",
    "PT": "Portugalsko",
    "RO": "Rumunsko",
    "SE": "Švédsko",
    "SI": "Slovinsko",
    "SK": "Slovensko",
    "US": "Spojené státy americké",
}
FEES = {LATE_CANCELLATION: "pozdní zrušení", NO_SHOW: "nikdo nepřišel"}
SERVICES = {"dial-in": "příchozí hovory", "dial-out": "odchozí hovory", "toll-free": "bezplatná linka"}


def country(code: str) -> str:
    """The country's name; of one that isn't listed, its code."""
    return COUNTRIES.get(code.upper(), code)


def day(value: date) -> str:
    """`24. 11. 2026`."""
    return f"{value.day}.{NARROW}{value.month}.{NARROW}{value.year}"


def amount(value: Decimal) -> str:
    """`1 234,56`, as many places as it has."""
    text = f"{abs(value):,f}".replace(",", NARROW).replace(".", ",")
    return f"{MINUS}{text}" if value < 0 else text


def money(value: Decimal, currency: str) -> str:
    """`1 234,56 CZK`."""
    return f"{amount(value)}{NARROW}{currency}"


def price(value: Decimal) -> str:
    """Two places, or up to four where it has them: `1,80`, `0,0725`."""
    short = value.normalize()
    places = max(2, -int(short.as_tuple().exponent))
    return amount(value.quantize(Decimal(1).scaleb(-places)))


def percent(rate: Decimal) -> str:
    """`21 %`."""
    return f"{rate.normalize():f}".replace(".", ",") + f"{NARROW}%"


def minutes(seconds: Decimal) -> str:
    """`56:25 min`: exact, which minutes with decimals aren't."""
    whole, rest = divmod(abs(int(seconds)), SECONDS_A_MINUTE)
    return f"{MINUS if seconds < 0 else ''}{whole}:{rest:02}{NARROW}min"


def line_text(line: Line, *, first_day: date, zone: str = HOUSE_ZONE) -> str:
    """`Konference 24. 11. 2026 17:30, příchozí hovory, špička`; one from before the period is marked as late."""
    if line.started_at is None:
        fee = fee_in(line.text)
        return line.text if fee is None else f"Rezervace {fee[0]}, {FEES[fee[1]]}"
    local = line.started_at.astimezone(zone_named(zone))
    what = (
        [services(line.services), "špička" if line.band == PEAK else "mimo špičku"]
        if line.band
        else ["doplatek do minimální ceny"]
    )
    late = ["vyúčtováno dodatečně"] if local.date() < first_day else []
    return ", ".join([f"Konference {moment(local)}", *what, *late])


def services(names: Iterable[str]) -> str:
    return " a ".join(SERVICES.get(name, name) for name in sorted(set(names)))


def moment(local: datetime) -> str:
    return f"{day(local.date())} {local:%H:%M}"
