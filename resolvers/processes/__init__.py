"""The subgraph of processes: runs as they are, and the mutations that start one."""

from resolvers.processes.schema import make_schema, schema
from resolvers.processes.starting import ImportRefused, ProcessesContext, Runner

__all__ = ["ImportRefused", "ProcessesContext", "Runner", "make_schema", "schema"]
