"""Who may see an interface: whoever may see all of its implementations, since a value may be any of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gateway.composition.elements import Applied
from gateway.composition.merge.carried import AUTH, in_order, merge_applied
from gateway.composition.merged import MergedField, MergedInterface, MergedObject, MergedType

__all__ = ["with_access_of", "with_access_of_implementations"]


def with_access_of_implementations(types: Mapping[str, MergedType]) -> dict[str, MergedType]:
    """The types, each interface and its fields asking what their implementations ask together."""
    return {
        name: _interface(found, _implementations(types, name)) if isinstance(found, MergedInterface) else found
        for name, found in types.items()
    }


def with_access_of(field: MergedField, other: MergedField) -> MergedField:
    """The field, asking what the other asks too."""
    return replace(field, carried=_asked([field.carried, other.carried]))


def _implementations(types: Mapping[str, MergedType], interface: str) -> list[MergedObject]:
    return [
        found
        for found in types.values()
        if isinstance(found, MergedObject) and any(interface == above for _, above in found.implements)
    ]


def _interface(found: MergedInterface, implementations: list[MergedObject]) -> MergedInterface:
    fields = {
        name: replace(field, carried=_asked([field.carried, *_of_field(implementations, name)]))
        for name, field in found.fields.items()
    }
    carried = _asked([found.carried, *(other.carried for other in implementations)])
    return replace(found, fields=fields, carried=carried)


def _of_field(implementations: Iterable[MergedObject], name: str) -> list[tuple[Applied, ...]]:
    return [other.fields[name].carried for other in implementations if name in other.fields]


def _asked(carried: list[tuple[Applied, ...]]) -> tuple[Applied, ...]:
    """The first one's directives, with the access of all merged in."""
    own = [applied for applied in carried[0] if applied.name not in AUTH]
    asked = [applied for each in carried for applied in each if applied.name in AUTH]
    return in_order([*own, *(applied for name in AUTH for applied in merge_applied(name, asked))])
