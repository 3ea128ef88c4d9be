"""@external says "another subgraph resolves this, I only name it": so it is named in some field set or owed."""

from gateway.composition.elements import InterfaceType, ObjectType, applications
from gateway.composition.merge.carried import is_carried
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import Usage

__all__ = ["check_external"]


def check_external(subgraph: Subgraph, usage: Usage, *, report: Report) -> None:
    """Every rule about @external that a subgraph can break by itself."""
    for found in subgraph.types.values():
        if not isinstance(found, ObjectType | InterfaceType):
            continue
        for field in found.fields.values():
            applied = next(applications(field, "external"), None)
            if applied is None:
                continue
            coordinate = f"{found.name}.{field.name}"
            line = field.line

            def say(code: str, fact: str, coordinate: str = coordinate, line: int | None = line) -> None:
                report.problem(
                    code,
                    f"{subgraph.name}: {coordinate} is @external {fact}",
                    subgraphs=[subgraph.name],
                    coordinate=coordinate,
                    line=line,
                )

            if isinstance(found, InterfaceType):
                say("EXTERNAL_ON_INTERFACE", "but an interface resolves nothing: mark the implementations' fields")
            if (found.name, field.name) not in usage.used:
                say("EXTERNAL_UNUSED", "but no @key, @requires, @provides or interface needs it: remove it")
            if any(applications(field, "provides")):
                say(
                    "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE", "and @provides: it is resolved here or not, remove one"
                )
            for name in dict.fromkeys(each.name for each in field.directives if is_carried(each.name)):
                said = f"@{name.lstrip('@')}"
                say("MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL", f"and {said}: put {said} where the field is resolved")
