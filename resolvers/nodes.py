"""Global ids (Relay's object identification): one opaque text that names an entity among all types.

`Client.id`, `BillingAccount.number` and so on are what the business calls things: unique within their type, and on a
company's own databases often plain numbers. So the global id is another field, `nodeId`: the type and its key. Relay's
compiler is told by `schemaConfig: { nodeInterfaceIdField: "nodeId" }`.

The type and its key are all that an id says, so no system is asked for `node(id:)` itself; whatever else is selected
comes from the systems that know it. Of what doesn't exist, all but the key is null.
"""

from __future__ import annotations

import base64
import binascii
import json

import strawberry

from resolvers.access import Scope, asks
from resolvers.errors import BadInput

__all__ = [
    "Booking",
    "Conference",
    "Contract",
    "Key",
    "Leg",
    "Node",
    "Process",
    "RateVersion",
    "node_id",
    "parts_of",
]

Key = tuple[str | int, ...]
"""The values of a key, in the order of the type's key fields."""

_LONGEST = 1_000


def _node_id(root: Node) -> strawberry.ID | None:
    return strawberry.ID(node_id(type(root).__name__, root.node_key()))


@strawberry.interface(description="Whatever can be asked for again by its global id.")
class Node:
    """`nodeId` may be null like any field of an entity that another system has: then it alone is missing."""

    node_id: strawberry.ID | None = strawberry.field(
        resolver=_node_id, description="Names it among all types, for good; `node(id:)` takes it."
    )

    def node_key(self) -> Key:
        raise NotImplementedError(f"{type(self).__name__} has no node_key")


@strawberry.federation.type(keys=["number"], requires_scopes=asks(Scope.CONTRACTS_READ))
class Contract(Node):
    """A contract of sales, known here by its number alone."""

    number: strawberry.ID

    def node_key(self) -> Key:
        return (self.number,)


@strawberry.federation.type(keys=["contract { number } version"], requires_scopes=asks(Scope.RATES_READ))
class RateVersion(Node):
    """A version of a contract's rates, known here by both alone."""

    contract: Contract
    version: int

    def node_key(self) -> Key:
        return self.contract.number, self.version


@strawberry.federation.type(keys=["ref"], requires_scopes=asks(Scope.BOOKINGS_READ))
class Booking(Node):
    """A booking of reservations, known here by its reference alone."""

    ref: strawberry.ID

    def node_key(self) -> Key:
        return (self.ref,)


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CALLS_READ))
class Conference(Node):
    """A conference of the bridge, known here by its id alone."""

    id: strawberry.ID

    def node_key(self) -> Key:
        return (self.id,)


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CALLS_READ))
class Leg(Node):
    """A leg of a conference, known here by its id alone."""

    id: strawberry.ID

    def node_key(self) -> Key:
        return (self.id,)


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.PROCESSES_READ))
class Process(Node):
    """A run of a process, known here by its id alone."""

    id: strawberry.ID

    def node_key(self) -> Key:
        return (self.id,)


def node_id(type_name: str, key: Key) -> str:
    """("Client", ("CL-00417",)) -> `WyJDbGllbnQiLCJDTC0wMDQxNyJd`."""
    text = json.dumps([type_name, *key], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parts_of(id: str) -> tuple[str, Key]:
    """The type and key that `id` names. BadInput for what `node_id` never gives: one thing has one id."""
    try:
        if len(id) <= _LONGEST:
            decoded = json.loads(base64.b64decode(id + "=" * (-len(id) % 4), altchars=b"-_", validate=True))
            match decoded:
                case [str(type_name), *key] if node_id(type_name, tuple(key)) == id:
                    return type_name, tuple(key)
                case _:
                    pass
    except (ValueError, binascii.Error, RecursionError, TypeError):
        pass
    raise BadInput("id: this is no nodeId; take one that the graph gave")
