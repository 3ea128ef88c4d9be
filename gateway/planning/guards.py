"""Row guards, as planning sees row rules: an object's fields are fetched only after what decides about it is known.

A guard stands for one object type and one kind of viewer. What it needs is selected as *trusted* fields: nobody asks
whether they may be fetched, and as they have tree keys of their own, no client ever sees them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gateway.composition.supergraph import Supergraph, named
from gateway.selections import Field, Fragment, Selection, Selections

__all__ = ["NO_GUARDS", "TRUSTED", "Guarding", "Guards", "RowGuard", "trusted"]

TRUSTED = "(rule)"
"""What a trusted field has in `Field.apart`: no response key is written like that."""


@dataclass(frozen=True, slots=True, eq=False)
class RowGuard:
    """Objects of `type` are a viewer's whose `claim` is the value that the trusted path `needs` leads to.

    `keys` are the key fields of the type in all subgraphs, and `always` other fields that are everybody's.
    """

    type: str
    claim: str
    needs: Selections
    keys: tuple[Selections, ...]
    always: frozenset[str]

    def lets(self, field: Field) -> bool:
        """Whether the field is everybody's: a key, as far as the key goes."""
        if field.name == "__typename" or field.name in self.always:
            return True
        return any(_is_within(field, key) for key in self.keys)


Guards = Mapping[str, RowGuard]
"""The guards of one kind of viewer by type."""

NO_GUARDS: Guards = MappingProxyType({})


class Guarding:
    """What the guards of one kind of viewer mean for one search; it remembers what it made trusted."""

    def __init__(self, supergraph: Supergraph, guards: Guards) -> None:
        self._supergraph = supergraph
        self._guards = guards
        self._trusted: dict[Selections, Selections] = {}

    def guard(self, type_name: str, field: Field) -> RowGuard | None:
        """What decides for each object whether the field is the viewer's; None where it is in any case."""
        if not self._guards or field.apart == TRUSTED:
            return None
        guard = self._guards.get(type_name)
        return None if guard is None or guard.lets(field) else guard

    def key(self, type_name: str, key: Selections) -> Selections:
        """The key, trusted where it names an object by a field that is guarded there: the viewer gets none of it."""
        return self.as_trusted(key) if self._guards and self._guards_any(type_name, key) else key

    def as_trusted(self, selections: Selections) -> Selections:
        """The same selections, trusted, and for the same selections the same again."""
        known = self._trusted.get(selections)
        if known is None:
            known = self._trusted[selections] = trusted(selections)
        return known

    def _guards_any(self, type_name: str, selections: Selections) -> bool:
        """Whether a field below one of the selections is guarded."""
        for each in selections:
            if isinstance(each, Fragment):
                if self._guards_any(each.on, each.selections):
                    return True
            elif each.name != "__typename" and each.selections:
                below = named(self._supergraph.types[type_name].fields[each.name].type)
                if any(isinstance(one, Field) and self.guard(below, one) for one in each.selections):
                    return True
                if self._guards_any(below, each.selections):
                    return True
        return False


def trusted(selections: Selections) -> Selections:
    """The same selections, every field trusted."""
    return tuple(map(_trusted, selections))


def _trusted(selection: Selection) -> Selection:
    below = trusted(selection.selections)
    if isinstance(selection, Fragment):
        return Fragment(selection.on, below)
    return replace(selection, apart=TRUSTED, selections=below)


def _is_within(selection: Selection, key: Selections) -> bool:
    """Whether the key selects all of it too."""
    if isinstance(selection, Fragment):
        return all(_is_within(each, key) for each in selection.selections)
    if selection.name == "__typename":
        return True
    same = [each for each in key if isinstance(each, Field) and each.name == selection.name]
    return any(all(_is_within(below, each.selections) for below in selection.selections) for each in same)
