"""The objects at a place of the tree."""

from collections.abc import Iterator
from typing import Any

from gateway.planning.plan import EACH, ONLY, Path

__all__ = ["Ancestors", "objects_at", "objects_with_ancestors"]

JsonObject = dict[str, Any]
Ancestors = tuple[JsonObject, ...]
"""The objects that lead to an object, from the root, and the object itself."""


def objects_at(value: Any, path: Path) -> Iterator[JsonObject]:
    """Every object that `path` leads to; nulls and failures on the way lead to none."""
    return (found for found, _ in objects_with_ancestors(value, path))


def objects_with_ancestors(value: Any, path: Path, above: Ancestors = ()) -> Iterator[tuple[JsonObject, Ancestors]]:
    """The same, each with the objects on its way."""
    if not path:
        if isinstance(value, dict):
            yield value, (*above, value)
    elif path[0] == EACH:
        if isinstance(value, list):
            for each in value:
                yield from objects_with_ancestors(each, path[1:], above)
    elif isinstance(value, dict):
        if path[0].startswith(ONLY):
            is_one = value.get("__typename") == path[0].removeprefix(ONLY)
            yield from objects_with_ancestors(value if is_one else None, path[1:], above)
        else:
            yield from objects_with_ancestors(value.get(path[0]), path[1:], (*above, value))
