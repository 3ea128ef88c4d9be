"""What arguments are filled from (see `contexts`), as fetches are made: who gives it, and where it is in the tree.

A  find     what the arguments in a solution want
B  supply   before a fetch whose arguments are filled is made, all that gives what they want is: of the whole solution
            the steps that lead there. So it is known what the fetch waits for, and nothing can join that waits for it.
C  read     the way from the ancestor to the value, by tree keys
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gateway.composition.supergraph import Supergraph, named
from gateway.errors import PlanningError
from gateway.planning.contexts import Bound, Want
from gateway.planning.drafting import TreeKeys
from gateway.planning.plan import EACH, ContextValue, Input, Path
from gateway.planning.solution import FREE, Jump, Narrow, RootJump, Solution, Step, Take
from gateway.selections import Fragment, Selections

__all__ = ["Supplied", "Supplying", "wanted_in"]


@dataclass(frozen=True, slots=True)
class Supplied:
    """The values of a field's arguments by their names, and the fetches that give them."""

    given_by: frozenset[int]
    values: tuple[tuple[str, ContextValue], ...]


# A
def wanted_in(solution: Solution) -> Iterator[Want]:
    """What the arguments of the fields in it want."""
    for step in solution.steps:
        if isinstance(step, Jump):
            yield from (each.want for each in step.contexts)
        for each in _inner(step):
            yield from wanted_in(each)


def _inner(step: Step) -> Iterator[Solution]:
    match step:
        case Take():
            if step.below:
                yield step.below
        case Narrow() | RootJump():
            yield step.below
        case Jump():
            yield step.key
            if step.requires:
                yield step.requires
            if step.guarded:
                yield step.guarded.needs
            yield step.below


# B
class Supplying:
    """Who gives which field where, as far as fetches are made; `begin` says of what more of them can be made."""

    def __init__(self, supergraph: Supergraph, keys: TreeKeys) -> None:
        self._supergraph = supergraph
        self._keys = keys
        self._takes: dict[tuple[Path, str], set[tuple[str, int]]] = {}
        self._solution = Solution((), (), FREE)
        self._commit: Callable[[Solution], None] = lambda _: None
        self._begun: set[Want] = set()
        self._done: set[Want] = set()

    def begin(self, solution: Solution, commit: Callable[[Solution], None]) -> None:
        """Fetches are now made of `solution`; `commit` makes those of a part of it."""
        self._solution = solution
        self._commit = commit

    def took(self, keys: Path, key: str, on: str, fetch: int) -> None:
        """A fetch gives the field `key` of objects of type `on` at the place."""
        self._takes.setdefault((keys, key), set()).add((on, fetch))

    def supplied(self, contexts: tuple[Bound, ...], keys: Path) -> Supplied:
        """What the arguments of a field at the place are filled from."""
        values = tuple((each.argument.name, self._value(each, keys)) for each in contexts)
        for each in contexts:
            self._supply(each)
        given_by = (
            number
            for each, (_, value) in zip(contexts, values, strict=True)
            for number in self._givers(value.inputs, each.want.type, _ancestor(keys, each.up))
        )
        return Supplied(frozenset(given_by), values)

    def _supply(self, bound: Bound) -> None:
        want = bound.want
        if want in self._done:
            return
        if want in self._begun:
            raise PlanningError(f"{bound.argument.coordinate} is filled from what only it leads to")
        self._begun.add(want)
        self._commit(_part(self._solution, want))
        self._done.add(want)

    def _givers(self, inputs: tuple[Input, ...], type_name: str, keys: Path) -> Iterator[int]:
        for each in inputs:
            on = each.only_on or type_name
            possible = self._supergraph.possible(on)
            for taken_on, fetch in self._takes.get((keys, each.tree_key), ()):
                if self._supergraph.possible(taken_on) & possible:
                    yield fetch
            if each.below:
                declared = self._supergraph.types[on].fields[each.name].type
                yield from self._givers(each.below, named(declared), _below(keys, each.tree_key, declared))

    # C
    def _value(self, bound: Bound, keys: Path) -> ContextValue:
        argument, want = bound.argument, bound.want
        inputs = tuple(self._inputs(want.selections, want.type, _ancestor(keys, bound.up)))
        return ContextValue(argument.coordinate, argument.variable, argument.type, bound.up, inputs)

    def _inputs(self, selections: Selections, type_name: str, keys: Path) -> Iterator[Input]:
        for each in selections:
            if isinstance(each, Fragment):
                for name in sorted(self._supergraph.possible(each.on) & self._supergraph.possible(type_name)):
                    inner = self._inputs(each.selections, name, keys)
                    yield from (replace(one, only_on=name if name != type_name else None) for one in inner)
                continue
            key = self._keys.key(keys, each)
            declared = self._supergraph.types[type_name].fields[each.name].type
            below = tuple(self._inputs(each.selections, named(declared), _below(keys, key, declared)))
            yield Input(each.name, key, None, False, below if each.selections else None)


def _part(solution: Solution, want: Want) -> Solution:
    """The steps that lead to what is wanted."""
    steps = (kept for each in solution.steps if (kept := _part_of(each, want)))
    return Solution(tuple(steps), (), FREE)


def _part_of(step: Step, want: Want) -> Step | None:
    if isinstance(step, Take):
        if step.field.wanted_by == want:
            return step
        if step.below is None:
            return None
    below = _part(step.below, want) if step.below else Solution((), (), FREE)
    if below.steps:
        return replace(step, below=below)
    needed = isinstance(step, Jump) and any(_part(each, want).steps for each in _inner(step))
    return replace(step, below=below) if needed else None


def _ancestor(keys: Path, up: int) -> Path:
    """The place of the object that many levels above the one at `keys`."""
    steps = [index for index, each in enumerate(keys) if each != EACH]
    return keys[: steps[len(steps) - up]]


def _below(keys: Path, key: str, declared: str) -> Path:
    return (*keys, key, *(EACH for _ in range(declared.count("["))))
