"""Merging: the types of one name in all subgraphs become one type, kind by kind."""

from gateway.composition.merge.types import merge

__all__ = ["merge"]
