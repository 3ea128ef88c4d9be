"""What can be asked of links, and told; and every entity by its global id."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import strawberry
from strawberry.federation import Schema

from resolvers.access import Scope, asks
from resolvers.errors import BadInput
from resolvers.links.billed import BillingPeriod, Invoice
from resolvers.links.entities import BillingAccount, Client
from resolvers.links.linking import Mutation
from resolvers.nodes import Booking, Conference, Contract, Leg, Node, Process, RateVersion, parts_of
from resolvers.scalars import configuration

__all__ = ["make_schema", "schema"]

NAMED_BY_ONE: Mapping[str, Callable[[strawberry.ID], Node]] = {
    "BillingAccount": lambda key: BillingAccount(number=key),
    "Booking": lambda key: Booking(ref=key),
    "Client": lambda key: Client(id=key),
    "Conference": lambda key: Conference(id=key),
    "Contract": lambda key: Contract(number=key),
    "Invoice": lambda key: Invoice(id=key),
    "Leg": lambda key: Leg(id=key),
    "Process": lambda key: Process(id=key),
}


def node(id: strawberry.ID) -> Node | None:
    match parts_of(id):
        case (str(name), (str(key),)) if name in NAMED_BY_ONE:
            return NAMED_BY_ONE[name](strawberry.ID(key))
        case ("RateVersion", (str(number), int(version))):
            return RateVersion(contract=Contract(number=strawberry.ID(number)), version=version)
        case (name, _):
            raise BadInput(f"id: there is no such {name}; take a nodeId that the graph gave")


@strawberry.type
class Query:
    node: Node | None = strawberry.federation.field(
        resolver=node,
        requires_scopes=asks(Scope.NODES_READ),
        description="What this `nodeId` names. Of what doesn't exist, all but the key is null.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[
            Client,
            BillingAccount,
            BillingPeriod,
            Booking,
            Conference,
            Contract,
            Invoice,
            Leg,
            Process,
            RateVersion,
        ],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
