"""Who may see what of one supergraph: scopes and row rules together, for the pipeline.

standing   what tells one kind of viewer from another, small and hashable: part of what a plan is kept by
refused    an operation that isn't answered at all, and why
denied     which fields are not for a standing
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from graphql import GraphQLSchema

from gateway.authorization.pruning import Denied, denied_fields
from gateway.authorization.requirements import Denial, Requirements, policies_of
from gateway.authorization.row_rules import RowRule, RowRules
from gateway.composition.supergraph import Supergraph
from gateway.doors.viewer import Viewer
from gateway.errors import AccessRefused, RefusedField
from gateway.operation import Operation
from gateway.planning.guards import Guards

__all__ = ["Access", "Standing"]

_REMEMBERED = 1000  # sets of scopes; a company has some dozens


@dataclass(frozen=True, slots=True)
class Standing:
    """A kind of viewer: the demands they meet, the row rules that hold for them."""

    met: int
    authenticated: bool
    holding: int


class Access:
    """`refuse_whole` answers nothing of an operation of which a field is denied; else only that field is null."""

    def __init__(self, supergraph: Supergraph, *, rules: Iterable[RowRule] = (), refuse_whole: bool = False) -> None:
        self._requirements = Requirements(supergraph.document)
        self._rules = RowRules(rules, supergraph)
        self._refuse_whole = refuse_whole
        self._standing = lru_cache(_REMEMBERED)(self._made)
        self._schema: GraphQLSchema = supergraph.api_schema
        query = supergraph.types[supergraph.roots["query"]]
        self._is_closed = all(self._requirements.of_field(query.name, each) for each in query.fields)

    def standing(self, viewer: Viewer) -> Standing:
        """Where this viewer stands."""
        return self._standing(viewer.authenticated, viewer.scopes, policies_of(viewer))

    def _made(self, authenticated: bool, scopes: frozenset[str], policies: frozenset[str]) -> Standing:
        met = self._requirements.met_by(authenticated, scopes, policies)
        return Standing(met, authenticated, self._rules.holding_for(scopes))

    def guards(self, standing: Standing) -> Guards:
        """The row guards that plans for them have."""
        return self._rules.guards(standing.holding)

    def denied(self, standing: Standing) -> Denied | None:
        """Why each field is not for them; None where every field is."""
        if standing.met == (1 << len(self._requirements.demands)) - 1:
            return None

        def denied(type_name: str, field_name: str) -> Denial | None:
            return self._requirements.denial(type_name, field_name, standing.met, authenticated=standing.authenticated)

        return denied

    def is_closed_to(self, viewer: Viewer) -> bool:
        """Whether there is nothing here for whoever has no token: then they aren't told of the schema either."""
        return self._is_closed and not viewer.authenticated and bool(self._requirements)

    def refusal(self, operation: Operation, standing: Standing) -> AccessRefused | None:
        """Why nothing of the operation is carried out. A mutation is, if all of its root fields may be."""
        if operation.introspection and self._requirements and not standing.authenticated:
            denial = Denial("the schema is not for everybody: send a token", "UNAUTHENTICATED")
            key = operation.introspection[0]
            path = (key.alias.value if key.alias else key.name.value,)
            return AccessRefused([RefusedField(path, denial.message, denial.code)])
        denied = self.denied(standing)
        if denied is None or not (self._refuse_whole or operation.kind == "mutation"):
            return None
        found = denied_fields(operation, denied, self._schema)
        refused: Sequence[RefusedField] = [
            RefusedField(each.path, each.denial.message, each.denial.code)
            for each in found
            if self._refuse_whole or len(each.path) == 1
        ]
        return AccessRefused(refused) if refused else None
