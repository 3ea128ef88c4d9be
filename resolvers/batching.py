"""Batched fields: a resolver takes the list of parents and gives the list of answers.

    @strawberry.federation.type(keys=["id"])
    class Client(Entity):
        id: strawberry.ID

        @batched()
        @staticmethod
        async def bookings(parents: strawberry.Parent[list[Client]], info: ReservationsInfo,
                           last: int | None = None) -> list[list[Booking] | None | Exception]: ...

        @classmethod
        async def resolve_references(cls, info: ReservationsInfo, keys: list[Representation]) -> list[Self | None]: ...

In the schema the field is `bookings(last: Int): [Booking!]`: the outer list and `Exception` are not part of its type.

The contract of a batch function: answers in the order of the parents and as many; an Exception as an answer is that
parent's error; raising, or a wrong number of answers, is an error for all of them. Of `info` it may use the context
and the selected fields, never the path: the parents are at many places. Permission classes are asked before, for each
parent.

Here an aiodataloader collects the parents of one tick. An executor that has all parents at hand calls
`batch_function(field)` itself; the functions that are batch functions carry `__batched__`.
"""

from __future__ import annotations

import asyncio
import inspect
import types
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any, Self, Union, get_args, get_origin

import strawberry
from aiodataloader import DataLoader
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

__all__ = ["BatchFunction", "Entity", "Representation", "batch_function", "batched"]

BatchFunction = Callable[..., Any]
"""(parents, [info], **arguments) -> list of answers, or an awaitable of it."""

Representation = dict[str, Any]
"""An entity as another subgraph names it: its key and what is required, under their GraphQL names, values as JSON."""


def batched(**options: Any) -> Callable[[Any], Any]:
    """Make a batch function a field; `options` are those of `strawberry.federation.field`."""
    extensions = options.pop("extensions", [])

    def decorate(function: Any) -> Any:
        batch: Any = function.__func__ if isinstance(function, staticmethod) else function
        batch.__batched__ = True
        return strawberry.federation.field(
            resolver=BatchResolver(function), extensions=[Batched(batch), *extensions], **options
        )

    return decorate


def batch_function(field: StrawberryField) -> BatchFunction | None:
    """The function that answers `field` for a list of parents; None when the field is an ordinary one."""
    return next((one.function for one in field.extensions if isinstance(one, Batched)), None)


class Batched(FieldExtension):
    """Hands the parents of one tick to the batch function, one loader for each place in the operation's text."""

    def __init__(self, function: BatchFunction) -> None:
        self.function = function
        parameters = list(inspect.signature(function).parameters)
        self.parents = parameters[0]
        self.takes_info = "info" in parameters

    async def resolve_async(self, next_: Any, source: Any, info: strawberry.Info[Any, Any], **kwargs: Any) -> Any:
        raw = info._raw_info
        # Not the arguments but the field nodes tell batches apart: aliases have their own, and inputs may be
        # unhashable. The loader keeps `info` and with it the nodes and variables, so that no id is given twice.
        place = (self, tuple(map(id, raw.field_nodes)), id(raw.variable_values))
        loader = info.context.batches.get(place)
        if loader is None:
            loader = info.context.batches[place] = self.loader(info, kwargs)
        return await loader.load(source)

    def loader(self, info: strawberry.Info[Any, Any], kwargs: dict[str, Any]) -> DataLoader[Any, Any]:
        arguments = {name: value for name, value in kwargs.items() if name != self.parents}
        if self.takes_info:
            arguments["info"] = info

        async def load(parents: list[Any]) -> list[Any]:
            return await answers_of(self.function(parents, **arguments), len(parents), info.field_name)

        return new_loader(load)


class BatchResolver(StrawberryResolver[Any]):
    """A resolver whose field has the type of one answer."""

    @cached_property
    def type_annotation(self) -> StrawberryAnnotation | None:
        return Answers(self.signature.return_annotation, namespace=self._namespace)


class Answers(StrawberryAnnotation):
    """Read from the return annotation `list[T | Exception]`: T."""

    def evaluate(self) -> type:
        answers = super().evaluate()
        if get_origin(answers) not in (list, Sequence):
            raise TypeError(f"a batched field returns list[T | Exception], not {answers}")
        (answer,) = get_args(answers)
        if get_origin(answer) not in (Union, types.UnionType):
            return answer  # type: ignore[no-any-return]
        return Union[tuple(part for part in get_args(answer) if part is not Exception)]  # type: ignore[return-value]  # noqa: UP007


class Entity:
    """An entity found by batches: the class gives `resolve_references`, strawberry calls `resolve_reference`."""

    @classmethod
    def resolve_references(cls, info: Any, keys: list[Representation]) -> Awaitable[Sequence[Self | Exception | None]]:
        """The entities of `keys`, in order; None for one that doesn't exist, an Exception for one that fails."""
        raise NotImplementedError(f"{cls.__name__} has no resolve_references")

    @classmethod
    async def resolve_reference(cls, info: strawberry.Info[Any, Any], **key: Any) -> Self | None:
        batches = info.context.batches
        loader = batches.get(cls)
        if loader is None:

            async def load(keys: list[Representation]) -> list[Any]:
                return await answers_of(cls.resolve_references(info, keys), len(keys), cls.__name__)

            loader = batches[cls] = new_loader(load)
        found: Self | None = await loader.load(key)
        return found


def new_loader(load: Callable[[list[Any]], Any]) -> DataLoader[Any, Any]:
    """A loader that only collects: parents and representations are unhashable, so there is nothing to cache by."""
    return DataLoader(load, cache=False, loop=asyncio.get_running_loop())


async def answers_of(answered: Any, expected: int, name: str) -> list[Any]:
    """The answers of a batch function, awaited and counted. Raises TypeError when there are more or fewer."""
    answers = list(await answered if inspect.isawaitable(answered) else answered)
    if len(answers) != expected:
        raise TypeError(f"{name}: the batch function gave {len(answers)} answers to {expected} parents")
    return answers
