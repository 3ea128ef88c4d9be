"""On what terms: who overrides whom, what is computed from what, what is provided, what must be said of it all.

A  override   a field moves to another home, for all requests or some
B  requires   only of fields that came before, so nothing waits for itself; a subgraph may well wait for another in turn
C  provides   fields of others below a field: plain, nested, of a union's member, of an interface
D  settle     a subgraph learns of more fields as others name them: what it owns by then is no longer owed by others
E  say        @shareable, @inaccessible, @tag, types that are stricter than the whole's
"""

import random
from collections.abc import Iterable, Iterator

from tests.properties.random_graph.model import FieldModel, Override, Selected, Terms, TypeModel
from tests.properties.random_graph.modelling import SCALARS
from tests.properties.random_graph.splitting import Splitting, own_words

__all__ = ["LABELS", "settle_terms"]

LABELS = ["percent(50)", "percent(0)", "percent(100)", "percent(12.5)", "moved", "staying"]
_GIVEN = {
    "x: Int": "x: 4",
    'y: String = "why"': 'y: "q"',
    "z: Boolean! = true": "z: false",
    "colour: Colour = RED": "colour: GREEN",
    "filter: Filter": 'filter: { at: 5, names: ["n"] }',
    "ids: [ID!]": 'ids: ["1", 2]',
}


def settle_terms(rng: random.Random, splitting: Splitting) -> None:
    """Puts all terms into the parts of the split."""
    _Settling(rng, splitting).run()


class _Settling:
    def __init__(self, rng: random.Random, splitting: Splitting) -> None:
        self.rng = rng
        self.know = splitting.know
        self.split = splitting.split
        self.types = splitting.types
        self.provided: set[tuple[str, str]] = set()

    def run(self) -> None:
        entities = [each for each in self.types.values() if each.kind == "entity"]
        for each in (*entities, self.types["Query"]):
            for declared in each.fields.values():
                self._override(each, declared)
        for each in entities:
            for declared in each.fields.values():
                self._require(each, declared)
        for of in (*entities, self.types["Query"]):
            for declared in of.fields.values():
                self._provide(of, declared)
        self._settle()
        self._say()

    # A
    def _override(self, of: TypeModel, declared: FieldModel) -> None:
        owners = self.split.owners(of.name, declared.name)
        if self.rng.random() > 0.12 or declared.computed or declared.weak or declared.name in own_words(of.keys):
            return
        if self.types.get(declared.named, of).kind == "split" or declared.name == "ref":
            return
        if self.rng.random() < 0.15:  # from nobody: that means nothing
            self.split.part(owners[0], of).fields[declared.name].override = Override("nobody", None)
            return
        others = [h for h in self.split.homes.get(of.name, self.split.names) if h not in owners]
        if others:
            home = self.rng.choice(others)
            label = self.rng.choice(LABELS) if self.rng.random() < 0.6 else None
            terms = Terms(override=Override(self.rng.choice(owners), label), shareable=len(owners) > 1)
            self.split.part(home, of).fields[declared.name] = terms
            self.know(home, declared.named)

    # B
    def _require(self, entity: TypeModel, declared: FieldModel) -> None:
        if not declared.computed:
            return
        (home,) = self.split.owners(entity.name, declared.name)
        self.split.part(home, entity).fields[declared.name].requires = tuple(
            self._required_set(home, entity, declared.order, 2, under_external=False)
        )

    def _required_set(
        self, home: str, on: TypeModel, before: int, depth: int, *, under_external: bool
    ) -> Iterator[Selected]:
        """Below an @external field all may be named; else what the subgraph doesn't have itself."""
        usable = [each for each in on.fields.values() if each.order < before]
        usable = [each for each in usable if under_external or self._is_owed(home, on, each, depth)]
        chosen = self.rng.sample(usable, min(len(usable), self.rng.randint(1, 3)))
        computed = [each for each in usable if each.computed and each not in chosen]
        if computed and self.rng.random() < 0.4:
            chosen.append(self.rng.choice(computed))
        for each in chosen:
            yield from self._required(home, on, each, before, depth, under_external=under_external)

    def _is_owed(self, home: str, on: TypeModel, declared: FieldModel, depth: int) -> bool:
        if not self.split.owns(home, on, declared):
            return True
        return depth > 0 and declared.named in self.types and self.types[declared.named].kind == "entity"

    def _required(
        self, home: str, on: TypeModel, declared: FieldModel, before: int, depth: int, *, under_external: bool
    ) -> Iterator[Selected]:
        of = self.types.get(declared.named)
        if of is not None and (of.kind == "split" or not depth):
            return
        external = under_external or not self.split.owns(home, on, declared)
        below: tuple[Selected, ...] = ()
        if of is not None:
            self.know(home, of.name)
            owners = self.split.owners(on.name, declared.name)
            below = tuple(self._required_below(home, of, owners, before, depth - 1, under_external=external))
            if not below:
                return
        if not self.split.owns(home, on, declared):
            if on.kind != "entity":
                return
            self.split.part(home, on).fields[declared.name] = Terms(external=True)
        given = [each for each in declared.arguments if self.rng.random() < 0.8]
        arguments = f"({', '.join(_GIVEN[each] for each in given)})" if given else ""
        yield Selected(declared.name, arguments, below=below)

    def _required_below(
        self, home: str, of: TypeModel, owners: list[str], before: int, depth: int, *, under_external: bool
    ) -> Iterator[Selected]:
        if of.kind in ("value", "entity"):
            yield from self._required_set(home, of, before, depth, under_external=under_external)
            return
        if not under_external:
            return
        for name in self.split.parts[home][of.name].fields:
            if of.fields[name].named in SCALARS and not of.fields[name].arguments and self.rng.random() < 0.6:
                yield Selected(name)
        for each in self.split.members(home, of):
            # The reference composers find no way to a type that the field never leads to.
            if self.rng.random() < 0.6 and all(each in self.split.members(owner, of) for owner in owners):
                below = tuple(
                    self._required_set(home, self.types[each], before, min(depth, 1), under_external=under_external)
                )
                if below:
                    yield Selected(on=each, below=below)

    # C
    def _provide(self, on: TypeModel, declared: FieldModel) -> None:
        of = self.types.get(declared.named)
        if of is None or of.kind in ("value", "split") or self.rng.random() < 0.5:
            return
        owners = self.split.owners(on.name, declared.name)
        if any(self._terms(home, on, declared).override for home in owners):
            return
        for home in owners:
            if not self._terms(home, on, declared).requires:
                granted = tuple(self._granted(home, of, 1, lent=False))
                self._terms(home, on, declared).provides = granted

    def _granted(self, home: str, of: TypeModel, depth: int, *, lent: bool) -> Iterator[Selected]:
        """`lent`: below a field of another, where an interface's own fields may be named."""
        match of.kind:
            case "entity":
                yield from self._granted_of_entity(home, of, depth)
            case "union" | "interface":
                for each in self.split.members(home, of):
                    member = self.types[each]
                    if member.kind == "entity" and self.rng.random() < 0.7:
                        below = tuple(self._granted_of_entity(home, member, depth))
                        if below:
                            yield Selected(on=each, below=below)
                if of.kind == "interface":
                    yield from self._granted_of_interface(home, of, depth, lent=lent)

    def _granted_of_entity(self, home: str, of: TypeModel, depth: int) -> Iterator[Selected]:
        part = self.split.part(home, of)
        usable = [each for each in of.fields.values() if not part.owns(each.name) and self._can_be_granted(each)]
        for each in self.rng.sample(usable, self.rng.randint(min(1, len(usable)), min(2, len(usable)))):
            self._lend(home, of, each.name)
            yield Selected(each.name)
        deeper = [each for each in of.fields.values() if self._leads_deeper(each)]
        if depth and deeper and self.rng.random() < 0.5:
            each = self.rng.choice(deeper)
            self.know(home, each.named)
            below = tuple(self._granted(home, self.types[each.named], depth - 1, lent=not part.owns(each.name)))
            if below:
                self._lend(home, of, each.name)
                yield Selected(each.name, below=below)

    def _granted_of_interface(self, home: str, of: TypeModel, depth: int, *, lent: bool) -> Iterator[Selected]:
        """A field that every member here leaves to others."""
        members = [self.types[each] for each in self.split.members(home, of)]
        for name in self.split.parts[home][of.name].fields:
            declared = of.fields[name]
            if not all(each.kind == "entity" and not self.split.owns(home, each, declared) for each in members):
                continue
            below: tuple[Selected, ...] = ()
            if depth and self._leads_deeper(declared):
                below = tuple(self._granted(home, self.types[declared.named], depth - 1, lent=True))
            if below or (lent and self._can_be_granted(declared)):
                for each in members:
                    self._lend(home, each, name)
                yield Selected(name, below=below)

    def _lend(self, home: str, of: TypeModel, name: str) -> None:
        """The subgraph names it, as another's; and as it may be provided, that one says @shareable."""
        if not self.split.part(home, of).owns(name):
            self.split.part(home, of).fields[name] = Terms(external=True)
            self.provided.add((of.name, name))
            self.split.lent.add((home, of.name, name))

    def _leads_deeper(self, declared: FieldModel) -> bool:
        of = self.types.get(declared.named)
        return (
            of is not None and of.kind in ("entity", "union", "interface") and not (declared.arguments or declared.weak)
        )

    def _can_be_granted(self, declared: FieldModel) -> bool:
        return declared.named in SCALARS and not (
            declared.computed or declared.arguments or declared.weak or declared.counted or declared.name == "ref"
        )

    # D
    def _settle(self) -> None:
        for home in self.split.names:
            self._complete_members(home)
        for home, of, _, name, terms in self.split.terms():
            declared = of.fields[name]
            terms.requires = self._left(home, of, terms.requires, under_external=False)
            if declared.computed and self.split.owns(home, of, declared) and not terms.requires:
                declared.computed = False
            target = self.types.get(declared.named)
            if target and terms.provides:
                terms.provides = self._left(home, target, terms.provides, under_external=False)
        for home in self.split.names:
            self._drop_unused(home)
        self._share_values()

    def _left(
        self, home: str, on: TypeModel, selections: tuple[Selected, ...], *, under_external: bool
    ) -> tuple[Selected, ...]:
        """Without what the subgraph turned out to resolve itself, where that may not be named."""
        found = []
        for each in selections:
            if each.on:
                below = self._left(home, self.types[each.on], each.below, under_external=under_external)
                if below:
                    found.append(Selected(on=each.on, below=below))
                continue
            declared = on.fields[each.name]
            external = under_external or self._is_external(home, on, each)
            if not each.below:
                found += [each] if external else []
                continue
            below = self._left(home, self.types[declared.named], each.below, under_external=external)
            if below:
                found.append(Selected(each.name, each.arguments, below=below))
        return tuple(found)

    def _is_external(self, home: str, on: TypeModel, selected: Selected) -> bool:
        """An interface's field can't say so: its members do, if something is named below it."""
        if on.kind == "interface":
            members = [self.types[each] for each in self.split.members(home, on)]
            return bool(selected.below) and any(self._is_external(home, each, selected) for each in members)
        terms = self.split.parts[home][on.name].fields.get(selected.name)
        return terms is not None and terms.external

    def _complete_members(self, home: str) -> None:
        """An object that implements an interface here has all its fields here, as @external where others own them."""
        for of in self.types.values():
            if of.kind == "interface" and of.name in self.split.parts[home]:
                for member in self.split.members(home, of):
                    for wanted in self.split.parts[home][of.name].fields:
                        self.split.part(home, self.types[member]).fields.setdefault(wanted, Terms(external=True))

    def _drop_unused(self, home: str) -> None:
        """An @external field that nothing names is refused."""
        used = set(self._used(home))
        for name, part in self.split.parts[home].items():
            for field_name in [each for each, terms in part.fields.items() if terms.external]:
                if (name, field_name) not in used:
                    del part.fields[field_name]

    def _used(self, home: str) -> Iterator[tuple[str, str]]:
        for name, part in self.split.parts[home].items():
            of = self.types[name]
            if of.kind == "interface":
                yield from ((member, each) for member in part.members for each in part.fields)
            for field_name, terms in part.fields.items():
                yield from self._named(of, terms.requires)
                if terms.provides:
                    yield from self._named(self.types[of.fields[field_name].named], terms.provides)

    def _named(self, on: TypeModel, selections: Iterable[Selected]) -> Iterator[tuple[str, str]]:
        for each in selections:
            if each.on:
                yield from self._named(self.types[each.on], each.below)
                continue
            for name in on.members or [on.name]:
                yield name, each.name
            if each.below:
                yield from self._named(self.types[on.fields[each.name].named], each.below)

    # E
    def _share_values(self) -> None:
        for of in self.types.values():
            if of.kind == "value":
                holding = [home for home in self.split.names if of.name in self.split.parts[home]]
                for home in holding:
                    self.split.parts[home][of.name].shareable = len(holding) > 1

    def _say(self) -> None:
        for of in self.types.values():
            for declared in of.fields.values() if of.kind in ("entity", "root") else ():
                self._say_shared(of, declared)
            for declared in of.fields.values():
                self._say_hidden(of, declared)
                self._say_strict(of, declared)
        for *_, terms in self.split.terms():
            if not terms.external and self.rng.random() < 0.03:
                terms.tag = self.rng.choice(["public", "internal"])

    def _say_shared(self, of: TypeModel, declared: FieldModel) -> None:
        """A field that several subgraphs own or provide says so; where it is in a key that goes without saying."""
        owners = self.split.owners(of.name, declared.name)
        left = set(owners) - {t.override.source for h in owners if (t := self._terms(h, of, declared)).override}
        for home in owners if len(left) > 1 or (of.name, declared.name) in self.provided else ():
            if declared.name not in own_words(self.split.part(home, of).keys):
                self._terms(home, of, declared).shareable = True

    def _terms(self, home: str, of: TypeModel, declared: FieldModel) -> Terms:
        return self.split.part(home, of).fields[declared.name]

    def _say_hidden(self, of: TypeModel, declared: FieldModel) -> None:
        """Where one says so it is so for all."""
        owners = self.split.owners(of.name, declared.name)
        if declared.hidden and owners:
            for home in self.rng.sample(owners, self.rng.randint(1, len(owners))):
                self._terms(home, of, declared).hidden = True

    def _say_strict(self, of: TypeModel, declared: FieldModel) -> None:
        """Some of several owners promise that it is never null; one doesn't, so the whole doesn't."""
        owners = self.split.owners(of.name, declared.name)
        if (
            of.kind != "interface"
            and declared.never_null
            and not any(declared.name in self.types[each].fields for each in of.implements)
        ):
            for home in self.rng.sample(owners, self.rng.randint(0, len(owners) - 1)) if owners else ():
                self._terms(home, of, declared).strict = True
