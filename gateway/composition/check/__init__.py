"""Checks: what one subgraph must keep by itself, and what all must keep together once merged."""

from gateway.composition.check.arguments import check_required_arguments
from gateway.composition.check.auth import check_required_access
from gateway.composition.check.context import check_contexts
from gateway.composition.check.cost import check_costs
from gateway.composition.check.directives import check_directives
from gateway.composition.check.external import check_external
from gateway.composition.check.field_sets import check_field_sets
from gateway.composition.check.inaccessible import check_inaccessible
from gateway.composition.check.interfaces import check_interface_keys, check_interfaces
from gateway.composition.merge.merging import Merging
from gateway.composition.merged import Merged
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import usage_of

__all__ = ["check_merged", "check_required_arguments", "check_subgraph"]


def check_subgraph(subgraph: Subgraph, *, report: Report) -> None:
    """Every rule that a subgraph can break without knowing the others."""
    check_directives(subgraph, report=report)
    check_field_sets(subgraph, report=report)
    check_external(subgraph, usage_of(subgraph), report=report)
    check_interface_keys(subgraph, report=report)
    check_contexts(subgraph, report=report)
    check_costs(subgraph, report=report)


def check_merged(merged: Merged, merging: Merging) -> None:
    """Every rule on the merged schema except that each field can be reached (satisfiability)."""
    check_interfaces(merged, merging)
    check_inaccessible(merged, report=merging.report)
    check_required_access(merged, merging)
