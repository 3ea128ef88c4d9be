"""Imported once, by the server that workers are forked from: what every worker needs is there, and costs it nothing."""

from gateway.company import supergraph
from tests.faults import worker

__all__ = ["worker"]

supergraph()
