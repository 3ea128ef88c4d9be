"""What sales says about an account of billing: whose contract is in force, and which rates.

Who owns an account is a fact of links, its currency one of billing; both come with the representation (@requires).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Self

import strawberry

from processes.rules.instants import local_day
from processes.rules.rates import contract_in_force, in_force, unchanged_around
from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.grouping import grouped
from resolvers.refused import Refused
from resolvers.sales.entities import Client, Info, PricedContract, RateVersion, priced
from resolvers.sales.namesakes import namesakes
from sources.records import sales as records

__all__ = ["AmbiguousContract", "BillingAccount", "RequirementMissing"]

REQUIRED = ["currency owners { client { id } validFrom validTo }"]
NUMBERS = ["currency companyNumber vatNumber"]  # every account has a currency: without one billing hasn't answered
# Rates tell what they were found by, so they ask what that asks.
ASKED = asks(Scope.RATES_READ, Scope.BILLING_READ, Scope.LINKS_READ, Scope.CLIENTS_READ)

# A tariff is no row, so no row rule can hold for it; and one of the past may be of the account's owner of then.
ASKED_OF_EVERY_CLIENTS = asks(
    Scope.RATES_READ, Scope.BILLING_READ, Scope.LINKS_READ, Scope.CLIENTS_READ, Scope.CLIENTS_ALL
)

NO_CONTRACT = "no-contract"
NO_OWNER = "no-owner"


class AmbiguousContract(Exception):
    """Several signed contracts in the account's currency: there is no one answer, and picking one would be a guess."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.extensions = {"code": "AMBIGUOUS_CONTRACT"}


class RequirementMissing(Exception):
    """The systems that know the account's currency or owners did not say: unknown, which is not the same as none."""

    def __init__(self, account: str, asked: str = "which rates", missing: str = "currency or owners") -> None:
        super().__init__(f"sales can't say {asked} account {account} has: its {missing} are not known now; try again")
        self.extensions = {"code": "REQUIREMENT_MISSING"}


@strawberry.enum
class BandRule(Enum):
    """SPLIT: each second at its own band's price. AT_START: the band in which a call began holds to its end."""

    SPLIT = "SPLIT"
    AT_START = "AT_START"


@strawberry.federation.type(requires_scopes=asks(Scope.RATES_READ))
class Tariff:
    """All that rating a conference needs: rates, and how the contract reads them.

    `holidays` are those of the contract's calendar in the year of `at` and the next, off-peak all day; `zone` is whose
    clocks the bands follow; rejoins after fewer than `mergeGapsUnderSeconds` continue the call. On every local day of
    [holdsFrom, holdsTo) the answer is the same, as things stand now.
    """

    rate_version: RateVersion
    zone: str
    holidays: list[date]
    band_rule: BandRule
    merge_gaps_under_seconds: int
    holds_from: date
    holds_to: date

    @classmethod
    def of(cls, version: RateVersion, holidays: Sequence[records.Holiday], holds: tuple[date, date]) -> Self:
        contract = version.priced.contract
        return cls(
            rate_version=version,
            zone=contract.zone,
            holidays=[holiday.day for holiday in holidays],
            band_rule=BandRule(contract.band_rule),
            merge_gaps_under_seconds=contract.merge_gaps_under_seconds,
            holds_from=holds[0],
            holds_to=holds[1],
        )


TariffInForce = Annotated[Tariff | Refused, strawberry.union("TariffInForce")]


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_READ))
class AccountOwner:
    client: Client | None = strawberry.federation.field(external=True)
    valid_from: date | None = strawberry.federation.field(external=True)
    valid_to: date | None = strawberry.federation.field(external=True)


@dataclass(frozen=True, slots=True)
class Ownership:
    """`client` owned an account on the local days [valid_from, valid_to)."""

    client: str
    valid_from: date
    valid_to: date | None


@strawberry.federation.type(keys=["number"], requires_scopes=asks(Scope.ACCOUNTS_READ))
class BillingAccount(Entity):
    """An account of billing, with the rates that sales agreed for it."""

    number: strawberry.ID
    currency: str | None = strawberry.federation.field(external=True, default=None)
    owners: list[AccountOwner] | None = strawberry.federation.field(external=True, default=None)
    company_number: str | None = strawberry.federation.field(external=True, default=None)
    vat_number: str | None = strawberry.federation.field(external=True, default=None)
    owned: strawberry.Private[tuple[Ownership, ...] | None] = None

    @batched(
        requires=NUMBERS,
        requires_scopes=asks(Scope.CLIENTS_READ, Scope.BILLING_READ),
        description="Clients with the company or VAT number that billing bills under, by id: a hint for whoever links "
        "the account, never a link. Companies of a VAT group share a number.",
    )
    @staticmethod
    async def matching_clients(
        parents: strawberry.Parent[list[BillingAccount]], info: Info
    ) -> list[list[Client] | Exception | None]:
        found = await namesakes(
            info.context.source, [(account.company_number, account.vat_number) for account in parents]
        )
        return [
            RequirementMissing(account.number, "which clients", "numbers")
            if account.currency is None
            else [Client.of(client) for client in clients]
            for account, clients in zip(parents, found, strict=True)
        ]

    @batched(
        requires=REQUIRED,
        requires_scopes=ASKED,
        description="The rate version in force at `at` (now): of the owner's one signed contract in the account's "
        "currency. Null when there is none, the error AMBIGUOUS_CONTRACT when there are several.",
    )
    @staticmethod
    async def contract_rates(
        parents: strawberry.Parent[list[BillingAccount]], info: Info, at: datetime | None = strawberry.UNSET
    ) -> list[RateVersion | Exception | None]:
        found = await rates_in_force(parents, info, at or info.context.now)
        return [shown(answer.found) for answer in found]

    @batched(
        requires=REQUIRED,
        requires_scopes=ASKED_OF_EVERY_CLIENTS,
        description="The rates in force at `at` with all that rating needs, or why there are none.",
    )
    @staticmethod
    async def tariff(
        parents: strawberry.Parent[list[BillingAccount]], info: Info, at: datetime
    ) -> list[TariffInForce | Exception | None]:
        found = await rates_in_force(parents, info, at)
        holidays = await holidays_around([answer.found for answer in found], info, at)
        return [answered(answer, holidays, account, at) for account, answer in zip(parents, found, strict=True)]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls.of(key) for key in keys]

    @classmethod
    def of(cls, key: Representation) -> Self:
        owners = key.get("owners")
        return cls(
            number=strawberry.ID(str(key["number"])),
            currency=key.get("currency"),
            company_number=key.get("companyNumber"),
            vat_number=key.get("vatNumber"),
            owned=None if owners is None else tuple(ownership(owner) for owner in owners if owner),
        )


Found = RateVersion | Refusal | RequirementMissing
"""What sales finds for an account; a refusal is expected, a missing requirement is somebody's outage."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, among which contracts of the account's owner."""

    found: Found
    contracts: Sequence[records.Contract]


async def rates_in_force(accounts: Sequence[BillingAccount], info: Info, at: datetime) -> list[Answer]:
    """For each account the rate version in force at `at`, in two batches: the owners' contracts, their versions."""
    owners = [owner_at(account, at) for account in accounts]
    clients = {owner for owner in owners if isinstance(owner, str)}
    contracts = grouped(await info.context.source.contracts_of_clients(clients), lambda contract: contract.client)
    signed = [
        owner if not isinstance(owner, str) else contract_of(contracts.get(owner, []), account, owner, at)
        for account, owner in zip(accounts, owners, strict=True)
    ]
    wanted = {contract.number: contract for contract in signed if isinstance(contract, records.Contract)}
    versions = await priced(info.context.source, wanted.values()) if wanted else {}
    return [
        Answer(
            version_of(versions[contract.number], at) if isinstance(contract, records.Contract) else contract,
            contracts.get(owner, ()) if isinstance(owner, str) else (),
        )
        for contract, owner in zip(signed, owners, strict=True)
    ]


def owner_at(account: BillingAccount, at: datetime) -> str | Refusal | RequirementMissing:
    """The id of the client that owns the account at `at`."""
    if account.owned is None or account.currency is None:
        return RequirementMissing(account.number)
    owner = in_force(account.owned, at)
    if owner is None:
        return Refusal(NO_OWNER, f"account {account.number} has no owner on {local_day(at)}: link it to a client")
    return owner.client


def contract_of(
    contracts: Sequence[records.Contract], account: BillingAccount, owner: str, at: datetime
) -> records.Contract | Refusal:
    return contract_in_force(contracts, currency=str(account.currency), at=at, owner=owner)


def version_of(contract: PricedContract, at: datetime) -> RateVersion | Refusal:
    version = in_force(contract.versions, at)
    if version is None:
        number = contract.contract.number
        return Refusal(NO_CONTRACT, f"contract {number} has no rates in force on {local_day(at)}: add a rate version")
    return RateVersion.of(version, contract)


async def holidays_around(found: Sequence[Found], info: Info, at: datetime) -> dict[str, list[records.Holiday]]:
    """The holidays of the contracts' calendars, of the local year of `at` and the next."""
    calendars = {version.priced.contract.calendar for version in found if isinstance(version, RateVersion)}
    if not calendars:
        return {}
    year = local_day(at).year
    holidays = await info.context.source.holidays(calendars, since=date(year, 1, 1), until=date(year + 2, 1, 1))
    return grouped(holidays, lambda holiday: holiday.calendar)


def shown(found: Found) -> RateVersion | Exception | None:
    """What a frontend gets: none is null, but an ambiguity must not look like none."""
    match found:
        case Refusal(code="ambiguous-contract"):
            return AmbiguousContract(found.message)
        case Refusal():
            return None
        case _:
            return found


def answered(
    answer: Answer, holidays: dict[str, list[records.Holiday]], account: BillingAccount, at: datetime
) -> TariffInForce | Exception:
    match answer.found:
        case Refusal() as refusal:
            return Refused(code=refusal.code, message=refusal.message)
        case RequirementMissing() as missing:
            return missing
        case version:
            holds = unchanged_around(
                local_day(at), (*(account.owned or ()), *answer.contracts, *version.priced.versions)
            )
            return Tariff.of(version, holidays.get(version.priced.contract.calendar, []), holds)


def ownership(owner: dict[str, Any]) -> Ownership:
    """An item of `owners` as it is sent: {"client": {"id": "CL-1"}, "validFrom": "2024-09-01", "validTo": null}."""
    valid_from, valid_to = owner.get("validFrom"), owner.get("validTo")
    return Ownership(
        client=str(owner["client"]["id"]),
        valid_from=date.fromisoformat(valid_from) if valid_from else date.min,
        valid_to=date.fromisoformat(valid_to) if valid_to else None,
    )
