"""The search: which subgraph answers what, at least cost. Nothing is decided for good here, nothing is built.

A  solve      a site and selections -> steps, remainder, cost
B  object     take what the subgraph has; what it can't give below a field stays pending for that field
C  abstract   a field of an interface, or one solution per possible type
D  jump       for what is pending: the candidate that answers most at least cost, again until none helps;
              its key, and what the fields require, are solved at this same site first; so is what decides about a
              guarded row, of which the subgraph at hand gives nothing else but by such a jump
E  remainder  what no candidate has goes up to the parent, wrapped in its field, up to the root
"""

from dataclasses import dataclass

from gateway.composition.supergraph import Supergraph
from gateway.errors import OverLimit
from gateway.planning.candidates import Candidate, Conditional, candidates, sorted_out
from gateway.planning.contexts import Bound, Contexts
from gateway.planning.guards import NO_GUARDS, Guarding, Guards
from gateway.planning.sites import below as below_field
from gateway.planning.sites import entered, local, narrowed, unfolded
from gateway.planning.solution import Guarded, Jump, Narrow, RootJump, Site, Solution, Step, Take
from gateway.planning.supplying import wanted_in
from gateway.selections import Field, Fragment, Selection, Selections, leaves

__all__ = ["Solver"]

# (type, field, apart) whose jump is being planned: asking for them again is a cycle
Active = frozenset[tuple[str, str, str]]
_NONE: Active = frozenset()
_MOST_STEPS = 50_000  # a hostile document stops here; the widest honest ones use some hundreds
_CARRIED = 0.001  # the weight of one selected leaf against one request


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one candidate would answer, and what would be left."""

    steps: tuple[Step, ...]
    left: Selections
    covered: int
    cost: float


class Solver:
    """One search over one supergraph. It remembers what it solved, and gives up past a number of steps."""

    def __init__(self, supergraph: Supergraph, guards: Guards = NO_GUARDS) -> None:
        self.supergraph = supergraph
        self._guarding = Guarding(supergraph, guards)
        self._contexts = Contexts(supergraph)
        self._known: dict[tuple[Site, Selections, Active], Solution] = {}
        self._steps_left = _MOST_STEPS

    # A
    def solve(self, site: Site, selections: Selections, active: Active = _NONE) -> Solution:
        """The best that can be done for `selections` at `site`, jumps included."""
        memo = (site, selections, active)
        known = self._known.get(memo)
        if known is None:
            self._count()
            known = self._known[memo] = self._solve(site, selections, active)
        return known

    def solve_root(self, root: str, selections: Selections) -> Solution:
        """The same from outside: every root field is entered in a subgraph that has it.

        What arguments are filled from is selected too, as soon as it is known which (see `contexts`).
        """
        while True:
            solution = self._jumps(Site("", root), self._contexts.at_root(root, selections), _NONE)
            if not self._contexts.learn(wanted_in(solution), solution.remainder):
                return solution
            self._known.clear()

    def _solve(self, site: Site, selections: Selections, active: Active) -> Solution:
        kind = self.supergraph.types[site.type].kind
        if kind != "object" and not self.supergraph.is_interface_object(site.graph, site.type):
            return self._solve_abstract(site, selections, active)
        return self._solve_object(site, selections, active)

    # B
    def _solve_object(self, site: Site, selections: Selections, active: Active) -> Solution:
        steps: list[Step] = []
        pending: list[Selection] = []
        remainder: list[Selection] = []
        cost = 0.0
        for each in unfolded(self.supergraph, site, selections):
            if isinstance(each, Fragment):
                pending.append(each)
                continue
            if each.name == "__typename":
                if self.supergraph.is_interface_object(site.graph, site.type):
                    pending.append(each)  # the subgraph would answer with the interface's name
                continue  # else the type is known without asking
            if self._is_undecided(site, each):
                pending += [Fragment(name, (each,)) for name in sorted(self.supergraph.possible(site.type))]
                continue
            join = local(self.supergraph, site, each.name)
            here = join is not None and not join.conditional and self._guarding.guard(site.type, each) is None
            if (site.type, each.name, each.apart) in active and not here:
                remainder.append(each)
                continue
            taken = self._take(site, each, active) if here else None
            if taken is None:
                pending.append(each)
                continue
            step, left = taken
            steps.append(step)
            cost += step.below.cost if step.below else _CARRIED
            if left:
                pending.append(each.selecting(left))
        if pending:
            jumped = self._jumps(site, tuple(pending), active)
            steps += jumped.steps
            remainder += jumped.remainder
            cost += jumped.cost
        return Solution(tuple(steps), tuple(remainder), cost)

    def _is_undecided(self, site: Site, field: Field) -> bool:
        """Whether the real type of an interface object has to be known first: it may set a context."""
        is_interface_object = self.supergraph.is_interface_object(site.graph, site.type)
        return is_interface_object and self._contexts.are_undecided(site.type, site.above, field)

    def _take(self, site: Site, field: Field, active: Active) -> tuple[Take, Selections] | None:
        """The field from this subgraph and what is left below it; None when nothing below it can be had this way."""
        if not field.selections:
            return Take(field, site.type, None), ()
        below = self.solve(below_field(self.supergraph, self._contexts, site, field), field.selections, active)
        if below.remainder and not below.steps:
            return None
        return Take(field, site.type, below), below.remainder

    # C
    def _solve_abstract(self, site: Site, selections: Selections, active: Active) -> Solution:
        steps: list[Step] = []
        remainder: list[Selection] = []
        cost = 0.0
        possible = self.supergraph.possible(site.type, site.graph)
        per_type: dict[str, list[Selection]] = {}
        for each in selections:
            if isinstance(each, Fragment):
                there = self.supergraph.possible(each.on) & possible
                for name in sorted(there if site.members is None else there & site.members):
                    per_type.setdefault(name, []).append(each if each.on == name else Fragment(name, each.selections))
            elif each.name == "__typename":
                continue  # asked for at every abstract place anyway
            elif taken := self._take_whole(site, each, possible, active):
                steps.append(taken)
                cost += taken.below.cost if taken.below else _CARRIED
            elif self._every_type_has(site, each, possible, active):
                for name in sorted(possible):
                    per_type.setdefault(name, []).append(each)
            else:
                remainder.append(each)
        for name in sorted(per_type):
            below = self.solve(narrowed(self._contexts, site, name), tuple(per_type[name]), active)
            if below.steps:
                steps.append(Narrow(name, below))
            cost += below.cost
            if below.remainder:
                remainder.append(Fragment(name, below.remainder))
        return Solution(tuple(steps), tuple(remainder), cost)

    def _take_whole(self, site: Site, field: Field, possible: frozenset[str], active: Active) -> Take | None:
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
        taken = self._take(site, field, active)
        return taken[0] if taken and not taken[1] else None

    def _every_type_has(self, site: Site, field: Field, possible: frozenset[str], active: Active) -> bool:
        """Rule 3: an interface's field must be had for all possible types; none at all is not satisfied."""
        return bool(possible) and all(
            not self.solve(narrowed(self._contexts, site, name), (field,), active).remainder for name in possible
        )

    # D
    def _jumps(self, site: Site, pending: Selections, active: Active) -> Solution:
        steps: list[Step] = []
        cost = 0.0
        entered = tuple(candidates(self.supergraph, site))
        while pending:
            attempts = [attempt for each in entered if (attempt := self._attempt(site, each, pending, active))]
            if not attempts:
                break
            best = min(attempts, key=lambda attempt: (-attempt.covered, attempt.cost))
            steps += best.steps
            cost += best.cost
            pending = best.left
        return Solution(tuple(steps), pending, cost)

    def _attempt(self, site: Site, candidate: Candidate, pending: Selections, active: Active) -> _Attempt | None:
        can = sorted_out(self.supergraph, self._guarding, site, candidate, pending)
        plain, requiring = can.plain, can.requiring
        if not plain and not requiring:
            return None
        wanted = (*plain, *(each.field for each in requiring))
        key_fields = self._guarding.key(site.type, candidate.key) if candidate.key else None
        key = self._solve_needed(site, key_fields, _with(active, site, wanted)) if key_fields else None
        if key and key.remainder:
            return None
        steps: list[Step] = []
        left = list(can.other)
        covered, cost = 0, key.cost if key else 0.0
        if plain:
            below = self._entered(entered(self._contexts, site, candidate), candidate, plain, active)
            gained = leaves(plain) - leaves(below.remainder)
            if gained > 0 or (below.steps and not below.remainder):
                steps.append(self._step(site, candidate, key, None, None, below))
                covered += gained
                cost += 1 + _CARRIED * leaves(plain) + below.cost
                left += below.remainder
            else:
                left += plain
        for conditional in requiring:
            field = conditional.field
            within = _with(active, site, (field,))
            needs = self._solve_needed(site, conditional.requires, within)
            bound = self._bound(site, candidate, conditional)
            guard = conditional.guard
            guarded = Guarded(guard, self._solve_needed(site, guard.needs, within)) if guard else None
            reached = not needs.remainder and not (guarded and guarded.needs.remainder) and bound is not None
            taken = self._take(entered(self._contexts, site, candidate), field, active) if reached else None
            if taken is None or bound is None:
                left.append(field)
                continue
            step, rest = taken
            below_cost = step.below.cost if step.below else 0.0
            required = needs if conditional.requires else None
            answered = Solution((step,), (), below_cost)
            steps.append(self._step(site, candidate, key, required, guarded, answered, bound))
            covered += leaves((field,)) - leaves(rest)
            cost += 0.5 + needs.cost + below_cost  # it may travel with what the candidate gives anyway
            cost += guarded.needs.cost if guarded else 0.0
            if rest:
                left.append(field.selecting(rest))
        return _Attempt(tuple(steps), tuple(left), covered, cost) if steps and covered > 0 else None

    def _solve_needed(self, site: Site, selections: Selections, active: Active) -> Solution:
        """What a jump needs of the site itself, with what is wanted below it."""
        return self.solve(site, self._contexts.completed(site.above.place, site.type, selections), active)

    def _bound(self, site: Site, candidate: Candidate, conditional: Conditional) -> tuple[Bound, ...] | None:
        """What the field's arguments are filled from, which is sent as one comes back with a key; None: no such way."""
        if conditional.contexts and candidate.key is None:
            return None
        return self._contexts.bound(site.above, conditional.contexts)

    def _entered(self, site: Site, candidate: Candidate, selections: Selections, active: Active) -> Solution:
        """What the candidate answers itself: no jump on from the place of entry, for that one is made from here."""
        if not candidate.enters_object:
            return self.solve(site, selections, active)
        steps: list[Step] = []
        remainder: list[Selection] = []
        cost = 0.0
        for each in selections:
            assert isinstance(each, Field)
            taken = self._take(site, each, active)
            if taken is None:
                remainder.append(each)
                continue
            step, left = taken
            steps.append(step)
            cost += step.below.cost if step.below else 0.0
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
    ) -> Step:
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


def _with(active: Active, site: Site, wanted: Selections) -> Active:
    return active | {(site.type, each.name, each.apart) for each in wanted if isinstance(each, Field)}
