"""From a solution to fetches: the choices of the search become what is sent, and what waits for what.

A  take     the field goes into the fetch at hand
B  narrow   the same, for one type
C  jump     key and required fields go into the fetch at hand (or where they jump to); what they give is the
            representation of an entity fetch, which waits for all of them, and for what its row guard reads
D  fetch    an entity fetch for the same subgraph and place is joined, unless it is sent earlier or later, its
            representation reads the same field from elsewhere, or it is for other objects (another guard)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.composition.supergraph import Supergraph, named
from gateway.planning.contexts import Want
from gateway.planning.drafting import DraftFetch, DraftNeed, DraftOutput, DraftOutputs, Entry, TreeKeys, joined
from gateway.planning.guards import RowGuard
from gateway.planning.plan import EACH, ONLY, FetchKind, Input, Path
from gateway.planning.solution import Jump, Narrow, RootJump, Solution, Take
from gateway.planning.supplying import Supplying

__all__ = ["Committer"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where steps are committed: into which fetch, at which place, into which of its selection sets.

    `keys` is the place as tree keys alone; `path` has the types of the objects too that were narrowed on the way, and
    `only_on` is the one that the objects here are narrowed to.
    """

    fetch: DraftFetch
    into: DraftOutputs
    keys: Path = ()
    path: Path = ()
    only_on: str | None = None

    def here(self) -> Path:
        """The path to the objects that are narrowed to."""
        return (*self.path, f"{ONLY}{self.only_on}") if self.only_on else self.path

    def below(self, into: DraftOutputs, steps: Path) -> "_Place":
        return _Place(self.fetch, into, (*self.keys, *steps), (*self.here(), *steps))


@dataclass(frozen=True, slots=True)
class _Committed:
    """What was committed: the fetches that give it, and how a representation reads it from the tree."""

    given_by: frozenset[int]
    inputs: tuple[Input, ...]

    def __or__(self, other: "_Committed") -> "_Committed":
        return _Committed(self.given_by | other.given_by, self.inputs + other.inputs)


_NOTHING = _Committed(frozenset(), ())


def _as_key(field: Input) -> Input:
    below = None if field.below is None else tuple(map(_as_key, field.below))
    return replace(field, is_key=True, below=below)


class Committer:
    """Makes the fetches of one operation. `drafts` grows; nothing in it is ever taken back."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.keys = TreeKeys()
        self.drafts: list[DraftFetch] = []
        self._supplying = Supplying(supergraph, self.keys)
        self._levels: dict[int, int] = {}

    def commit_query(self, solution: Solution) -> None:
        """All steps of a root solution; its root fetches start at once."""

        def commit(part: Solution) -> None:
            for step in part.steps:
                assert isinstance(step, RootJump)
                self._root(step, "query", (), frozenset())

        self._supplying.begin(solution, commit)
        commit(solution)

    def commit_mutation(self, solution: Solution) -> None:
        """One root field: after all that was committed before it is complete (GraphQL spec, 6.2.2; rule 11).

        Fields that follow one another in one subgraph travel together, as long as nothing has to be fetched between.
        """
        (step,) = solution.steps
        assert isinstance(step, RootJump)
        last = self.drafts[-1] if self.drafts else None
        joins = last is not None and last.kind == "mutation" and last.graph == step.graph
        before = self.drafts[:-1] if joins else self.drafts
        after = frozenset(each.number for each in before)

        def commit(part: Solution) -> None:
            for each in part.steps:
                assert isinstance(each, RootJump)
                self._root(each, "mutation", (), after)

        self._supplying.begin(solution, commit)
        commit(solution)

    def _root(self, step: RootJump, kind: FetchKind, path: Path, after: frozenset[int] = frozenset()) -> _Committed:
        """The fields of a root type, at the root or wherever a field leads back to it (`me { query { ... } }`)."""
        before = self._before(after)
        known = (
            each
            for each in self.drafts
            if (each.graph, each.kind, each.path) == (step.graph, kind, path) and each.number not in before
        )
        draft = next(known, None) or self._draft(step.graph, kind, path)
        draft.waits_for |= after
        keys = tuple(each for each in path if not each.startswith(ONLY))
        return self._commit(step.below, _Place(draft, draft.selects, keys, path))

    def _commit(self, solution: Solution, place: _Place) -> _Committed:
        done = _NOTHING
        for step in solution.steps:
            match step:
                case Take():
                    done |= self._take(step, place)
                case Narrow():
                    done |= self._narrow(step, place)
                case Jump():
                    done |= self._jump(step, place)
                case RootJump():
                    done |= self._root(step, "query", place.here(), frozenset({place.fetch.number}))
        return done

    # A
    def _take(self, step: Take, place: _Place) -> _Committed:
        graph = place.fetch.graph
        key = self.keys.key(place.keys, step.field)
        declared = self.supergraph.field_type(graph, step.on, step.field.name)
        output = place.into.outputs.get(key)
        if output is None:
            below = self._selection_set(step.on, step.field.name, graph, named(declared)) if step.below else None
            output = DraftOutput(step.field.name, step.field.arguments, key, declared, below)
            place.into.outputs[key] = output
        self._supplying.took(place.keys, key, step.on, place.fetch.number)
        given = _Committed(frozenset({place.fetch.number}), ())
        is_sent = step.field.wanted_by is None  # what only a context wants is no part of a representation
        if step.below is None or output.below is None:
            reads = Input(step.field.name, key, None, False, None)
            return given | _Committed(frozenset(), (reads,) if is_sent else ())
        steps = (key, *(EACH for _ in range(declared.count("["))))
        below_done = self._commit(step.below, place.below(output.below, steps))
        reads = Input(step.field.name, key, None, False, joined(below_done.inputs))
        return given | _Committed(below_done.given_by, (reads,) if is_sent else ())

    def _selection_set(self, on: str, field_name: str, graph: str, type_name: str) -> DraftOutputs:
        """An abstract place asks which type each object is, also where this subgraph gives but one.

        An interface object would not know.
        """
        whole = named(self.supergraph.types[on].fields[field_name].type)
        is_abstract = self.supergraph.types[whole].kind != "object"
        return DraftOutputs(typename=is_abstract and not self.supergraph.is_interface_object(graph, type_name))

    # B
    def _narrow(self, step: Narrow, place: _Place) -> _Committed:
        done = self._commit(step.below, replace(place, into=place.into.narrow(step.on), only_on=step.on))
        only = tuple(replace(each, only_on=step.on) for each in done.inputs)
        return _Committed(done.given_by | {place.fetch.number}, only)

    # C
    def _jump(self, step: Jump, place: _Place) -> _Committed:
        key = self._commit(step.key, place)
        required = self._commit(step.requires, place) if step.requires else _NOTHING
        guarded = self._commit(step.guarded.needs, place) if step.guarded else _NOTHING
        real_interface = self._is_real_interface(step)
        entry: Entry = (None if step.from_interface_object else step.type, step.entity)
        inputs = (*map(_as_key, key.inputs), *required.inputs)
        supplied = self._supplying.supplied(step.contexts, place.keys)
        given_by = key.given_by | required.given_by | guarded.given_by | supplied.given_by
        guard = step.guarded.guard if step.guarded else None
        wants = {each.argument.variable: each.want for each in step.contexts}
        fetch = self._entity_fetch(step.graph, place, given_by, entry, inputs, guard, wants)
        fetch.add(entry, inputs, guarded.inputs)
        fetch.filled_by |= supplied.given_by
        into = fetch.selects.narrow(step.entity)
        if real_interface:
            fetch.selects.typename = True  # that subgraph knows the real types, and is asked for them
        done = self._commit(step.below, replace(place, fetch=fetch, into=into))
        if step.requires or step.contexts:
            fields = (each.field for each in step.below.steps if isinstance(each, Take))
            for key_of in [self.keys.key(place.keys, each) for each in fields]:
                need = DraftNeed(joined(required.inputs), tuple(value for _, value in supplied.values))
                fetch.requiring[entry, step.entity, key_of] = need
                into.outputs[key_of].contexts = supplied.values
        return done

    def _is_real_interface(self, step: Jump) -> bool:
        kind = self.supergraph.types[step.entity].kind
        return kind != "object" and not self.supergraph.is_interface_object(step.graph, step.entity)

    # D
    def _entity_fetch(
        self,
        graph: str,
        place: _Place,
        given_by: frozenset[int],
        entry: Entry,
        inputs: tuple[Input, ...],
        guard: RowGuard | None,
        wants: Mapping[str, Want],
    ) -> DraftFetch:
        needed = {*given_by, place.fetch.number}
        level = 1 + max(map(self._level, needed))
        for draft in self.drafts:
            same = (draft.graph, draft.path, draft.kind) == (graph, place.path, "entities") and draft.guard is guard
            # One that is sent earlier is left alone, or all that waits for it would wait longer.
            if same and self._level(draft.number) == level and draft.takes(entry, inputs, wants):
                break
        else:
            draft = self._draft(graph, "entities", place.path)
            draft.guard = guard
        draft.waits_for |= needed
        draft.wants.update(wants)
        return draft

    def _level(self, number: int) -> int:
        """How many wait for one another up to this draft; that never changes."""
        if number not in self._levels:
            self._levels[number] = 1 + max(map(self._level, self.drafts[number].waits_for), default=0)
        return self._levels[number]

    def _before(self, drafts: Iterable[int]) -> set[int]:
        """These drafts and all they wait for."""
        seen: set[int] = set()
        open_ends = list(drafts)
        while open_ends:
            number = open_ends.pop()
            if number not in seen:
                seen.add(number)
                open_ends += self.drafts[number].waits_for
        return seen

    def _draft(self, graph: str, kind: FetchKind, path: Path) -> DraftFetch:
        draft = DraftFetch(len(self.drafts), graph, kind, path)
        self.drafts.append(draft)
        return draft
