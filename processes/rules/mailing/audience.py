"""Who of an audience gets a letter (domain.md, edge cases 19 and 20).

no postal address            no letter, and no notice of one that won't come
no e-mail                    the letter alone
neither                      excluded
opted out of marketing       no MARKETING; CONTRACTUAL goes regardless
the same client again        excluded: everybody gets one letter
several values for a field   excluded: no letter says both
an equal address             reported; one letter for all of them only where that was chosen
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Address", "Judged", "Known", "address_key", "judge"]

Purpose = str


@dataclass(frozen=True, slots=True)
class Address:
    """As it was written; a part that isn't known is None or empty."""

    street: str | None
    city: str | None
    postal_code: str | None
    country: str | None

    @property
    def is_whole(self) -> bool:
        """Would a letter arrive? All four parts are needed."""
        return all(part and part.strip() for part in (self.street, self.city, self.postal_code, self.country))


@dataclass(frozen=True, slots=True)
class Known:
    """What has come before this row: clients that have a letter, whose address is whose, who opted out here."""

    clients: Collection[str]
    addresses: dict[str, str]
    opted_out: Collection[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """Does the row get a letter, and what is noted of it: pairs of a code and a sentence."""

    gets_letter: bool
    exclusions: tuple[tuple[str, str], ...] = ()
    address_key: str = ""


def judge(
    client: str,
    address: Address,
    email: str | None,
    *,
    consent: bool | None,
    purpose: Purpose,
    merges_addresses: bool,
    ambiguous: str | None = None,
    known: Known,
) -> Judged:
    """One row of the audience. Of several reasons the one counts that comes first: there is one row in the end."""
    if client in known.clients:
        return excluded("DUPLICATE", f"{client} is in the audience more than once, and gets one letter")
    if purpose == "MARKETING":
        if client in known.opted_out:
            return excluded("OPTED_OUT", f"{client} has unsubscribed from marketing")
        if not consent:
            return excluded("OPTED_OUT", f"{client} has not agreed to marketing")
    if not address.is_whole:
        if not is_reachable(email):
            return excluded("NO_ADDRESS_NO_EMAIL", f"{client} has neither a whole postal address nor an e-mail")
        return excluded("NO_ADDRESS", f"{client} has no whole postal address: sales should ask for it")
    if ambiguous:
        return excluded("AMBIGUOUS", f"{client} {ambiguous}: write to them by hand, or narrow the audience to one")
    key = address_key(address)
    if merges_addresses and (other := known.addresses.get(key)):
        return excluded("DUPLICATE", f"{client} has the address of {other}, who gets the letter for both")
    if not is_reachable(email):
        return Judged(True, (("NO_EMAIL", f"{client} has no e-mail: the letter goes without a notice"),), key)
    return Judged(True, (), key)


def excluded(code: str, note: str) -> Judged:
    return Judged(False, ((code, note),))


def is_reachable(email: str | None) -> bool:
    """Does it look like an address at all? Whether it is one, the server says."""
    name, at, domain = (email or "").strip().rpartition("@")
    return bool(name and at and domain)


def address_key(address: Address) -> str:
    """The same for addresses that differ in case, accents, spaces and punctuation alone: a sha256 of the rest."""
    parts = (address.street, address.city, address.postal_code, address.country)
    rest = "|".join("".join(letter for letter in plain(part or "") if letter.isalnum()) for part in parts)
    return hashlib.sha256(rest.encode()).hexdigest()


def plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
