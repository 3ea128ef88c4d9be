"""The unsplit graph: enums, values, entities with keys, interfaces and unions over them, roots; what clients don't see.

A  types    values, entities, what leads from one to the other
B  keys     plain, several, composite, nested, through a list; one that may be null
C  hidden   fields, arguments and whole types that are @inaccessible, with all that must then be so too
"""

import random

from tests.properties.random_graph.model import FieldModel, TypeModel

__all__ = ["ARGUMENTS", "COLOURS", "SCALARS", "Modelling"]

SCALARS = ["ID", "String", "Int", "Float", "Boolean", "Stamp", "Colour"]
COLOURS = ["RED", "GREEN", "BLUE"]
ARGUMENTS = [
    "x: Int",
    'y: String = "why"',
    "z: Boolean! = true",
    "colour: Colour = RED",
    "filter: Filter",
    "ids: [ID!]",
]
_WRAPPED = ["{}", "{}", "{}", "{}!", "[{}]", "[{}!]", "[{}!]!", "[{}]!", "[[{}]]", "[[{}!]!]"]


class Modelling:
    """Makes the types; `counting` lets mutations be told apart by their order."""

    def __init__(self, rng: random.Random, *, hiding: bool, counting: bool, weak: bool) -> None:
        self.rng = rng
        self.types: dict[str, TypeModel] = {}
        self.orders = 0
        self.hiding = hiding and rng.random() < 0.6
        self.counting = counting
        self.weak = weak

    # A
    def model(self) -> dict[str, TypeModel]:
        """All types by name."""
        rng = self.rng
        values = [f"V{number}" for number in range(rng.randint(1, 3))]
        entities = [f"E{number}" for number in range(rng.randint(2, 4))]
        interfaces = [f"I{number}" for number in range(rng.randint(0, 2))]
        unions = [f"U{number}" for number in range(rng.randint(0, 2))]
        for name in values:
            self.types[name] = TypeModel(name, "value")
            for number in range(rng.randint(1, 3)):
                self._add(name, f"{name.lower()}f{number}", rng.choice([*SCALARS, *[v for v in values if v > name]]))
        for name in entities:
            self.types[name] = TypeModel(name, "entity")
            self._add_keys(name, entities, values)
            for number in range(rng.randint(1, 4)):
                self._add(name, f"f{number}", rng.choice(SCALARS), arguments=rng.random() < 0.3)
        self._add_interfaces(interfaces, entities, values)
        for name in unions:
            members = rng.sample([*entities, *values], rng.randint(1, min(4, len(entities) + len(values))))
            self.types[name] = TypeModel(name, "union", members=sorted(members))
        for number, name in enumerate(entities):
            self._lead_on(number, name, [*entities, *entities, *values, *interfaces, *unions])
        for name in values:
            if rng.random() < 0.4:
                self._add(name, f"{name.lower()}e", rng.choice([*entities, *unions, *interfaces]))
        self._add_roots([*entities, *entities, *values, *interfaces, *unions], entities)
        if self.hiding:
            self._hide()
        return self.types

    def _lead_on(self, number: int, name: str, targets: list[str]) -> None:
        rng = self.rng
        if rng.random() < 0.3:
            self._add_split(f"P{number}", name)
        for each in range(rng.randint(1, 3)):
            self._add(name, f"r{each}", rng.choice(targets), arguments=rng.random() < 0.15)
        if self.counting and rng.random() < 0.3:
            self._add(name, "turn", "Int", type_text="Int").counted = True
        for each in range(rng.choice([0, 1, 2, 3])):
            named = rng.choice(["String", "Int"])
            text = named + rng.choice(["", "", "!"])
            made = self._add(name, f"c{each}", named, type_text=text, arguments=rng.random() < 0.3)
            made.computed = True
        if self.types[name].is_weak:
            for each in range(rng.randint(1, 2)):
                named = rng.choice([*SCALARS, *targets])
                self._add(name, f"w{each}", named, type_text=rng.choice([named, named, f"[{named}]"])).weak = True

    def _add_split(self, name: str, on: str) -> None:
        self.types[name] = TypeModel(name, "split")
        for number in range(self.rng.randint(2, 4)):
            self._add(name, f"{name.lower()}f{number}", self.rng.choice(SCALARS))
        self._add(on, "p", name)

    def _add_interfaces(self, interfaces: list[str], entities: list[str], values: list[str]) -> None:
        for name in interfaces:
            members = self.rng.sample([*entities, *values], self.rng.randint(1, min(4, len(entities) + len(values))))
            self.types[name] = TypeModel(name, "interface", members=members)
            for number in range(self.rng.randint(1, 2)):
                own = f"{name.lower()}{number}"
                named = self.rng.choice([*SCALARS, *SCALARS, *entities, *values])
                shared = self._add(name, own, named, arguments=self.rng.random() < 0.2)
                for each in members:
                    self.types[each].fields[own] = shared
            if all(each in entities for each in members) and self.rng.random() < 0.6:
                ids = [self.types[each].fields["id"] for each in members]
                self.types[name].fields["id"] = min(ids, key=lambda each: each.type)  # "ID" takes "ID!" in
            for each in members:
                self.types[each].implements.append(name)

    def _add_roots(self, targets: list[str], entities: list[str]) -> None:
        for root, low, high in (("Query", 2, 5), ("Mutation", 0, 4)):
            self.types[root] = TypeModel(root, "root")
            for number in range(self.rng.randint(low, high)):
                wanted = self.rng.choice(targets if root == "Query" else entities)
                made = self._add(root, f"{root[0].lower()}{number}", wanted, arguments=self.rng.random() < 0.2)
                made.counted = root == "Mutation" and self.counting
        if self.rng.random() < 0.35:
            self._add_split("PQ", "Query")

    def _add(
        self, on: str, name: str, named: str, *, type_text: str | None = None, arguments: bool = False
    ) -> FieldModel:
        self.orders += 1
        given = tuple(self.rng.sample(ARGUMENTS, self.rng.randint(1, 2))) if arguments else ()
        made = FieldModel(name, named, type_text or self._wrapped(named), self.orders, given)
        made.never_null = made.type == named and named in SCALARS and not type_text and self.rng.random() < 0.15
        self.types[on].fields[name] = made
        return made

    def _wrapped(self, named: str) -> str:
        choices = _WRAPPED[:4] if named in SCALARS and self.rng.random() < 0.6 else _WRAPPED
        return self.rng.choice(choices).format(named)

    # B
    def _add_keys(self, name: str, entities: list[str], values: list[str]) -> None:
        of, rng = self.types[name], self.rng
        weak = self.weak and rng.random() < 0.3
        lax = not weak and rng.random() < 0.2  # what some subgraphs say is never null
        self._add(name, "id", "ID", type_text="ID" if lax else "ID!").never_null = lax
        of.keys.append("id")
        if rng.random() < 0.4:
            self._add(name, "code", "String", type_text="String!")
            of.keys.append("code")
        if rng.random() < 0.3:
            self._add(name, "a", "Int", type_text="Int!")
            self._add(name, "b", "String", type_text="String!")
            of.keys.append("a b")
        before = [each for each in entities if each < name]
        if weak and any(self.types[each].fields["id"].never_null for each in before):
            before = []  # two keys that may be null by their types: which of them is can't be planned for
        if before and rng.random() < 0.35:
            parent = rng.choice(before)
            self._add(name, "up", parent, type_text=f"{parent}!")
            self._add(name, "no", "Int", type_text="Int!")
            key = rng.choice(self.types[parent].keys)
            of.keys.append(f"up {{ {key} }} no")
        if before and rng.random() < 0.12:
            parent = rng.choice(before)
            self._add(name, "ups", parent, type_text=f"[{parent}!]!")
            if not any("no" in key.split() for key in of.keys):
                self._add(name, "no", "Int", type_text="Int!")
            of.keys.append("ups { id } no")
        rng.shuffle(of.keys)
        if weak:
            self._add(name, "ref", "String", type_text="String")  # a key of its own kind: see Splitting

    # C
    def _hide(self) -> None:
        if self.rng.random() < 0.4:
            self._hide_type()
        for of in self.types.values():
            if of.kind == "interface":
                continue
            for declared in of.fields.values():
                if self.rng.random() < 0.12 and self._can_hide(of, declared):
                    declared.hidden = True
                elif self.rng.random() < 0.2 and declared.arguments and not self._is_interfaces(declared):
                    declared.hidden_argument = self.rng.choice(declared.arguments)

    def _hide_type(self) -> None:
        """One that some union has; whatever leads to it alone is hidden too, if enough is left."""
        candidates = [
            each
            for of in self.types.values()
            if of.kind == "union" and len(of.members) > 1
            for each in of.members
            if self._is_optional_in_unions(each)
        ]
        if not candidates:
            return
        of = self.types[self.rng.choice(sorted(set(candidates)))]
        leading = [
            (each, declared)
            for each in self.types.values()
            for declared in each.fields.values()
            if declared.named == of.name
        ]
        if of.implements or any(self._is_interfaces(declared) for _, declared in leading):
            return
        of.hidden = True
        for each, declared in leading:
            if not each.hidden and not self._can_hide(each, declared):
                for _, other in leading:
                    other.hidden = False
                of.hidden = False
                return
            declared.hidden = True

    def _is_optional_in_unions(self, name: str) -> bool:
        """The first member is the one that every subgraph knows."""
        return all(each.members[0] != name for each in self.types.values() if name in each.members)

    def _can_hide(self, of: TypeModel, declared: FieldModel) -> bool:
        left = [each for each in of.fields.values() if not each.hidden and each is not declared]
        return bool(left) and not any(declared.name in self.types[each].fields for each in of.implements)

    def _is_interfaces(self, declared: FieldModel) -> bool:
        return any(declared in each.fields.values() for each in self.types.values() if each.kind == "interface")
