"""A random graph whose fields have arguments from contexts: what is above in the answer decides what they answer.

home   Query, the holders H0, H1, .. (some of them set contexts, or their interface or union does), and the leaves,
       whose arguments are filled from the nearest holder that sets the context
aside  some of the holders' values and of the ways from them to others; more of the leaves, some of it computed from
       what depends on a context
"""

import random
from typing import Any

from gateway.composition.problems import CompositionError
from tests.gateway.federation import Computed, FromContext, Thing, World
from tests.properties.random_graph import RandomGraph

__all__ = ["random_contexts"]


def random_contexts(rng: random.Random) -> RandomGraph:
    """A graph that composes; the same for the same state of `rng`."""
    while True:
        try:
            return _Making(rng).make()
        except CompositionError:
            continue  # some place can be reached where nothing sets a context


class _Making:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.holders = [f"H{number}" for number in range(rng.randint(1, 3))]
        self.leaves = [f"L{number}" for number in range(rng.randint(1, 2))]
        self.members = rng.sample(self.holders, rng.randint(1, len(self.holders)))
        self.in_aside = {name: rng.random() < 0.4 for holder in self.holders for name in self._values(holder)}
        self.contexts = {name: self._setters() for name in rng.sample(["c", "d"], rng.randint(1, 2))}
        self.links = {holder: self._links() for holder in self.holders}
        self.back = {leaf: self._link(self.holders) for leaf in self.leaves if rng.random() < 0.6}
        self.told = {leaf: self._told(leaf) for leaf in self.leaves}
        self.made = {leaf: f"m{leaf}" for leaf in self.leaves if rng.random() < 0.5}
        met = [*self.holders, "Some", "Any"]
        self.roots = {f"r{number}": self._link(met)[0] for number in range(rng.randint(1, 3))}
        self.roots_aside = {f"s{number}": self._link(self.holders)[0] for number in range(rng.randint(0, 2))}

    def _values(self, holder: str) -> list[str]:
        return [f"{holder}.v", f"{holder}.w{holder}", f"{holder}.box", f"{holder}.item"]

    def _setters(self) -> list[str]:
        chosen = self.rng.sample(self.holders, self.rng.randint(0, len(self.holders)))
        chosen += [each for each in ("Query", "Some", "Any") if self.rng.random() < 0.3]
        return chosen or [self.rng.choice(self.holders)]

    def _links(self) -> dict[str, tuple[str, bool]]:
        """Ways from a holder: their type, and whether they are aside's."""
        found = {f"to{leaf}": self._link([leaf]) for leaf in self.leaves if self.rng.random() < 0.8}
        found["next"] = self._link(["Some", "Any", *self.holders])
        found["mid"] = ("Mid", False)
        return found

    def _link(self, types: list[str]) -> tuple[str, bool]:
        of = self.rng.choice(types)
        is_aside = of not in ("Some", "Any") and self.rng.random() < 0.4
        return self.rng.choice(["{}", "[{}]", "[{}!]!", "[[{}]]"]).format(of), is_aside

    def _told(self, leaf: str) -> dict[str, dict[str, tuple[str, str, dict[str, str]]]]:
        """The fields of a leaf with their arguments: context, what is selected, and from which type what."""
        return {
            f"t{number}{leaf}": {
                f"a{argument}": self._argument(self.rng.choice(list(self.contexts)))
                for argument in range(self.rng.choice([1, 1, 2]))
            }
            for number in range(self.rng.randint(1, 2))
        }

    def _argument(self, context: str) -> tuple[str, str, dict[str, str]]:
        types = self._setting(context)
        plain = self.rng.choice(["v", "v", "box.in", "item.no", "item.name"])
        if self.rng.random() < 0.5 and not ({"Query", "Some", "Any"} & set(self.contexts[context])):
            return context, f"{{ {_nested(plain)} }}", dict.fromkeys(types, plain)
        if self.rng.random() < 0.3 and "Any" not in self.contexts[context]:
            return context, "{ v }", dict.fromkeys(types, "v")
        own = {each: self.rng.choice(["v", plain, f"w{each}"]) if each != "Query" else "v" for each in types}
        return context, " ".join(f"... on {each} {{ {_nested(path)} }}" for each, path in own.items()), own

    def _setting(self, context: str) -> list[str]:
        """The objects that set it: by themselves, as what implements Some, as a member of Any."""
        setters = self.contexts[context]
        found = [each for each in self.holders if each in setters or "Some" in setters]
        found += [each for each in self.members if "Any" in setters and each not in found]
        return [*found, *(["Query"] if "Query" in setters else [])]

    def make(self) -> RandomGraph:
        subgraphs = {"home": self._home(), "aside": self._aside()}
        things, query = self._data()
        world = World(subgraphs, things, query=query)
        return RandomGraph(self._unsplit(), subgraphs, world)

    # SDL
    def _home(self) -> str:
        types = [
            f'type {each} implements Some @key(fields: "id"){self._sets(each)} {{ id: ID! {self._held(each)}'
            f" {_written(self.links[each], aside=False)} }}"
            for each in self.holders
        ]
        for leaf in self.leaves:
            told = " ".join(f"{name}({self._arguments(given)}): String" for name, given in self.told[leaf].items())
            back = f"back: {self.back[leaf][0]}" if leaf in self.back and not self.back[leaf][1] else ""
            types.append(f'type {leaf} @key(fields: "id") {{ id: ID! {told} {back} }}')
        roots = " ".join(f"{name}: {of}" for name, of in self.roots.items())
        name = "name: String @external" if "item.name" in {path for _, path in self._wanted()} else ""
        return "\n".join(
            [
                f"type Query{self._sets('Query')} {{ v: String {roots} }}",
                f"interface Some{self._sets('Some')} {{ id: ID! v: String {self._common()} }}",
                f"union Any{self._sets('Any')} = {' | '.join(self.members)}",
                f"type Mid {{ {' '.join(f'm{each}: {each}' for each in self.leaves)} }}",
                "type Box @shareable { in: String }",
                f'type Item @key(fields: "no") {{ no: String! {name} }}',
                *types,
            ]
        )

    def _common(self) -> str:
        return "mid: Mid box: Box item: Item"

    def _sets(self, name: str) -> str:
        return "".join(f' @context(name: "{each}")' for each, setters in self.contexts.items() if name in setters)

    def _held(self, holder: str) -> str:
        used = {f"{of}.{path.partition('.')[0]}" for of, path in self._wanted()}
        return " ".join(
            f"{_field(name)}{' @external' if self.in_aside[name] else ''}"
            for name in self._values(holder)
            if name in used or not self.in_aside[name] or name.rpartition(".")[2] in ("v", "box", "item")
        )

    def _wanted(self) -> set[tuple[str, str]]:
        """What arguments take from which type."""
        arguments = [each for fields in self.told.values() for given in fields.values() for each in given.values()]
        return {wanted for _, _, own in arguments for wanted in own.items()}

    def _arguments(self, given: dict[str, tuple[str, str, dict[str, str]]]) -> str:
        filled = (
            f'{name}: String @fromContext(field: "${context} {selection}")'
            for name, (context, selection, _) in given.items()
        )
        return ", ".join(["n: Int", *filled])

    def _aside(self) -> str:
        types = []
        for each in self.holders:
            own = " ".join(_field(name) for name in self._values(each) if self.in_aside[name])
            links = _written(self.links[each], aside=True)
            types.append(f'type {each} @key(fields: "id") {{ id: ID! {own} {links} more: String }}')
        for leaf in self.leaves:
            made = ""
            if leaf in self.made:
                required = next(iter(self.told[leaf]))
                made = f'{required}(n: Int): String @external m{leaf}: String @requires(fields: "{required}")'
            back = f"back: {self.back[leaf][0]}" if leaf in self.back and self.back[leaf][1] else ""
            types.append(f'type {leaf} @key(fields: "id") {{ id: ID! p{leaf}: Int {made} {back} }}')
        item = 'type Item @key(fields: "no") { no: String! name: String }'
        roots = " ".join(f"{name}: {of}" for name, of in self.roots_aside.items())
        query = f"type Query {{ _empty: String {roots} }}"
        return "\n".join([*types, item, "type Box @shareable { in: String }", query])

    def _unsplit(self) -> str:
        types = [
            f"type {each} implements Some {{ id: ID! {' '.join(map(_field, self._values(each)))}"
            f" {_written(self.links[each])} more: String }}"
            for each in self.holders
        ]
        for leaf in self.leaves:
            told = " ".join(f"{name}(n: Int): String" for name in self.told[leaf])
            made = f"m{leaf}: String" if leaf in self.made else ""
            back = f"back: {self.back[leaf][0]}" if leaf in self.back else ""
            types.append(f"type {leaf} {{ id: ID! p{leaf}: Int {told} {made} {back} }}")
        roots = " ".join(f"{name}: {of}" for name, of in (self.roots | self.roots_aside).items())
        return "\n".join(
            [
                f"type Query {{ v: String {roots} _empty: String }}",
                f"interface Some {{ id: ID! v: String {self._common()} }}",
                f"union Any = {' | '.join(self.members)}",
                f"type Mid {{ {' '.join(f'm{each}: {each}' for each in self.leaves)} }}",
                "type Box { in: String }",
                "type Item { no: String! name: String }",
                *types,
            ]
        )

    # data
    def _data(self) -> tuple[list[Thing], dict[str, Any]]:
        rng = self.rng
        items = [Thing("Item", {"no": f"n{number}", "name": self._text()}) for number in range(2)]
        holders = [Thing(name, {"id": f"{name}{number}"}) for name in self.holders for number in range(2)]
        leaves = [Thing(name, {"id": f"{name}{number}"}) for name in self.leaves for number in range(2)]
        for each in holders:
            boxes = [Thing("Box", {"in": self._text()}), None]
            each.values |= {"v": self._text(), f"w{each.type}": self._text(), "more": self._text()}
            each.values |= {"box": rng.choice(boxes), "item": rng.choice([*items, None])}
            each.values |= {name: self._linked(of, holders, leaves) for name, (of, _) in self.links[each.type].items()}
            mids = {f"m{name}": self._linked(name, holders, leaves) for name in self.leaves}
            each.values["mid"] = rng.choice([Thing("Mid", mids), Thing("Mid", mids), None])
        for each in leaves:
            each.values[f"p{each.type}"] = rng.randint(0, 9)
            for name, given in self.told[each.type].items():
                wants = {argument: own for argument, (_, _, own) in given.items()}
                each.values[name] = FromContext(_telling(each.values["id"]), wants)
            if each.type in self.made:
                each.values[self.made[each.type]] = Computed(lambda sent, **_: f"made of {sent}")
            if each.type in self.back:
                each.values["back"] = self._linked(self.back[each.type][0], holders, leaves)
        query = {name: self._linked(of, holders, leaves) for name, of in (self.roots | self.roots_aside).items()}
        return [*items, *holders, *leaves], {**query, "v": self._text()}

    def _text(self) -> str | None:
        return self.rng.choice(["x", "y", "z", "x", None])

    def _linked(self, of: str, holders: list[Thing], leaves: list[Thing]) -> Any:
        name = of.strip("[]!")
        fitting = [
            each
            for each in (*holders, *leaves)
            if each.type == name
            or (name == "Some" and each in holders)
            or (name == "Any" and each.type in self.members)
        ]
        if name == "Mid":
            return None
        if not of.startswith("["):
            return self.rng.choice([*fitting, *fitting, None])
        if of.startswith("[["):
            return [self._linked(f"[{name}]", holders, leaves) for _ in range(self.rng.randint(0, 2))]
        return [self.rng.choice(fitting) for _ in range(self.rng.randint(0, 3))]


def _telling(told: str) -> Any:
    return lambda **given: f"{told} {sorted(given.items(), key=str)}"


def _field(name: str) -> str:
    """`H0.item` -> `item: Item`"""
    plain = name.partition(".")[2]
    return f"{plain}: {({'box': 'Box', 'item': 'Item'}).get(plain, 'String')}"


def _nested(path: str) -> str:
    """`item.no` -> `item { no }`"""
    first, _, rest = path.partition(".")
    return f"{first} {{ {_nested(rest)} }}" if rest else first


def _written(links: dict[str, tuple[str, bool]], *, aside: bool | None = None) -> str:
    return " ".join(f"{name}: {of}" for name, (of, is_aside) in links.items() if aside in (None, is_aside))
