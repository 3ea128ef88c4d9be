"""A supergraph's directives by the names of their specifications, whatever its @links call them.

@link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden")      @hidden is read as @inaccessible

Other composers keep the names that subgraphs import; who may see what must not depend on them.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    REMOVE,
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    NameNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    Visitor,
    value_from_ast_untyped,
    visit,
)

__all__ = ["with_standard_names"]

_SPECS = "https://specs.apollo.dev/"
_DIRECTIVES: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cacheTag")},
    "context": ("context", "fromContext"),
    "cost": ("cost", "listSize"),
}


def with_standard_names(document: DocumentNode) -> DocumentNode:
    """The document with those names; itself where it has them already."""
    renamed = _renamed(document)
    return visit(document, _Renaming(renamed)) if renamed else document


def _renamed(document: DocumentNode) -> dict[str, str]:
    """Local name -> the specification's, of the directives that are called otherwise: {"hidden": "inaccessible"}."""
    renamed = {}
    for node in document.definitions:
        for link in node.directives or () if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode) else ():
            if link.name.value == "link":
                renamed.update(_named_by(link))
    return {local: standard for local, standard in renamed.items() if local != standard}


def _named_by(link: ConstDirectiveNode) -> dict[str, str]:
    given: dict[str, Any] = {each.name.value: value_from_ast_untyped(each.value) for each in link.arguments or ()}
    url = str(given.get("url"))
    spec = url.removeprefix(_SPECS).split("/")[0]
    if not url.startswith(_SPECS) or spec not in _DIRECTIVES:
        return {}
    prefix = given.get("as") or spec
    named = {name: (prefix if name == spec else f"{prefix}__{name}") for name in _DIRECTIVES[spec]}
    for entry in given.get("import") or ():
        name = entry if isinstance(entry, str) else entry["name"]
        local = name if isinstance(entry, str) else entry.get("as", name)
        named[name.removeprefix("@")] = local.removeprefix("@")
    return {local: name for name, local in named.items() if name in _DIRECTIVES[spec]}


class _Renaming(Visitor):
    """Renames them; another directive that has the standard name for itself means nothing here and goes."""

    def __init__(self, renamed: Mapping[str, str]) -> None:
        super().__init__()
        self._renamed = renamed
        self._taken = set(renamed.values())

    def enter_directive(self, node: ConstDirectiveNode, *_: object) -> object:
        return self._with_name(node)

    def enter_directive_definition(self, node: DirectiveDefinitionNode, *_: object) -> object:
        return self._with_name(node)

    def _with_name(self, node: Any) -> object:
        name = node.name.value
        if name in self._renamed:
            changed = {key: getattr(node, key) for key in node.keys} | {"name": NameNode(value=self._renamed[name])}
            return type(node)(**changed)
        return REMOVE if name in self._taken else None
