"""The types of sales: clients with their contacts and contracts, contracts with their rate versions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Self

import strawberry

from processes.rules.instants import local_instant
from processes.rules.rates import next_after
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.context import Context
from resolvers.grouping import by_key, grouped
from resolvers.money import Money
from sources.records import sales as records
from sources.sales import Sales

__all__ = ["Client", "Contract", "ContractStatus", "Info", "PricedContract", "RateVersion", "priced"]

Info = strawberry.Info[Context[Sales], None]


@strawberry.enum
class ContractStatus(Enum):
    DRAFT = "DRAFT"
    SIGNED = "SIGNED"
    TERMINATED = "TERMINATED"


@strawberry.federation.type(requires_scopes=asks(Scope.ADDRESSES_READ))
class PostalAddress:
    """Where letters go. `country` is an ISO 3166 code."""

    street: str
    city: str
    postal_code: str
    country: str

    @classmethod
    def of(cls, record: records.PostalAddress) -> Self:
        return cls(street=record.street, city=record.city, postal_code=record.postal_code, country=record.country)


@strawberry.federation.type(requires_scopes=asks(Scope.CONTACTS_READ))
class Contact:
    """A person to talk to."""

    name: str
    email: str | None
    phone: str | None

    @classmethod
    def of(cls, record: records.Contact) -> Self:
        return cls(name=record.name, email=record.email, phone=record.phone)


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CLIENTS_READ))
class Client(Entity):
    """A customer. `companyNumber` is the IČO, `vatNumber` the DIČ."""

    id: strawberry.ID
    salesperson: strawberry.ID | None
    name: str | None
    company_number: str | None
    vat_number: str | None
    email: str | None = strawberry.federation.field(requires_scopes=asks(Scope.ADDRESSES_READ))
    postal_address: PostalAddress | None
    marketing_consent: bool | None = strawberry.federation.field(
        requires_scopes=asks(Scope.ADDRESSES_READ), description="Whether they agreed to marketing by post and e-mail."
    )

    @batched(description="People at this client, the most important first.")
    @staticmethod
    async def contacts(parents: strawberry.Parent[list[Client]], info: Info) -> list[list[Contact] | None]:
        found = await info.context.source.contacts_of_clients([client.id for client in parents])
        contacts = grouped(found, lambda contact: contact.client)
        return [[Contact.of(contact) for contact in contacts.get(client.id, [])] for client in parents]

    @batched(description="This client's contracts by validity; with `status` only those.")
    @staticmethod
    async def contracts(
        parents: strawberry.Parent[list[Client]], info: Info, status: ContractStatus | None = strawberry.UNSET
    ) -> list[list[Contract] | None]:
        found = await info.context.source.contracts_of_clients([client.id for client in parents])
        wanted = (contract for contract in found if not status or contract.status == status.value)
        contracts = grouped(wanted, lambda contract: contract.client)
        return [[Contract.of(contract) for contract in contracts.get(client.id, [])] for client in parents]

    @classmethod
    def of(cls, record: records.Client) -> Self:
        address = record.postal_address
        return cls(
            id=strawberry.ID(record.id),
            salesperson=strawberry.ID(record.salesperson) if record.salesperson else None,
            name=record.name,
            company_number=record.company_number,
            vat_number=record.vat_number,
            email=record.email,
            postal_address=PostalAddress.of(address) if address else None,
            marketing_consent=record.marketing_consent,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        ids = [str(key["id"]) for key in keys]
        found = by_key(await info.context.source.clients(ids), lambda client: client.id)
        return [cls.of(found[id_]) if id_ in found else None for id_ in ids]


@dataclass(frozen=True, slots=True)
class PricedContract:
    """A contract with all its rate versions, by version."""

    contract: records.Contract
    versions: tuple[records.RateVersion, ...]


async def priced(source: Sales, contracts: Collection[records.Contract]) -> dict[str, PricedContract]:
    """The rate versions of these contracts, by contract number."""
    versions = grouped(
        await source.rate_versions_of_contracts([contract.number for contract in contracts]),
        lambda version: version.contract,
    )
    return {
        contract.number: PricedContract(contract, tuple(versions.get(contract.number, ()))) for contract in contracts
    }


@strawberry.federation.type(requires_scopes=asks(Scope.RATES_READ))
class LateCancellation:
    """What it costs to cancel a booking less than `hoursBefore` its start."""

    hours_before: int
    fee: Money

    @classmethod
    def of(cls, record: records.Contract) -> Self | None:
        if record.late_cancellation_hours is None or record.late_cancellation_fee is None:
            return None
        return cls(
            hours_before=record.late_cancellation_hours, fee=Money.of(record.late_cancellation_fee, record.currency)
        )


@strawberry.federation.type(keys=["number"], requires_scopes=asks(Scope.CONTRACTS_READ))
class Contract(Entity):
    """What was agreed with a client, in [validFrom, validTo).

    `noShowFee` is for a booking to which nobody came; null where that costs nothing.
    """

    number: strawberry.ID
    status: ContractStatus | None
    valid_from: date | None
    valid_to: date | None
    currency: str | None
    late_cancellation: LateCancellation | None
    no_show_fee: Money | None = strawberry.federation.field(requires_scopes=asks(Scope.RATES_READ))
    record: strawberry.Private[records.Contract]

    @batched()
    @staticmethod
    async def client(parents: strawberry.Parent[list[Contract]], info: Info) -> list[Client | None]:
        found = await info.context.source.clients([contract.record.client for contract in parents])
        clients = by_key(found, lambda client: client.id)
        return [Client.of(clients[contract.record.client]) for contract in parents]

    @batched(description="Every version of its rates, the first one first.")
    @staticmethod
    async def rate_versions(parents: strawberry.Parent[list[Contract]], info: Info) -> list[list[RateVersion] | None]:
        found = await priced(info.context.source, [contract.record for contract in parents])
        return [RateVersion.all_of(found[contract.number]) for contract in parents]

    @classmethod
    def of(cls, record: records.Contract) -> Self:
        return cls(
            number=strawberry.ID(record.number),
            status=ContractStatus(record.status),
            valid_from=record.valid_from,
            valid_to=record.valid_to,
            currency=record.currency,
            late_cancellation=LateCancellation.of(record),
            no_show_fee=None if record.no_show_fee is None else Money.of(record.no_show_fee, record.currency),
            record=record,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        numbers = [str(key["number"]) for key in keys]
        found = by_key(await info.context.source.contracts(numbers), lambda contract: contract.number)
        return [cls.of(found[number]) if number in found else None for number in numbers]


@strawberry.federation.type(requires_scopes=asks(Scope.RATES_READ))
class ContractRate:
    """What a minute costs. `service` is dial-in, dial-out or toll-free, `band` peak or off-peak.

    Billed in increments of seconds, first `firstIncrement`, then `nextIncrement` each; at least `minimumCharge` a call.
    """

    service: str
    band: str
    price_per_minute: Money
    first_increment: int
    next_increment: int
    minimum_charge: Money | None

    @classmethod
    def of(cls, record: records.ContractRate, currency: str) -> Self:
        minimum = record.minimum_charge
        return cls(
            service=record.service,
            band=record.band,
            price_per_minute=Money.price(record.price_per_minute, currency),
            first_increment=record.first_increment,
            next_increment=record.next_increment,
            minimum_charge=None if minimum is None else Money.of(minimum, currency),
        )


@strawberry.federation.type(keys=["contract { number } version"], requires_scopes=asks(Scope.RATES_READ))
class RateVersion(Entity):
    """The rates of a contract in [validFrom, validTo)."""

    version: int
    valid_from: date | None
    valid_to: date | None
    record: strawberry.Private[records.RateVersion]
    priced: strawberry.Private[PricedContract]

    @strawberry.field
    def contract(self) -> Contract:
        return Contract.of(self.priced.contract)

    @strawberry.field
    def rates(self) -> list[ContractRate] | None:
        return [ContractRate.of(rate, self.priced.contract.currency) for rate in self.record.rates]

    @strawberry.field
    def next(self) -> RateVersion | None:
        following = next_after(self.priced.versions, local_instant(self.record.valid_from))
        return RateVersion.of(following, self.priced) if following else None

    @classmethod
    def of(cls, record: records.RateVersion, priced: PricedContract) -> Self:
        return cls(
            version=record.version,
            valid_from=record.valid_from,
            valid_to=record.valid_to,
            record=record,
            priced=priced,
        )

    @classmethod
    def all_of(cls, priced: PricedContract) -> list[Self]:
        return [cls.of(version, priced) for version in priced.versions]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        wanted = [(str(key["contract"]["number"]), key["version"]) for key in keys]
        contracts = await info.context.source.contracts({number for number, _ in wanted})
        found = await priced(info.context.source, contracts)
        versions = {
            (version.record.contract, version.version): version for one in found.values() for version in cls.all_of(one)
        }
        return [versions.get(key) for key in wanted]
