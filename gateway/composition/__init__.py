"""Composition: the SDLs of Federation 1 and 2 subgraphs become one supergraph; every refusal has a code and a place."""

from gateway.composition.composer import Composition, compose
from gateway.composition.problems import CompositionError, Hint, Problem
from gateway.composition.subgraph import SubgraphSdl

__all__ = ["Composition", "CompositionError", "Hint", "Problem", "SubgraphSdl", "compose"]
