"""Row rules: of some types a viewer sees only the rows that are theirs, whatever way leads there. Generic, by config:

    [[rows]]
    type = "BillingAccount"                     # of its objects
    fields = "client { salesperson }"           # the value that one path leads to
    claim = "sub"                               # is compared with what the viewer's token claims
    except = ["nodeId"]                         # everybody's all the same; the type's keys always are
    exempt_scopes = ["clients:all"]             # who has one of these sees every row

The engine treats `fields` as if every other field of the type required them (planning/guards.py), so they may come from
any subgraph. Rules decide about reading; what a mutation may do is for scopes and for its subgraph to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphql import GraphQLError

from gateway.composition.supergraph import Supergraph, SupergraphType, named
from gateway.errors import RowRuleError
from gateway.planning.guards import Guards, RowGuard, trusted
from gateway.planning.solution import Site
from gateway.planning.solving import Solver
from gateway.section import Section
from gateway.selections import Field, Selections, field_set

__all__ = ["RowRule", "RowRules", "merged", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """A viewer sees an object of `type` only where `fields`, one path, leads to the value of their `claim`."""

    type: str
    fields: str
    claim: str = "sub"
    except_fields: frozenset[str] = frozenset()
    exempt_scopes: frozenset[str] = frozenset()


def read(section: Section) -> tuple[RowRule, ...]:
    """`[[rows]]` of the whole file's section, checked as far as that goes without a supergraph."""
    rules: dict[str, RowRule] = {}
    for each in section.tables("rows"):
        rule = RowRule(
            type=each.required("type", each.text("type")),
            fields=each.required("fields", each.text("fields")),
            claim=each.text("claim", "sub"),
            except_fields=frozenset(each.texts("except")),
            exempt_scopes=frozenset(each.texts("exempt_scopes")),
        )
        if rule.type in rules:
            raise each.refused("type", f"there is a row rule for {rule.type} already: one type has one")
        rules[rule.type] = rule
    return tuple(rules.values())


class RowRules:
    """The rules of one supergraph, checked: RowRuleError names one that could not be kept."""

    def __init__(self, rules: Iterable[RowRule], supergraph: Supergraph) -> None:
        self._rules = tuple((rule, _guard(rule, supergraph)) for rule in rules)
        for rule, guard in self._rules:
            _check_reach(rule, guard, supergraph)

    def holding_for(self, scopes: frozenset[str]) -> int:
        """Which rules hold for a viewer with these scopes, as bits."""
        return sum(1 << n for n, (rule, _) in enumerate(self._rules) if not rule.exempt_scopes & scopes)

    def guards(self, holding: int) -> Guards:
        """What the planner needs of these rules."""
        return {rule.type: guard for n, (rule, guard) in enumerate(self._rules) if holding & 1 << n}


def _guard(rule: RowRule, supergraph: Supergraph) -> RowGuard:
    of = supergraph.types.get(rule.type)
    if of is None or of.kind != "object":
        raise _wrong(rule, "the graph has no such object type")
    if rule.type in supergraph.roots.values():
        raise _wrong(rule, "a root type has no rows")
    for interface in frozenset[str]().union(*of.implements.values()):
        if supergraph.types[interface].interface_object_in:
            raise _wrong(rule, f"a subgraph gives its interface {interface} without saying of which type an object is")
    if unknown := sorted(rule.except_fields - of.fields.keys()):
        raise _wrong(rule, f"the type has no field {', '.join(unknown)} to except")
    try:
        needs = field_set(rule.fields)
    except (GraphQLError, ValueError) as error:
        raise _wrong(rule, f"{rule.fields!r} is no set of fields") from error
    _check_path(rule, of, needs, supergraph)
    keys = tuple(key for keys in of.keys.values() for key in keys)
    return RowGuard(rule.type, rule.claim, trusted(needs), keys, rule.except_fields)


def _check_path(rule: RowRule, of: SupergraphType, path: Selections, supergraph: Supergraph) -> None:
    """One field after the other, each of the type that the one before gives, the last one a value."""
    field = path[0] if len(path) == 1 else None
    if not isinstance(field, Field):
        raise _wrong(rule, f"{rule.fields!r} is not one path: name one field within the other")
    found = of.fields.get(field.name)
    if found is None:
        raise _wrong(rule, f"{of.name} has no field {field.name}")
    below = supergraph.types.get(named(found.type))
    if below is None:
        if field.selections:
            raise _wrong(rule, f"{of.name}.{field.name} is a value and has no fields")
        return
    if not field.selections:
        raise _wrong(rule, f"{of.name}.{field.name} is no value to compare: name a field of {below.name} in it")
    _check_path(rule, below, field.selections, supergraph)


def _check_reach(rule: RowRule, guard: RowGuard, supergraph: Supergraph) -> None:
    """Wherever an object may be met, what decides about it must be had, and the object be asked for again."""
    of = supergraph.types[rule.type]
    if not any(of.keys.values()):
        raise _wrong(
            rule, "the type has no @key, so its objects can't be asked for again once it is known whose they are"
        )
    for graph in of.keys:
        if Solver(supergraph).solve(Site(graph, rule.type), guard.needs).remainder:
            name = supergraph.graphs[graph].name
            raise _wrong(rule, f"{rule.fields!r} can't be had for objects that come from {name}")


def _wrong(rule: RowRule, problem: str) -> RowRuleError:
    return RowRuleError(f"the row rule for {rule.type} can't be kept: {problem}")


def merged(own: Sequence[RowRule], configured: Sequence[RowRule]) -> tuple[RowRule, ...]:
    """One rule a type: what is configured takes the place of what the company graph brings."""
    return tuple({each.type: each for each in (*own, *configured)}.values())
