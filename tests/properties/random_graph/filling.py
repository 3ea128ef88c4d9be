"""A few objects of every type. What an argument gives depends on the argument; what is shared is what all could give.

Of a weak entity some objects have no `ref`, and of some the weak subgraph knows nothing. Its own fields are then null,
and no subgraph that has it by `ref` alone leads to them.
"""

import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import orjson

from tests.gateway.federation import Computed, Counted, Thing
from tests.properties.random_graph.model import FieldModel, TypeModel
from tests.properties.random_graph.modelling import COLOURS
from tests.properties.random_graph.splitting import Split

__all__ = ["Filling"]


class Filling:
    """Makes the objects; `hidden_colour` is now and then the value of an enum."""

    def __init__(self, rng: random.Random, split: Split, *, hidden_colour: str | None) -> None:
        self.rng = rng
        self.split = split
        self.types = split.types
        self.colours = [*COLOURS, *COLOURS, hidden_colour] if hidden_colour else COLOURS
        self.things: dict[str, list[Thing]] = {}

    def fill(self) -> tuple[list[Thing], dict[str, Any], dict[str, Any]]:
        """All objects, the fields of Query, those of Mutation."""
        for of in self.types.values():
            if of.kind in ("value", "entity", "split"):
                count = self.rng.randint(2, 4) if of.is_weak else self.rng.randint(1, 3)
                self.things[of.name] = [self._thing(of, number) for number in range(count)]
        for name, things in self.things.items():
            for number, each in enumerate(things):
                for declared in self.types[name].fields.values():
                    if declared.name not in each.values:
                        each.values[declared.name] = self._field(self.types[name], declared, number)
        everything = [each for things in self.things.values() for each in things]
        query, mutation = (
            {each.name: self._field(self.types[root], each, 0) for each in self.types[root].fields.values()}
            for root in ("Query", "Mutation")
        )
        return everything, query, mutation

    def _thing(self, of: TypeModel, number: int) -> Thing:
        """With what decides who knows it; the first is known to all."""
        if not of.is_weak:
            return Thing(of.name, {})
        no_ref = number > 0 and self.rng.random() < 0.4
        unknown = number > 0 and self.rng.random() < 0.4
        made = Thing(of.name, {"ref": None if no_ref else f"ref-{number}"})
        if unknown:
            made.unknown_to = frozenset({self.split.weak[of.name]})
        if no_ref or unknown:
            made.values.update({each.name: None for each in of.fields.values() if each.weak})
        return made

    def _field(self, on: TypeModel, declared: FieldModel, number: int) -> Any:
        if declared.computed:
            return Computed(partial(_computed, declared.named))
        if on.kind == "entity" and declared.name in ("id", "code", "b"):
            return f"{declared.name}-{number}"  # the same for every type: whoever mixes them up gets a wrong object
        if on.kind == "entity" and declared.name in ("a", "no"):
            return number
        if declared.name == "turn":
            return Counted(_same)
        things = self._possible(on, declared)
        if declared.counted:
            values = [self._value(declared, declared.type, things) for _ in range(3)]
            return Counted(partial(_in_turn, values), advances=True)
        if not declared.arguments:
            return self._value(declared, declared.type, things)
        values = [self._value(declared, declared.type, things) for _ in range(3)]
        return partial(_by_arguments, values)

    def _possible(self, on: TypeModel, declared: FieldModel) -> list[Thing]:
        """The objects that all who resolve the field, or may provide it, can give."""
        of = self.types.get(declared.named)
        if of is None:
            return []
        names = [of.name] if not of.members else list(of.members)
        owners = self.split.owners(on.name, declared.name)
        owners += [home for home in self.split.names if (home, on.name, declared.name) in self.split.lent]
        for home in owners if of.members else ():
            names = [each for each in names if each in self.split.members(home, of)]
        return [each for name in names for each in self.things[name] if self._all_can_name(each, owners)]

    def _all_can_name(self, thing: Thing, owners: Iterable[str]) -> bool:
        if not self.types[thing.type].is_weak or (thing.values["ref"] is not None and not thing.unknown_to):
            return True
        return all(self.split.parts[home][thing.type].keys != ["ref"] for home in owners)

    def _value(self, declared: FieldModel, text: str, things: list[Thing]) -> Any:
        if text.endswith("!"):
            return self._present(declared, text[:-1], things)
        never = declared.never_null and text == declared.type
        return None if not never and self.rng.random() < 0.2 else self._present(declared, text, things)

    def _present(self, declared: FieldModel, text: str, things: list[Thing]) -> Any:
        if text.startswith("["):
            return [self._value(declared, text[1:-1], things) for _ in range(self.rng.randint(0, 3))]
        return self.rng.choice(things) if declared.named in self.types else self._scalar(declared.named)

    def _scalar(self, named: str) -> Any:
        number = self.rng.randint(-5, 40)
        made: dict[str, Callable[[], Any]] = {
            "Int": lambda: number,
            "Float": lambda: number / 4,
            "Boolean": lambda: number % 2 == 0,
            "Colour": lambda: self.rng.choice(self.colours),
        }
        return made.get(named, lambda: f"{named.lower()} {number}")()


def _same(turn: int) -> int:
    return turn


def _in_turn(values: list[Any], turn: int, **arguments: Any) -> Any:
    return values[(turn + _number(arguments)) % len(values)]


def _by_arguments(values: list[Any], **arguments: Any) -> Any:
    return values[_number(arguments) % len(values)]


def _computed(named: str, sent: Any, **arguments: Any) -> Any:
    number = _number({"sent": sent, **arguments})
    return number if named == "Int" else f"{_text(sent)} {_text(arguments)}"


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _number(value: Any) -> int:
    return sum((index % 7 + 1) * byte for index, byte in enumerate(_text(value).encode()))
