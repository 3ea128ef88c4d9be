"""Directives that stand where they may not, or say what they can't."""

import re

from gateway.composition.elements import Field, InterfaceType, ObjectType, TypeDef, applications, has
from gateway.composition.merge.carried import AUTH
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph

__all__ = ["check_directives"]

_LABEL = re.compile(r"^(percent\((100|\d{1,2}(\.\d{1,8})?)\)|[a-zA-Z][a-zA-Z0-9_\-:./]*)$")
_NOT_ON_INTERFACE = {"shareable": "INVALID_SHAREABLE_USAGE", "override": "OVERRIDE_ON_INTERFACE"}


def check_directives(subgraph: Subgraph, *, report: Report) -> None:
    """The placement of every directive that has a rule about it."""
    for found in subgraph.types.values():
        _check_interface_object(subgraph, found, report)
        _check_access(subgraph, found, report)
        if isinstance(found, ObjectType | InterfaceType):
            for field in found.fields.values():
                _check_field(subgraph, found, field, report)


def _check_interface_object(subgraph: Subgraph, found: TypeDef, report: Report) -> None:
    if has(found, "interfaceObject") and not has(found, "key"):
        report.problem(
            "INTERFACE_OBJECT_USAGE_ERROR",
            f"{subgraph.name}: {found.name} is @interfaceObject without @key, so nothing leads to it: give it a key"
            " of the"
            " interface",
            subgraphs=[subgraph.name],
            coordinate=found.name,
            line=found.line,
        )


def _check_access(subgraph: Subgraph, found: TypeDef, report: Report) -> None:
    """Who may see an interface follows from its implementations, so it can't be said on the interface."""
    if not isinstance(found, InterfaceType) and not has(found, "interfaceObject"):
        return
    assert isinstance(found, ObjectType | InterfaceType)
    elements: dict[str, TypeDef | Field] = {found.name: found}
    if isinstance(found, InterfaceType):  # an interface object resolves its fields, so it may say who sees them
        elements |= {f"{found.name}.{field.name}": field for field in found.fields.values()}
    for coordinate, element in elements.items():
        for name in AUTH:
            if has(element, name):
                report.problem(
                    "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
                    f"{subgraph.name}: @{name} on {coordinate} stands on an interface: put it on the implementations",
                    subgraphs=[subgraph.name],
                    coordinate=coordinate,
                    line=element.line,
                )


def _check_field(subgraph: Subgraph, found: ObjectType | InterfaceType, field: Field, report: Report) -> None:
    coordinate = f"{found.name}.{field.name}"

    def say(code: str, fact: str) -> None:
        report.problem(
            code,
            f"{subgraph.name}: {coordinate} {fact}",
            subgraphs=[subgraph.name],
            coordinate=coordinate,
            line=field.line,
        )

    if isinstance(found, InterfaceType):
        for name, code in _NOT_ON_INTERFACE.items():
            if has(field, name):
                say(code, f"is @{name}, but an interface resolves nothing: mark the implementations' fields")
    if len([applied for applied in applications(field, "shareable") if not applied.inherited]) > 1:
        say("INVALID_SHAREABLE_USAGE", "is @shareable twice: once is enough")
    if found.name == "Subscription" and has(field, "shareable"):
        say("INVALID_FIELD_SHARING", "is @shareable, but a subscription comes from one subgraph: remove @shareable")
    if has(found, "interfaceObject") and has(field, "override"):
        say(
            "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE", f"is @override in the @interfaceObject {found.name}: remove it"
        )
    for applied in applications(field, "override"):
        label = applied.arguments.get("label")
        if label is not None and not _LABEL.match(str(label)):
            say(
                "OVERRIDE_LABEL_INVALID",
                f'has the @override label "{label}": write it like "percent(25)" or "new-billing"',
            )
