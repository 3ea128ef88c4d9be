"""What the search finds: for one place, which subgraph takes what, and where it must jump to another subgraph.

Values of the search only; `committing` turns the chosen ones into fetches.
"""

from dataclasses import dataclass

from gateway.planning.contexts import NOWHERE, Above, Bound
from gateway.planning.guards import RowGuard
from gateway.selections import Field, Selections

__all__ = ["FREE", "Cost", "Guarded", "Jump", "Narrow", "RootJump", "Site", "Solution", "Step", "Take"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where the search stands: in which subgraph, at which type, and what else is @provided here.

    `members` limits a union to the types that every subgraph able to answer knows (rule 4 of federation.md); None: all.
    `able` are the subgraphs that could have given this object too, where it has no key to say so: by giving the entity
    or the root that it was reached from. `above` is what sets contexts for what is here.
    """

    graph: str
    type: str
    provided: Selections = ()
    members: frozenset[str] | None = None
    able: frozenset[str] = frozenset()
    above: Above = NOWHERE


@dataclass(frozen=True, slots=True)
class Cost:
    """The calls that are needed, and how many leaves are carried in all.

    A call is (level, whom): what goes to one subgraph at one level travels in one request, so two parts together cost
    the union of their calls. Levels count from the fetch at hand, which is free.
    """

    calls: frozenset[tuple[int, str]] = frozenset()
    carried: int = 0

    @property
    def depth(self) -> int:
        """The last level that is called; 0 where nothing is."""
        return max((level for level, _ in self.calls), default=0)

    def __or__(self, other: "Cost") -> "Cost":
        return Cost(self.calls | other.calls, self.carried + other.carried)

    def after(self, level: int) -> "Cost":
        """The same where all of it can only begin after that level."""
        return Cost(frozenset((level + each, whom) for each, whom in self.calls), self.carried) if self.calls else self


FREE = Cost()


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """The subgraph at hand answers the field; `on` is the type it is selected on."""

    field: Field
    on: str
    below: "Solution | None"


@dataclass(frozen=True, slots=True, eq=False)
class Narrow:
    """The same for the objects of one type only."""

    on: str
    below: "Solution"


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """A row guard, and how what it needs is had."""

    guard: RowGuard
    needs: "Solution"


@dataclass(frozen=True, slots=True, eq=False)
class Jump:
    """Another subgraph is entered at this entity: with a key, for some fields also with what they require.

    `contexts` are the arguments of the field below that are filled from above.
    With a guard it is entered only for objects that are the viewer's; that may be the subgraph at hand again.
    """

    graph: str
    entity: str  # the type under which `graph` knows the entity: itself, its interface, its interface object
    type: str  # the type of the place jumped from
    from_interface_object: bool
    key: "Solution"
    requires: "Solution | None"
    guarded: Guarded | None
    below: "Solution"
    contexts: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RootJump:
    """Another subgraph is entered at its root type, which needs no key."""

    graph: str
    type: str
    below: "Solution"


Step = Take | Narrow | Jump | RootJump


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Steps that answer all but `remainder`."""

    steps: tuple[Step, ...]
    remainder: Selections
    cost: Cost
