"""What people call things: the names that tables and columns have in Czech and English databases of such companies.

A phrase is words without diacritics. `name` of any table may be called by what stands under "name"; what stands under
"contacts.name" is for that table alone and comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sources.folding import folded

__all__ = ["CENTS", "DELETED", "REFERENCES", "WHOLES", "phrases", "table_phrases", "words"]

TABLES: dict[str, str] = {
    "clients": "client|customer|company|account holder|firma|firmy|klient|klienti|zakaznik|zakaznici|odberatel|partner",
    "contacts": "contact|person|people|osoba|osoby|kontakt|kontakty",
    "contracts": "contract|agreement|smlouva|smlouvy",
    "rate_versions": "rate version|price list|tariff|verze|verze cen|ceniky|cenik",
    "contract_rates": "contract rate|rate|price|sazba|sazby|cena|ceny",
    "holidays": "holiday|public holiday|svatek|svatky",
    "billing_accounts": "billing account|account|ucet|ucty|zakaznicky ucet",
    "billing_periods": "billing period|period|obdobi",
    "invoices": "invoice|bill|faktura|faktury|doklad|doklady",
    "invoice_lines": "invoice line|line|item|invoice item|radek|radky|polozka|polozky|faktura radek",
    "invoice_vat": "invoice vat|vat|tax|dph|faktura dph|rekapitulace dph",
    "rated_calls": "rated call|call|cdr|hovor|hovory|volani",
    "segments": "segment|call segment|usek|useky|cast",
    "account_links": "account link|link|cross reference|vazba|vazby|prevodnik|ucet|ucty|account",
    "account_link_changes": "account link change|link history",
    "bookings": "booking|reservation|rezervace|objednavka",
    "bridges": "bridge|most|mosty|ustredna|ustredny",
    "conferences": "conference|meeting|konference",
    "legs": "leg|participant|ucastnik|ucastnici",
    "received_files": "received file|file|soubor|soubory",
    "quarantined_lines": "quarantined line|quarantine|karantena",
}

COLUMNS: dict[str, str] = {
    "account": "account number|account|ucet|cislo uctu|c uctu",
    "amount": "amount|castka|suma",
    "band": "band|pasmo",
    "base": "base|net|zaklad|zaklad dane|bez dph",
    "booking": "booking|reservation|rezervace|objednavka",
    "bridge": "bridge|most|ustredna",
    "call": "call|cdr|hovor|volani",
    "client": "client|customer|client id|customer id|crm id|klient|zakaznik|firma|odberatel",
    "company_number": "company number|company id|registration number|ico|ic",
    "conference": "conference|konference|meeting",
    "contract": "contract|contract number|agreement|smlouva|cislo smlouvy",
    "country": "country|country code|zeme|stat",
    "city": "city|town|mesto|obec",
    "currency": "currency|currency code|mena",
    "cycle_day": "cycle day|billing day|den|den vyuctovani|den uzaverky",
    "email": "email|e mail|mail",
    "id": "id|key|klic",
    "invoice": "invoice|invoice id|bill|faktura|doklad",
    "leg": "leg|participant|ucastnik",
    "marketing_consent": "marketing consent|consent|opt in|souhlas|souhlas marketing|gdpr souhlas",
    "message": "message|zprava|text|hlaseni",
    "minimum_charge": "minimum charge|minimum|min charge|min|min price|minimalni poplatek|minimalni cena",
    "first_increment": "first increment|first|prvni|prvni interval",
    "next_increment": "next increment|increment|next|dalsi|dalsi interval|krok",
    "merge_gaps_under_seconds": "merge gaps under seconds|merge gap|pauza",
    "late_cancellation_hours": "late cancellation hours|cancellation deadline|lhuta storna",
    "late_cancellation_fee": "late cancellation fee|cancellation fee|storno poplatek",
    "no_show_fee": "no show fee|reservation fee|poplatek za rezervaci",
    "band_rule": "band rule|deleni",
    "name": "name|title|label|nazev|jmeno|obchodni jmeno",
    "contacts.name": "name|full name|jmeno|jmeno a prijmeni",
    "number": "number|no|code|cislo|c",
    "invoices.id": "id|doklad|document",
    "invoices.number": "number|invoice number|cislo|cislo faktury|cislo dokladu",
    "billing_accounts.number": "number|account number|account no|cislo|cislo uctu|c uctu|ucet",
    "payment_terms_days": "payment terms days|payment terms|due days|splatnost|splatnost dni",
    "period": "period|period start|obdobi",
    "phone": "phone|telephone|mobile|telefon|tel|mobil",
    "position": "position|line number|sort|poradi|cislo radku|radek",
    "postal_code": "postal code|zip|zip code|psc",
    "price": "price|unit price|cena|sazba",
    "price_per_minute": "price per minute|price|rate|cena|cena za minutu|sazba",
    "quantity": "quantity|amount|qty|mnozstvi|pocet",
    "base_quantity": "base quantity|per|na|na jednotku",
    "unit_price": "unit price|price|cena|jednotkova cena|cena za jednotku",
    "net": "net|net amount|castka|castka bez dph|cena celkem",
    "rate": "rate|vat rate|sazba|sazba dph|dph",
    "amount_in_czk": "amount in czk|amount czk|dan czk|dan v kc|castka czk",
    "invoice_vat.amount": "amount|vat|tax|dan|castka dph|dph",
    "czk_per_unit": "czk per unit|exchange rate|kurz|kurz cnb",
    "rate_version": "rate version|version|verze|verze cen",
    "reason": "reason|duvod",
    "room": "room|mistnost",
    "rule_version": "rule version|rules|pravidla|verze pravidel",
    "salesperson": "salesperson|sales rep|account manager|owner|obchodnik|prodejce|obchodni zastupce",
    "seconds": "seconds|duration|vterin|vteriny|sekund|sekundy|delka",
    "duration_seconds": "duration seconds|duration|seconds|vterin|vteriny|sekund|delka|trvani",
    "service": "service|sluzba|druh sluzby",
    "state": "state|status|stav",
    "status": "status|state|stav",
    "street": "street|address|street address|ulice|adresa",
    "text": "text|description|popis|nazev",
    "total": "total|grand total|amount|celkem|castka celkem|k uhrade|cena celkem",
    "valid_from": "valid from|from|since|start|start date|platnost od|platne od|plati od|od|crm od",
    "valid_to": "valid to|to|until|end|end date|platnost do|platne do|plati do|do|crm do",
    "vat_number": "vat number|vat id|tax id|dic",
    "version": "version|verze|cislo verze|cislo",
    "starts_at": "starts at|start|from|begin|zacatek|zahajeni|od",
    "ends_at": "ends at|end|to|konec|ukonceni|do",
    "started_at": "started at|start|zacatek|zahajeno",
    "ended_at": "ended at|end|konec|ukonceno",
    "joined_at": "joined at|join|start|pripojen|prichod|od",
    "left_at": "left at|leave|end|odpojen|odchod|do",
    "recorded_at": "recorded at|created|created at|zapsano|zaznamenano|vytvoreno",
    "conference_started_at": "conference started at|started at|start|zahajeno|zacatek",
    "issued_on": "issued on|issue date|invoice date|vystaveno|datum vystaveni",
    "tax_point_on": "tax point on|tax point|tax date|duzp|datum plneni",
    "due_on": "due on|due date|splatno|splatnost|datum splatnosti",
    "content_hash": "content hash|hash|otisk",
    "credited": "credited|dobropis|dobropisovano|storno",
    "day": "day|date|den|datum",
    "calendar": "calendar|kalendar",
    "zone": "zone|time zone|timezone|pasmo|casove pasmo",
    "time_zone": "time zone|timezone|zone|casove pasmo",
    "title": "title|subject|nazev|predmet",
    "organiser": "organiser|organizer|host|poradatel|organizator",
    "ref": "ref|reference|number|cislo|oznaceni",
    "revision": "revision|revize|verze",
    "expected_participants": "expected participants|participants|ucastniku|pocet ucastniku",
    "display_name": "display name|name|jmeno",
    "caller_number": "caller number|caller|phone|volajici|telefon",
    "end_reason": "end reason|reason|duvod ukonceni|duvod",
    "cdr_zone": "cdr zone|time zone|casove pasmo",
}

REFERENCES: dict[str, tuple[str, str]] = {
    "account": ("billing_accounts", "number"),
    "call": ("rated_calls", "id"),
    "client": ("clients", "id"),
    "conference": ("conferences", "id"),
    "contract": ("contracts", "number"),
    "invoice": ("invoices", "id"),
    "bridge": ("bridges", "id"),
}
"""Columns that hold another table's key: in databases that have no other name for it they are called as that key is."""

DELETED = frozenset({"smazano", "smazany", "zruseno", "zruseny", "deleted", "removed", "archived", "archivovano"})

CENTS = frozenset({"cent", "cents", "ct", "cts", "hal", "haler", "halere", "haleri", "haleru", "minor"})
"""Words by which a number's name says that 1 there is a hundredth of the currency."""

WHOLES = frozenset({"czk", "eur", "euro", "euros", "kc", "korun", "koruny", "major"})
"""Words by which it says that 1 there is 1 of the currency."""

WORD = re.compile(r"[a-z]+|[0-9]+")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def words(name: str) -> tuple[str, ...]:
    """`KLI_Název`, `kliNazev` and `kli nazev` are the same two words."""
    return tuple(WORD.findall(folded(HUMP.sub(" ", name).replace(".", " ")).lower()))


def phrases(table: str, column: str) -> Iterator[tuple[str, ...]]:
    """What the column is called, the likeliest first."""
    known = COLUMNS.get(f"{table}.{column}") or COLUMNS.get(column, "")
    yield tuple(column.split("_"))
    yield from (tuple(phrase.split()) for phrase in known.split("|") if phrase)


def table_phrases(table: str) -> Iterator[tuple[str, ...]]:
    yield tuple(table.split("_"))
    yield from (tuple(phrase.split()) for phrase in TABLES.get(table, "").split("|") if phrase)
