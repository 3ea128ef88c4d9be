"""A random graph with an interface that other subgraphs have as an object, not knowing its types.

home    interface Node @key, every type that implements it, a root or two; a field that is computed from what an
        interface object adds
object  type Node @key @interfaceObject: fields for every type, some of them computed from what home knows, or from what
        another interface object adds
beside  one of the types by its key, with fields of its own, one computed as in home, and an entity that leads to Node
        again
"""

import random
from typing import Any

from tests.gateway.federation import Computed, Thing, World
from tests.properties.random_graph import RandomGraph

__all__ = ["random_interface_objects"]

SCALARS = ["Int", "String", "Boolean"]


def random_interface_objects(rng: random.Random) -> RandomGraph:
    """A graph that composes; the same for the same state of `rng`."""
    return _Making(rng).make()


class _Making:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.types = [f"N{number}" for number in range(rng.randint(1, 3))]
        self.own = {name: self._scalars(name.lower(), rng.randint(1, 2)) for name in self.types}
        self.common = self._scalars("i", rng.randint(1, 3))
        self.objects = [f"object{number}" for number in range(rng.randint(1, 2))]
        self.added = {name: self._scalars(f"{name[0]}{name[-1]}_", rng.randint(1, 2)) for name in self.objects}
        self.computed = {name: self._computed(name) for name in self.objects}
        everything = [each for added in self.added.values() for each in added]
        self.at_home = rng.sample(
            everything, rng.randint(0, min(2, len(everything)))
        )  # what a field of the first type requires
        self.required_beside = rng.sample(everything, rng.randint(0, min(2, len(everything))))
        self.leading = {name: f"more{name[-1]}" for name in self.objects if rng.random() < 0.6}
        self.beside = rng.choice(self.types)
        self.beyond = self._scalars("b", rng.randint(1, 2))
        self.lists = {name: rng.choice(["Node", "[Node]", "[Node!]!"]) for name in ("nodes", "others", "box", "lead")}

    def make(self) -> RandomGraph:
        subgraphs = {
            "home": self._home(),
            **{name: self._object(name) for name in self.objects},
            "beside": self._beside(),
        }
        things, query = self._data()
        return RandomGraph(self._unsplit(), subgraphs, World(subgraphs, things, query=query))

    def _scalars(self, prefix: str, count: int) -> dict[str, str]:
        return {f"{prefix}{n}": self.rng.choice(SCALARS) + self.rng.choice(["", "", "!"]) for n in range(count)}

    def _computed(self, name: str) -> dict[str, str]:
        """Fields of an interface object that require some of the interface's, by name."""
        chosen = self.rng.sample(list(self.common), self.rng.randint(1, len(self.common)))
        others = [each for other in self.objects if other < name for each in self.added[other]]
        chosen += self.rng.sample(others, self.rng.randint(0, len(others)))
        return {f"c{name[-1]}": " ".join(chosen)} if self.rng.random() < 0.7 else {}

    # SDL
    def _home(self) -> str:
        common = f"id: ID! {_written(self.common)}"
        computed = self._requiring("made", self.at_home)
        types = (
            f'type {name} implements Node @key(fields: "id") {{ {common} {_written(self.own[name])}'
            f" {computed if name == self.types[0] else ''} }}"
            for name in self.types
        )
        union = f"union Some = {' | '.join(self.types)}\n"
        root = f"type Query {{ nodes: {self.lists['nodes']} first: {self.types[0]} some: [Some] }}\n"
        return f'interface Node @key(fields: "id") {{ {common} }}\n{root}{union}' + "\n".join(types)

    def _requiring(self, name: str, required: list[str]) -> str:
        """A field computed from what interface objects add, if from anything."""
        if not required:
            return ""
        external = " ".join(f"{each}: {self._type(each)} @external" for each in required)
        return f'{external} {name}: String @requires(fields: "{" ".join(required)}")'

    def _type(self, name: str) -> str:
        return {each: of for fields in (self.common, *self.added.values()) for each, of in fields.items()}[name]

    def _object(self, name: str) -> str:
        required = {each for text in self.computed[name].values() for each in text.split()}
        external = " ".join(f"{each}: {self._type(each)} @external" for each in required)
        made = " ".join(f'{each}: String @requires(fields: "{text}")' for each, text in self.computed[name].items())
        lead = f"{self.leading[name]}: {self.lists['lead']}" if name in self.leading else ""
        root = f"type Query {{ {name}s: {self.lists['others']} }}"
        fields = f"id: ID! {_written(self.added[name])} {external} {made} {lead}"
        return f'type Node @interfaceObject @key(fields: "id") {{ {fields} }}\n{root}'

    def _beside(self) -> str:
        box = f'type Box @key(fields: "no") {{ no: ID! one: {self.beside} }} type Query {{ boxes: [Box!]! }}'
        computed = self._requiring("told", self.required_beside)
        return f'type {self.beside} @key(fields: "id") {{ id: ID! {_written(self.beyond)} {computed} box: Box }}\n{box}'

    def _unsplit(self) -> str:
        everywhere = f"id: ID! {_written(self.common)} {' '.join(map(_written, self.added.values()))} "
        everywhere += " ".join(f"{each}: String" for made in self.computed.values() for each in made)
        everywhere += " " + " ".join(f"{each}: {self.lists['lead']}" for each in self.leading.values())
        types = "\n".join(
            f"type {name} implements Node {{ {everywhere} {_written(self.own[name])}"
            f" {f'{_written(self.beyond)} box: Box' if name == self.beside else ''}"
            f" {'made: String' if name == self.types[0] and self.at_home else ''}"
            f" {'told: String' if name == self.beside and self.required_beside else ''} }}"
            for name in self.types
        )
        roots = " ".join(f"{name}s: {self.lists['others']}" for name in self.objects)
        return (
            f"interface Node {{ {everywhere} }}\n{types}\nunion Some = {' | '.join(self.types)}\n"
            f"type Box {{ no: ID! one: {self.beside} }}\n"
            f"type Query {{ nodes: {self.lists['nodes']} first: {self.types[0]} some: [Some] {roots} boxes: [Box!]! }}"
        )

    # data
    def _data(self) -> tuple[list[Thing], dict[str, Any]]:
        rng = self.rng
        nodes = [Thing(rng.choice(self.types), {"id": f"n{number}"}) for number in range(rng.randint(1, 4))]
        nodes += [Thing(name, {"id": f"x{number}"}) for number, name in enumerate((self.types[0], self.beside))]
        boxes = [Thing("Box", {"no": f"b{number}"}) for number in range(2)]
        besides = [each for each in nodes if each.type == self.beside]
        for each in nodes:
            declared = {**self.common, **self.own[each.type], **self.beyond}
            for added in self.added.values():
                declared.update(added)
            each.values.update({name: self._scalar(of) for name, of in declared.items()})
            each.values.update({name: Computed(_told) for made in self.computed.values() for name in made})
            each.values.update({name: self._nodes(self.lists["lead"], nodes) for name in self.leading.values()})
            each.values.update({name: Computed(_told) for name in ("made", "told")})
            each.values["box"] = rng.choice([*boxes, None])
        for each in boxes:
            each.values["one"] = rng.choice([*besides, None])
        query = {
            "nodes": self._nodes(self.lists["nodes"], nodes),
            "first": rng.choice([each for each in nodes if each.type == self.types[0]]),
            "some": rng.sample(nodes, rng.randint(0, len(nodes))),
            "boxes": boxes,
            **{f"{name}s": self._nodes(self.lists["others"], nodes) for name in self.objects},
        }
        return [*nodes, *boxes], query

    def _nodes(self, text: str, nodes: list[Thing]) -> Any:
        if not text.startswith("["):
            return self.rng.choice([*nodes, None])
        return [self.rng.choice(nodes) for _ in range(self.rng.randint(0, 3))]

    def _scalar(self, of: str) -> Any:
        if not of.endswith("!") and self.rng.random() < 0.2:
            return None
        number = self.rng.randint(0, 9)
        return {"Int": number, "String": f"text {number}", "Boolean": number > 4}[of.removesuffix("!")]


def _told(sent: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(sent.items()))


def _written(fields: dict[str, str]) -> str:
    return " ".join(f"{name}: {of}" for name, of in fields.items())
