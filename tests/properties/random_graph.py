"""A random graph: a schema, its data, and a split over two to four subgraphs that composes by construction.

A  model    enums, values, entities with keys, interfaces and unions over them, a root
B  split    who owns which field; keys so that every subgraph of an entity can be entered from every other
C  terms    @shareable, @requires (only of fields that came before, so nothing waits for itself), @provides
D  data     a few objects of every type; what an argument gives depends on the argument
"""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from tests.gateway.federation import Computed, Thing, World

__all__ = ["RandomGraph", "random_graph"]

SCALARS = ["ID", "String", "Int", "Float", "Boolean", "Stamp", "Colour"]
COLOURS = ["RED", "GREEN", "BLUE"]
PREAMBLE = (
    "scalar Stamp\nenum Colour { RED GREEN BLUE }\ninput Filter { at: Int = 3, names: [String!], colour: Colour }\n"
)
ARGUMENTS = [
    "x: Int",
    'y: String = "why"',
    "z: Boolean! = true",
    "colour: Colour = RED",
    "filter: Filter",
    "ids: [ID!]",
]


@dataclass(eq=False)
class FieldModel:
    """One field of the unsplit schema. `order` is global: @requires only ever looks down."""

    name: str
    named: str
    type: str
    order: int
    arguments: tuple[str, ...] = ()
    computed: bool = False

    @property
    def sdl(self) -> str:
        arguments = f"({', '.join(self.arguments)})" if self.arguments else ""
        return f"{self.name}{arguments}: {self.type}"


@dataclass(eq=False)
class TypeModel:
    """A type of the unsplit schema; `keys` are lists of the field sets that name an object."""

    name: str
    kind: str  # "value" | "entity" | "interface" | "union" | "root" | "split": a value each subgraph knows a part of
    fields: dict[str, FieldModel] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    implements: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Part:
    """What one subgraph says of one type."""

    fields: dict[str, str] = field(default_factory=dict)  # name -> directives
    keys: list[str] = field(default_factory=list)
    shareable: bool = False


@dataclass(eq=False)
class RandomGraph:
    """The unsplit schema, the subgraphs' SDLs, and the world in which both are true."""

    sdl: str
    subgraphs: dict[str, str]
    world: World


def random_graph(rng: random.Random) -> RandomGraph:
    """A graph that composes; the same for the same state of `rng`."""
    types = _Modelling(rng).model()
    subgraphs = _Splitting(rng, types).split()
    things, query, mutation = _Filling(rng, types).fill()
    world = World(subgraphs, things, query=query, mutation=mutation)
    return RandomGraph(_unsplit(types), subgraphs, world)


# A
class _Modelling:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.types: dict[str, TypeModel] = {}
        self.orders = 0

    def model(self) -> dict[str, TypeModel]:
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
            members = rng.sample([*entities, *values], rng.randint(1, min(3, len(entities) + len(values))))
            self.types[name] = TypeModel(name, "union", members=sorted(members))
        for number, name in enumerate(entities):
            if rng.random() < 0.3:
                self._add_split(f"P{number}", name)
            for number in range(rng.randint(1, 3)):
                target = rng.choice([*entities, *entities, *values, *interfaces, *unions])
                self._add(name, f"r{number}", target, arguments=rng.random() < 0.15)
            for number in range(rng.choice([0, 1, 2, 3])):
                named = rng.choice(["String", "Int"])
                text = named + rng.choice(["", "", "!"])
                made = self._add(name, f"c{number}", named, type_text=text, arguments=rng.random() < 0.3)
                made.computed = True
        for name in values:
            if rng.random() < 0.4:
                self._add(name, f"{name.lower()}e", rng.choice([*entities, *unions, *interfaces]))
        self._add_roots([*entities, *entities, *values, *interfaces, *unions], entities)
        return self.types

    def _add_split(self, name: str, on: str) -> None:
        self.types[name] = TypeModel(name, "split")
        for number in range(self.rng.randint(2, 4)):
            self._add(name, f"{name.lower()}f{number}", self.rng.choice(SCALARS))
        self._add(on, "p", name)

    def _add_keys(self, name: str, entities: list[str], values: list[str]) -> None:
        of, rng = self.types[name], self.rng
        self._add(name, "id", "ID", type_text="ID!")
        of.keys.append("id")
        if rng.random() < 0.4:
            self._add(name, "code", "String", type_text="String!")
            of.keys.append("code")
        if rng.random() < 0.3:
            self._add(name, "a", "Int", type_text="Int!")
            self._add(name, "b", "String", type_text="String!")
            of.keys.append("a b")
        before = [each for each in entities if each < name]
        if before and rng.random() < 0.35:
            parent = rng.choice(before)
            self._add(name, "up", parent, type_text=f"{parent}!")
            self._add(name, "no", "Int", type_text="Int!")
            key = rng.choice(self.types[parent].keys)
            of.keys.append(f"up {{ {key} }} no")
        rng.shuffle(of.keys)

    def _add_interfaces(self, interfaces: list[str], entities: list[str], values: list[str]) -> None:
        for name in interfaces:
            self.types[name] = TypeModel(name, "interface")
            members = self.rng.sample([*entities, *values], self.rng.randint(1, min(3, len(entities) + len(values))))
            for number in range(self.rng.randint(1, 2)):
                own = f"{name.lower()}{number}"
                named = self.rng.choice([*SCALARS, *SCALARS, *entities, *values])
                shared = self._add(name, own, named, arguments=self.rng.random() < 0.2)
                for each in members:
                    self.types[each].fields[own] = shared
            if all(each in entities for each in members) and self.rng.random() < 0.6:
                self.types[name].fields["id"] = self.types[members[0]].fields["id"]
            for each in members:
                self.types[each].implements.append(name)

    def _add_roots(self, targets: list[str], entities: list[str]) -> None:
        for root, low, high in (("Query", 2, 5), ("Mutation", 0, 2)):
            self.types[root] = TypeModel(root, "root")
            for number in range(self.rng.randint(low, high)):
                wanted = self.rng.choice(targets if root == "Query" else entities)
                self._add(root, f"{root[0].lower()}{number}", wanted, arguments=self.rng.random() < 0.2)

    def _add(
        self, on: str, name: str, named: str, *, type_text: str | None = None, arguments: bool = False
    ) -> FieldModel:
        self.orders += 1
        given = tuple(self.rng.sample(ARGUMENTS, self.rng.randint(1, 2))) if arguments else ()
        made = FieldModel(name, named, type_text or self._wrapped(named), self.orders, given)
        self.types[on].fields[name] = made
        return made

    def _wrapped(self, named: str) -> str:
        choices = ["{}", "{}", "{}", "{}!", "[{}]", "[{}!]", "[{}!]!", "[{}]!", "[[{}]]", "[[{}!]!]"]
        return self.rng.choice(choices[:4] if named in SCALARS and self.rng.random() < 0.6 else choices).format(named)


def _unsplit(types: dict[str, TypeModel]) -> str:
    return PREAMBLE + "\n".join(
        _type_sdl(each, [declared.sdl for declared in each.fields.values()], each.implements, "")
        for each in types.values()
        if each.fields or each.members
    )


def _type_sdl(of: TypeModel, fields: Iterable[str], implements: Iterable[str], directives: str) -> str:
    if of.kind == "union":
        return f"union {of.name} = {' | '.join(of.members)}"
    keyword = "interface" if of.kind == "interface" else "type"
    implementing = f" implements {' & '.join(sorted(implements))}" if implements else ""
    return f"{keyword} {of.name}{implementing}{directives} {{\n  " + "\n  ".join(fields) + "\n}"


# B
class _Splitting:
    def __init__(self, rng: random.Random, types: dict[str, TypeModel]) -> None:
        self.rng = rng
        self.types = types
        self.names = [f"s{number}" for number in range(rng.randint(2, 4))]
        self.parts: dict[str, dict[str, Part]] = {name: {} for name in self.names}
        self.homes: dict[str, list[str]] = {}
        self.provided: set[tuple[str, str]] = set()

    def split(self) -> dict[str, str]:
        entities = [each for each in self.types.values() if each.kind == "entity"]
        for each in entities:
            self._settle(each)
        for each in entities:
            self._give_fields(each, self.homes[each.name])
        for root in ("Query", "Mutation"):
            self._give_root(self.types[root])
        for each in entities:
            for declared in each.fields.values():
                self._require(each, declared)
                self._provide(each, declared)
        self._share_values()
        return {name: self._sdl(name) for name in self.names}

    def _settle(self, entity: TypeModel) -> None:
        """The subgraphs that resolve the entity, each with keys; one key in common where they would be cut apart."""
        homes = self.rng.sample(self.names, self.rng.choice([1, *range(2, len(self.names) + 1), len(self.names)]))
        self.homes[entity.name] = homes
        chosen = {home: self.rng.sample(entity.keys, self.rng.randint(1, len(entity.keys))) for home in homes}
        if not _connected(list(chosen.values())):
            for keys in chosen.values():
                if entity.keys[0] not in keys:
                    keys.append(entity.keys[0])
        for home, keys in chosen.items():
            part = self._part(home, entity)
            for key in keys:
                part.keys.append(f'@key(fields: "{key}")')
                self._know_key(home, entity, key)

    def _know_key(self, home: str, entity: TypeModel, key: str) -> None:
        """Declares the fields of a key in a subgraph, the nested ones too."""
        on, below, last = entity, [], ""
        part = self._part(home, entity)
        for word in key.replace("{", " { ").replace("}", " } ").split():
            if word == "{":
                below.append((on, part))
                on = self.types[last]
                self._stub(home, on, key=key[key.index("{") + 1 : key.rindex("}")].strip())
                part = self._part(home, on)
            elif word == "}":
                on, part = below.pop()
            else:
                last = on.fields[word].named
                if part.fields.get(word, "@external") == "@external":
                    part.fields[word] = "" if on is entity or word in _words(on.keys) else "@shareable"

    def _part(self, home: str, of: TypeModel) -> Part:
        return self.parts[home].setdefault(of.name, Part())

    def _give_fields(self, entity: TypeModel, homes: list[str]) -> None:
        for declared in entity.fields.values():
            owners = [home for home in homes if declared.name in self._part(home, entity).fields]
            if owners:  # a key's field
                continue
            if declared.name == "p":
                self._split_value(entity, declared, homes)
                continue
            sharing = len(homes) > 1 and not declared.computed and self.rng.random() < 0.25
            owners = self.rng.sample(homes, self.rng.randint(2, len(homes))) if sharing else [self.rng.choice(homes)]
            for home in owners:
                self._own(home, entity, declared, "@shareable" if sharing else "")

    def _split_value(self, entity: TypeModel, declared: FieldModel, homes: list[str]) -> None:
        """Each home knows some of the value's fields, together they know all."""
        of = self.types[declared.named]
        for home in homes:
            self._part(home, entity).fields[declared.name] = "@shareable"
            self._part(home, of).shareable = True
        for each in of.fields:
            for home in self.rng.sample(homes, self.rng.randint(1, len(homes))):
                self._part(home, of).fields[each] = ""
        for home in homes:
            if not self._part(home, of).fields:
                self._part(home, of).fields[next(iter(of.fields))] = ""

    def _own(self, home: str, of: TypeModel, declared: FieldModel, terms: str) -> None:
        self._part(home, of).fields[declared.name] = terms
        self._know(home, declared.named)

    def _know(self, home: str, name: str) -> None:
        """Makes sure that the subgraph has the type: entities at least as a stub with a key."""
        of = self.types.get(name)
        if of is None:
            return
        match of.kind:
            case "value":
                if name not in self.parts[home]:
                    part = self._part(home, of)
                    for declared in of.fields.values():
                        part.fields[declared.name] = ""
                        self._know(home, declared.named)
            case "entity":
                self._stub(home, of)
            case "union":
                if name not in self.parts[home]:
                    self._part(home, of)
                    for member in of.members:
                        self._know(home, member)
            case _:
                self._know_interface(home, of)

    def _know_interface(self, home: str, of: TypeModel) -> None:
        if of.name in self.parts[home]:
            return
        part = self._part(home, of)
        for each in self.rng.sample(list(of.fields), self.rng.randint(1, len(of.fields))):
            part.fields[each] = ""
            self._know(home, of.fields[each].named)
        for member in self.types.values():
            if of.name in member.implements:
                self._know(home, member.name)

    def _stub(self, home: str, of: TypeModel, *, key: str | None = None) -> None:
        if of.name in self.parts[home] and self.parts[home][of.name].keys:
            return
        usable = [
            k
            for k in of.keys
            if any(f'"{k}"' in given for h in self.homes[of.name] for given in self._part(h, of).keys)
        ]
        chosen = key if key in usable else self.rng.choice(usable)
        resolvable = "" if self.rng.random() < 0.3 else ", resolvable: false"
        self._part(home, of).keys.append(f'@key(fields: "{chosen}"{resolvable})')
        self._know_key(home, of, chosen)

    def _give_root(self, root: TypeModel) -> None:
        for declared in root.fields.values():
            sharing = root.name == "Query" and self.rng.random() < 0.25
            owners = self.rng.sample(self.names, 2) if sharing else [self.rng.choice(self.names)]
            for home in owners:
                self._own(home, root, declared, "@shareable" if sharing else "")

    # C
    def _require(self, entity: TypeModel, declared: FieldModel) -> None:
        if not declared.computed:
            return
        (home,) = (h for h in self.homes[entity.name] if self._owns(h, entity, declared))
        wanted = self._required_set(home, entity, declared.order, depth=2)
        if wanted:
            self._part(home, entity).fields[declared.name] = f'@requires(fields: "{_escaped(wanted)}")'
        else:
            declared.computed = False

    def _required_set(self, home: str, on: TypeModel, below: int, *, depth: int) -> str:
        usable = [
            each
            for each in on.fields.values()
            if each.order < below
            and (depth < 2 or not self._owns(home, on, each))
            and "!" not in "".join(each.arguments)
        ]
        chosen = self.rng.sample(usable, min(len(usable), self.rng.randint(1, 3)))
        texts = [text for each in chosen if (text := self._required(home, on, each, below, depth))]
        return " ".join(texts)

    def _required(self, home: str, on: TypeModel, declared: FieldModel, below: int, depth: int) -> str | None:
        of = self.types.get(declared.named)
        if of is not None and (of.kind == "split" or not depth):
            return None
        inner = ""
        if of is not None:
            self._know(home, of.name)
            found = self._required_below(home, of, below, depth - 1)
            if not found:
                return None
            inner = f" {{ {found} }}"
        if not self._owns(home, on, declared) and on.kind == "entity":
            self._part(home, on).fields[declared.name] = "@external"
        arguments = (
            {"x: Int": "(x: 4)", 'y: String = "why"': '(y: "q")'}.get(declared.arguments[0], "")
            if declared.arguments
            else ""
        )
        return f"{declared.name}{arguments}{inner}"

    def _required_below(self, home: str, of: TypeModel, below: int, depth: int) -> str:
        if of.kind in ("value", "entity"):
            return self._required_set(home, of, below, depth=depth)
        plain = [
            name
            for name in self.parts[home][of.name].fields
            if of.fields[name].named in SCALARS and not of.fields[name].arguments and self.rng.random() < 0.6
        ]
        members = of.members or [each.name for each in self.types.values() if of.name in each.implements]
        narrowed = [
            f"... on {each} {{ {found} }}"
            for each in members
            if self.rng.random() < 0.6
            and (found := self._required_set(home, self.types[each], below, depth=min(depth, 1)))
        ]
        return " ".join([*plain, *narrowed])

    def _owns(self, home: str, of: TypeModel, declared: FieldModel) -> bool:
        part = self.parts[home].get(of.name)
        return part is not None and part.fields.get(declared.name, "@external") != "@external"

    def _provide(self, entity: TypeModel, declared: FieldModel) -> None:
        of = self.types.get(declared.named)
        if of is None or of.kind != "entity" or self.rng.random() < 0.5:
            return
        for home in self.names:
            if not self._owns(home, entity, declared) or "@requires" in self._part(home, entity).fields[declared.name]:
                continue
            part = self._part(home, of)
            usable = [
                each.name
                for each in of.fields.values()
                if each.named in SCALARS and not self._owns(home, of, each) and not each.computed and not each.arguments
            ]
            if usable and _words(part.keys):
                chosen = self.rng.sample(usable, self.rng.randint(1, min(2, len(usable))))
                part.fields.update((name, "@external") for name in chosen)
                self.provided.update((of.name, name) for name in chosen)
                self._part(home, entity).fields[declared.name] += f' @provides(fields: "{" ".join(chosen)}")'

    def _share_values(self) -> None:
        for of in self.types.values():
            if of.kind == "value":
                holding = [home for home in self.names if of.name in self.parts[home]]
                for home in holding:
                    self.parts[home][of.name].shareable = len(holding) > 1
        for home in self.names:
            self._complete_members(home)
            self._trim_provides(home)
        for of in self.types.values():
            for declared in of.fields.values() if of.kind == "entity" else ():
                self._mark_shared(of, declared)

    def _trim_provides(self, home: str) -> None:
        """A field that turned out to be resolved here, as some key needs it, is not provided here."""
        for name, part in self.parts[home].items():
            for field_name, terms in part.fields.items():
                found = re.search(r' @provides\(fields: "(.*)"\)', terms)
                if found:
                    of = self.types[self.types[name].fields[field_name].named]
                    left = " ".join(each for each in found[1].split() if not self._owns(home, of, of.fields[each]))
                    part.fields[field_name] = terms.replace(found[0], f' @provides(fields: "{left}")' if left else "")

    def _mark_shared(self, of: TypeModel, declared: FieldModel) -> None:
        """A field that several subgraphs own or provide says so; where it is in a key that goes without saying."""
        owners = [home for home in self.names if self._owns(home, of, declared)]
        for home in owners if len(owners) > 1 or (of.name, declared.name) in self.provided else ():
            part = self._part(home, of)
            if "@shareable" not in part.fields[declared.name] and declared.name not in _own_words(part.keys):
                part.fields[declared.name] += " @shareable"

    def _complete_members(self, home: str) -> None:
        """An object that implements an interface here has all its fields here, as @external where others own them."""
        for name, part in list(self.parts[home].items()):
            of = self.types[name]
            for each in of.implements:
                for wanted in self.parts[home][each].fields if each in self.parts[home] else ():
                    part.fields.setdefault(wanted, "@external")

    def _sdl(self, home: str) -> str:
        return PREAMBLE + "\n".join(
            self._type_sdl(home, self.types[name], part) for name, part in self.parts[home].items()
        )

    def _type_sdl(self, home: str, of: TypeModel, part: Part) -> str:
        directives = "".join(f" {key}" for key in part.keys) + (" @shareable" if part.shareable else "")
        fields = [f"{of.fields[name].sdl} {terms}".strip() for name, terms in part.fields.items()]
        return _type_sdl(of, fields, [each for each in of.implements if each in self.parts[home]], directives)


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')


def _connected(sets: list[list[str]]) -> bool:
    reached, left = set(sets[0]), sets[1:]
    while more := [each for each in left if reached & set(each)]:
        reached.update(*more)
        left = [each for each in left if each not in more]
    return not left


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in text.replace('"', " ").replace(")", " ").replace(",", " ").split()}


def _own_words(keys: Iterable[str]) -> set[str]:
    """The words of the keys without what is in their braces, which is of other types."""
    texts = list(keys)
    while any("{" in text for text in texts):
        texts = [re.sub(r"\{[^{}]*\}", " ", text) for text in texts]
    return _words(texts)


# D
class _Filling:
    def __init__(self, rng: random.Random, types: dict[str, TypeModel]) -> None:
        self.rng = rng
        self.types = types
        self.things: dict[str, list[Thing]] = {}

    def fill(self) -> tuple[list[Thing], dict[str, Any], dict[str, Any]]:
        for of in self.types.values():
            if of.kind in ("value", "entity", "split"):
                self.things[of.name] = [Thing(of.name, {}) for _ in range(self.rng.randint(1, 3))]
        for name, things in self.things.items():
            for number, each in enumerate(things):
                for declared in self.types[name].fields.values():
                    each.values[declared.name] = self._field(name, declared, number)
        everything = [each for things in self.things.values() for each in things]
        query, mutation = (
            {each.name: self._field(root, each, 0) for each in self.types[root].fields.values()}
            for root in ("Query", "Mutation")
        )
        return everything, query, mutation

    def _field(self, on: str, declared: FieldModel, number: int) -> Any:
        if declared.computed:
            return Computed(partial(_computed, declared.named))
        if self.types[on].kind == "entity" and declared.name in ("id", "code", "b"):
            return f"{declared.name}-{number}"  # the same for every type: whoever mixes them up gets a wrong object
        if self.types[on].kind == "entity" and declared.name in ("a", "no"):
            return number
        if not declared.arguments:
            return self._value(declared.type, declared.named)
        values = [self._value(declared.type, declared.named) for _ in range(3)]
        return partial(_by_arguments, values)

    def _value(self, text: str, named: str) -> Any:
        if text.endswith("!"):
            return self._present(text[:-1], named)
        return None if self.rng.random() < 0.2 else self._present(text, named)

    def _present(self, text: str, named: str) -> Any:
        if text.startswith("["):
            return [self._value(text[1:-1], named) for _ in range(self.rng.randint(0, 3))]
        of = self.types.get(named)
        if of is None:
            return self._scalar(named)
        return self.rng.choice([each for name in self._concrete(of) for each in self.things[name]])

    def _concrete(self, of: TypeModel) -> list[str]:
        if of.kind == "interface":
            return [each.name for each in self.types.values() if of.name in each.implements]
        return of.members or [of.name]

    def _scalar(self, named: str) -> Any:
        number = self.rng.randint(-5, 40)
        made: dict[str, Callable[[], Any]] = {
            "Int": lambda: number,
            "Float": lambda: number / 4,
            "Boolean": lambda: number % 2 == 0,
            "Colour": lambda: self.rng.choice(COLOURS),
        }
        return made.get(named, lambda: f"{named.lower()} {number}")()


def _by_arguments(values: list[Any], **arguments: Any) -> Any:
    return values[_number(arguments) % len(values)]


def _computed(named: str, sent: Any, **arguments: Any) -> Any:
    number = _number({"sent": sent, **arguments})
    return number if named == "Int" else f"{_text(sent)} {_text(arguments)}"


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _number(value: Any) -> int:
    return sum((index % 7 + 1) * byte for index, byte in enumerate(_text(value).encode()))
