"""The search: which subgraph answers what, at least cost. Nothing is decided for good here, nothing is built.

A  solve      a site and selections -> steps, remainder, cost
B  object     take what the subgraph has; what it can't give below a field stays pending for that field
C  abstract   a field of an interface, or one solution per possible type
D  jump       for what is pending: the candidate that answers most at least cost, again until none helps;
              its key, and what the fields require, are solved at this same site first; so is what decides about a
              guarded row, of which the subgraph at hand gives nothing else but by such a jump
E  remainder  what no candidate has goes up to the parent, wrapped in its field, up to the root
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.composition.supergraph import Supergraph
from gateway.errors import OverLimit
from gateway.planning.candidates import Candidate, Conditional, candidates, sorted_out
from gateway.planning.choosing import KEPT as _KEPT
from gateway.planning.choosing import Way, best_way
from gateway.planning.contexts import Bound, Contexts
from gateway.planning.guards import NO_GUARDS, Guarding, Guards
from gateway.planning.sites import below as below_field
from gateway.planning.sites import entered, local, narrowed, unfolded
from gateway.planning.solution import FREE, Cost, Guarded, Jump, Narrow, RootJump, Site, Solution, Step, Take
from gateway.planning.supplying import wanted_in
from gateway.selections import Field, Fragment, Selection, Selections, leaves

__all__ = ["Solver"]

_MOST_STEPS = 50_000  # a hostile document stops here; the widest honest ones use some hundreds
_LOOKED_AHEAD = 10_000  # from then on the first way that looks good is taken
_UNSURE = 10_000  # leaves that a key which may be null weighs more, as objects without it are not found: ten requests


@dataclass(frozen=True, slots=True)
class _Bounds:
    """`active` are the (type, field, apart) whose jump is being planned: asking for them again is a cycle.

    Where the search `stays`, it leaves what the subgraph at hand doesn't have: somebody above may go elsewhere for it.
    """

    active: frozenset[tuple[str, str, str]] = frozenset()
    stays: bool = False

    def planning(self, site: Site, wanted: Selections) -> "_Bounds":
        """The same while these fields are being planned there."""
        return _Bounds(self.active | {(site.type, each.name, each.apart) for each in wanted if isinstance(each, Field)})

    def plans(self, site: Site, field: Field) -> bool:
        """Whether the field is being planned there."""
        return (site.type, field.name, field.apart) in self.active


_NONE = _Bounds()
_LEAF = Cost(carried=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One way into a candidate: what its representation waits for besides the key; whether it joins the others."""

    step: Jump | RootJump
    waits: Cost
    joins: bool


class Solver:
    """One search over one supergraph. It remembers what it solved, and gives up past a number of steps."""

    def __init__(self, supergraph: Supergraph, guards: Guards = NO_GUARDS) -> None:
        self.supergraph = supergraph
        self._guarding = Guarding(supergraph, guards)
        self._contexts = Contexts(supergraph)
        self._known: dict[tuple[Site, Selections, _Bounds], Solution] = {}
        self._asking: set[tuple[Site, Selections, _Bounds]] = set()
        self._steps_left = _MOST_STEPS

    # A
    def solve(self, site: Site, selections: Selections, bounds: _Bounds = _NONE) -> Solution:
        """The best that can be done for `selections` at `site`, jumps included."""
        memo = (site, selections, bounds)
        known = self._known.get(memo)
        if known is None:
            if memo in self._asking:  # a key that needs itself, like a composite one with a part that is @external here
                return Solution((), selections, FREE)
            self._count()
            self._asking.add(memo)
            known = self._known[memo] = self._solve(site, selections, bounds)
            self._asking.discard(memo)
        return known

    def solve_root(self, root: str, selections: Selections) -> Solution:
        """The same from outside: every root field is entered in a subgraph that has it.

        What arguments are filled from is selected too, as soon as it is known which (see `contexts`).
        """
        while True:
            solution = self._solve_root(root, self._contexts.at_root(root, selections))
            if not self._contexts.learn(wanted_in(solution), solution.remainder):
                return solution
            self._known.clear()

    def _solve_root(self, root: str, selections: Selections) -> Solution:
        site = Site("", root)
        able = tuple(candidates(self.supergraph, site))
        if root == self.supergraph.roots.get("mutation"):
            # An effect must happen once, in one subgraph, whatever else it leaves to be fetched (rule 11).
            alone = self._attempts(site, able, selections, _NONE, looks_ahead=False)
            way = min(alone, key=lambda each: each.rank, default=Way((), selections, FREE))
        else:
            way = self._onwards(site, able, Way((), selections, FREE), _NONE, looks_ahead=True)
        return Solution(way.steps, way.left, way.cost)

    @property
    def _looks_ahead(self) -> bool:
        return self._steps_left > _MOST_STEPS - _LOOKED_AHEAD

    def _solve(self, site: Site, selections: Selections, bounds: _Bounds) -> Solution:
        kind = self.supergraph.types[site.type].kind
        if kind != "object" and not self.supergraph.is_interface_object(site.graph, site.type):
            return self._solve_abstract(site, selections, bounds)
        return self._solve_object(site, selections, bounds)

    # B
    def _solve_object(self, site: Site, selections: Selections, bounds: _Bounds) -> Solution:
        opened = tuple(unfolded(self.supergraph, site, selections))
        looks_ahead = self._looks_ahead
        way = self._locally(site, opened, bounds, looks_ahead=looks_ahead)
        if way.left and not bounds.stays:
            able = tuple(candidates(self.supergraph, site))
            way = self._onwards(site, able, way, bounds, looks_ahead=looks_ahead)
        return Solution(way.steps, way.left, way.cost)

    def _locally(self, site: Site, selections: Selections, bounds: _Bounds, *, looks_ahead: bool) -> Way:
        """What the subgraph at hand gives of selections without sure fragments; looking ahead, without jumps below."""
        staying = replace(bounds, stays=True)
        steps: list[Step] = []
        left: list[Selection] = []
        cost = FREE
        for each in selections:
            if isinstance(each, Fragment):
                left.append(each)
                continue
            if each.name == "__typename":
                if self.supergraph.is_interface_object(site.graph, site.type):
                    left.append(each)  # the subgraph would answer with the interface's name
                continue  # else the type is known without asking
            if self._is_undecided(site, each):
                left += [Fragment(name, (each,)) for name in sorted(self.supergraph.possible(site.type))]
                continue
            join = local(self.supergraph, site, each.name)
            here = join is not None and not join.conditional and self._guarding.guard(site.type, each) is None
            # What is being planned already is not put off: going elsewhere for it would need it again.
            within = staying if looks_ahead and not bounds.plans(site, each) else bounds
            taken = self._take(site, each, within) if here else None
            if taken is None:
                left.append(each)
                continue
            step, rest = taken
            steps.append(step)
            cost |= step.below.cost if step.below else _LEAF
            if rest:
                left.append(each.selecting(rest))
        return Way(tuple(steps), tuple(left), cost)

    def _is_undecided(self, site: Site, field: Field) -> bool:
        """Whether the real type of an interface object has to be known first: it may set a context."""
        is_interface_object = self.supergraph.is_interface_object(site.graph, site.type)
        return is_interface_object and self._contexts.are_undecided(site.type, site.above, field)

    def _onwards(
        self, site: Site, able: tuple[Candidate, ...], start: Way, bounds: _Bounds, *, looks_ahead: bool
    ) -> Way:
        """How what the start left is best had: from here with jumps below, or by entering other subgraphs here."""
        cyclic = tuple(each for each in start.left if self._is_active(site, each, bounds))
        free = tuple(each for each in start.left if each not in cyclic)

        def further(left: Selections) -> Iterator[Way]:
            if looks_ahead:
                here = self._locally(site, left, bounds, looks_ahead=False)
                if here.steps:
                    yield here
            yield from self._attempts(site, able, left, bounds, looks_ahead=looks_ahead)

        found = best_way(Way(start.steps, free, start.cost), further, kept=_KEPT if looks_ahead else 1)
        return Way(found.steps, cyclic + found.left, found.cost)

    def _is_active(self, site: Site, selection: Selection, bounds: _Bounds) -> bool:
        if not isinstance(selection, Field) or not bounds.plans(site, selection):
            return False
        join = local(self.supergraph, site, selection.name)
        return join is None or join.conditional or self._guarding.guard(site.type, selection) is not None

    def _take(self, site: Site, field: Field, bounds: _Bounds) -> tuple[Take, Selections] | None:
        """The field from this subgraph and what is left below it; None when nothing below it can be had this way."""
        if not field.selections:
            return Take(field, site.type, None), ()
        below = self.solve(below_field(self.supergraph, self._contexts, site, field), field.selections, bounds)
        if below.remainder and not below.steps:
            return None
        return Take(field, site.type, below), below.remainder

    # C
    def _solve_abstract(self, site: Site, selections: Selections, bounds: _Bounds) -> Solution:
        steps: list[Step] = []
        remainder: list[Selection] = []
        cost = FREE
        possible = self.supergraph.possible(site.type, site.graph)
        per_type: dict[str, list[Selection]] = {}
        for each in selections:
            if isinstance(each, Fragment):
                there = self.supergraph.possible(each.on) & possible
                for name in sorted(there if site.members is None else there & site.members):
                    per_type.setdefault(name, []).append(each if each.on == name else Fragment(name, each.selections))
            elif each.name == "__typename":
                continue  # asked for at every abstract place anyway
            elif taken := self._take_whole(site, each, possible, bounds):
                steps.append(taken)
                cost |= taken.below.cost if taken.below else _LEAF
            elif self._every_type_has(site, each, possible, bounds):
                for name in sorted(possible):
                    per_type.setdefault(name, []).append(each)
            else:
                remainder.append(each)
        for name in sorted(per_type):
            below = self.solve(narrowed(self._contexts, site, name), tuple(per_type[name]), bounds)
            if below.steps:
                steps.append(Narrow(name, below))
            cost |= below.cost
            if below.remainder:
                remainder.append(Fragment(name, below.remainder))
        return Solution(tuple(steps), tuple(remainder), cost)

    def _take_whole(self, site: Site, field: Field, possible: frozenset[str], bounds: _Bounds) -> Take | None:
        """An interface's field asked as such: only if every possible type resolves it itself (rule 2)."""
        join = (
            local(self.supergraph, site, field.name) if self.supergraph.types[site.type].kind == "interface" else None
        )
        if join is None or join.conditional:
            return None
        if field.selections and not self._contexts.are_set_alike(site.type, possible):
            return None
        for name in possible:
            each = local(self.supergraph, narrowed(self._contexts, site, name), field.name)
            if each is None or each.conditional or each.provides != join.provides or self._guarding.guard(name, field):
                return None
        taken = self._take(site, field, bounds)
        return taken[0] if taken and not taken[1] else None

    def _every_type_has(self, site: Site, field: Field, possible: frozenset[str], bounds: _Bounds) -> bool:
        """Rule 3: an interface's field must be had for all possible types; none at all is not satisfied."""
        return bool(possible) and all(
            not self.solve(narrowed(self._contexts, site, name), (field,), bounds).remainder for name in possible
        )

    # D
    def _attempts(
        self, site: Site, able: tuple[Candidate, ...], pending: Selections, bounds: _Bounds, *, looks_ahead: bool
    ) -> Iterator[Way]:
        """What each candidate would give: with jumps on below, and, where there are any, without."""
        for each in able:
            attempt = self._attempt(site, each, pending, bounds)
            if attempt:
                yield attempt
            if looks_ahead and attempt is not None and len(attempt.cost.calls) > 1:
                staying = self._attempt(site, each, pending, bounds, stays=True)
                if staying and staying.left:
                    yield staying

    def _attempt(
        self, site: Site, candidate: Candidate, pending: Selections, bounds: _Bounds, *, stays: bool = False
    ) -> Way | None:
        can = sorted_out(self.supergraph, self._guarding, site, candidate, pending)
        plain, requiring = can.plain, can.requiring
        if not plain and not requiring:
            return None
        wanted = (*plain, *(each.field for each in requiring))
        key_fields = self._guarding.key(site.type, candidate.key) if candidate.key else None
        key = self._solve_needed(site, key_fields, bounds.planning(site, wanted)) if key_fields else None
        if key and key.remainder:
            return None
        within = replace(bounds, stays=stays)
        left = list(can.other)
        entries: list[_Entry] = []
        covered = 0
        if plain:
            below = self._entered(entered(self._contexts, site, candidate), candidate, plain, within)
            gained = leaves(plain) - leaves(below.remainder)
            if gained > 0 or (below.steps and not below.remainder):
                entries.append(_Entry(self._step(site, candidate, key, None, None, below), FREE, joins=True))
                covered += gained
                left += below.remainder
            else:
                left += plain
        for conditional in requiring:
            field = conditional.field
            planning = bounds.planning(site, (field,))
            needs = self._solve_needed(site, conditional.requires, planning)
            bound = self._bound(site, candidate, conditional)
            guard = conditional.guard
            guarded = Guarded(guard, self._solve_needed(site, guard.needs, planning)) if guard else None
            reached = not needs.remainder and not (guarded and guarded.needs.remainder) and bound is not None
            taken = self._take(entered(self._contexts, site, candidate), field, within) if reached else None
            if taken is None or bound is None:
                left.append(field)
                continue
            step, rest = taken
            below = Solution((step,), (), step.below.cost if step.below else _LEAF)
            required = needs if conditional.requires else None
            waits = needs.cost | (guarded.needs.cost if guarded else FREE)
            joins = not any(isinstance(one, Jump) and one.graph == candidate.graph for one in needs.steps)
            entries.append(_Entry(self._step(site, candidate, key, required, guarded, below, bound), waits, joins))
            covered += leaves((field,)) - leaves(rest)
            if rest:
                left.append(field.selecting(rest))
        if not entries or covered <= 0:
            return None
        cost = _cost(candidate, key.cost if key else FREE, entries)
        return Way(tuple(each.step for each in entries), tuple(left), cost)

    def _solve_needed(self, site: Site, selections: Selections, bounds: _Bounds) -> Solution:
        """What a jump needs of the site itself, with what is wanted below it."""
        return self.solve(site, self._contexts.completed(site.above.place, site.type, selections), bounds)

    def _bound(self, site: Site, candidate: Candidate, conditional: Conditional) -> tuple[Bound, ...] | None:
        """What the field's arguments are filled from, which is sent as one comes back with a key; None: no such way."""
        if conditional.contexts and candidate.key is None:
            return None
        return self._contexts.bound(site.above, conditional.contexts)

    def _entered(self, site: Site, candidate: Candidate, selections: Selections, bounds: _Bounds) -> Solution:
        """What the candidate answers itself: no jump on from the place of entry, for that one is made from here."""
        if not candidate.enters_object:
            return self.solve(site, selections, bounds)
        steps: list[Step] = []
        remainder: list[Selection] = []
        cost = FREE
        for each in selections:
            assert isinstance(each, Field)
            taken = self._take(site, each, bounds)
            if taken is None:
                remainder.append(each)
                continue
            step, left = taken
            steps.append(step)
            cost |= step.below.cost if step.below else _LEAF
            if left:
                remainder.append(each.selecting(left))
        return Solution(tuple(steps), tuple(remainder), cost)

    def _step(
        self,
        site: Site,
        candidate: Candidate,
        key: Solution | None,
        requires: Solution | None,
        guarded: Guarded | None,
        below: Solution,
        contexts: tuple[Bound, ...] = (),
    ) -> Jump | RootJump:
        if key is None:
            return RootJump(candidate.graph, site.type, below)
        from_interface_object = self.supergraph.is_interface_object(site.graph, site.type)
        entity = candidate.entity.name
        return Jump(candidate.graph, entity, site.type, from_interface_object, key, requires, guarded, below, contexts)

    def _count(self) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise OverLimit(
                "the operation has too many ways through the subgraphs to plan: ask for less at once",
                code="QUERY_TOO_COMPLEX",
            )


def _cost(candidate: Candidate, key: Cost, entries: Sequence[_Entry]) -> Cost:
    """Of entering: each as soon as what it waits for is there; what nothing waits for may go with the last."""
    whom = candidate.graph if candidate.key else f"query {candidate.graph}"
    levels = [1 + max(key.depth, each.waits.depth) for each in entries]
    last = max((level for level, each in zip(levels, entries, strict=True) if each.joins), default=1)
    cost = key | Cost(carried=_UNSURE) if candidate.unsure else key
    for own, each in zip(levels, entries, strict=True):
        below = each.step.below.cost
        level = own if below.calls or not each.joins else max(own, last)
        cost = cost | each.waits | Cost(frozenset({(level, whom)})) | below.after(level)
    return cost
