"""@inaccessible: what is left of the schema for clients must still be a schema."""

from collections.abc import Iterator

from graphql import EnumValueNode, ListValueNode, ObjectValueNode, ValueNode, parse_const_value

from gateway.composition.elements import named
from gateway.composition.merged import (
    Merged,
    MergedEnum,
    MergedEnumValue,
    MergedField,
    MergedInput,
    MergedInputValue,
    MergedInterface,
    MergedObject,
    MergedType,
    MergedUnion,
)
from gateway.composition.problems import Report

__all__ = ["check_inaccessible", "is_inaccessible"]


def is_inaccessible(element: MergedType | MergedField | MergedInputValue | MergedEnumValue) -> bool:
    """Whether the element itself is marked @inaccessible."""
    return any(applied.name == "inaccessible" for applied in element.carried)


def check_inaccessible(merged: Merged, *, report: Report) -> None:
    """Every rule of the specification inaccessible v0.2."""
    for found in merged.types.values():
        if is_inaccessible(found):
            if found.name == "Query":
                report.problem(
                    "QUERY_ROOT_TYPE_INACCESSIBLE",
                    "Query is @inaccessible, so clients could ask nothing: remove it",
                    coordinate="Query",
                )
            continue
        _check_children(merged, found, report)
        for coordinate, type_name in _references(found):
            target = merged.types.get(type_name)
            if target is not None and is_inaccessible(target):
                report.problem(
                    "REFERENCED_INACCESSIBLE",
                    f"{coordinate} is of type {type_name}, which is @inaccessible: make the field @inaccessible too",
                    coordinate=coordinate,
                )
        match found:
            case MergedObject() | MergedInterface():
                _check_owed(merged, found, report)
                for field in found.fields.values():
                    _check_inputs(merged, f"{found.name}.{field.name}", field, report)
            case MergedInput(fields=inputs):
                for value in inputs.values():
                    _check_value(merged, f"{found.name}.{value.name}", value, report)
            case _:
                pass


def _check_children(merged: Merged, found: MergedType, report: Report) -> None:
    children: list[MergedType | MergedField | MergedInputValue | MergedEnumValue]
    match found:
        case MergedObject(fields=fields) | MergedInterface(fields=fields):
            children = list(fields.values())
        case MergedInput(fields=inputs):
            children = list(inputs.values())
        case MergedEnum(values=values):
            children = list(values.values())
        case MergedUnion(members=members):
            children = [merged.types[member] for _, member in members if member in merged.types]
        case _:
            return
    if children and all(map(is_inaccessible, children)):
        report.problem(
            "ONLY_INACCESSIBLE_CHILDREN",
            f"all that is in {found.name} is @inaccessible but {found.name} isn't: make it @inaccessible too, or"
            " show a part",
            coordinate=found.name,
        )


def _references(found: MergedType) -> Iterator[tuple[str, str]]:
    """(coordinate, type name) of every accessible field, argument and input field."""
    match found:
        case MergedObject(fields=fields) | MergedInterface(fields=fields):
            for field in fields.values():
                if is_inaccessible(field):
                    continue
                yield f"{found.name}.{field.name}", named(field.type)
                for argument in field.arguments.values():
                    if not is_inaccessible(argument):
                        yield f"{found.name}.{field.name}({argument.name}:)", named(argument.type)
        case MergedInput(fields=inputs):
            for value in inputs.values():
                if not is_inaccessible(value):
                    yield f"{found.name}.{value.name}", named(value.type)
        case _:
            pass


def _check_owed(merged: Merged, found: MergedObject | MergedInterface, report: Report) -> None:
    for interface in dict.fromkeys(interface for _, interface in found.implements):
        above = merged.types.get(interface)
        if not isinstance(above, MergedInterface) or is_inaccessible(above):
            continue
        for name, field in above.fields.items():
            own = found.fields.get(name)
            if own is not None and is_inaccessible(own) and not is_inaccessible(field):
                report.problem(
                    "IMPLEMENTED_BY_INACCESSIBLE",
                    f"{found.name}.{name} is @inaccessible but {interface}.{name} isn't: make that @inaccessible too",
                    coordinate=f"{found.name}.{name}",
                )
            elif own is not None and not is_inaccessible(own):
                _check_owed_arguments(f"{found.name}.{name}", own, f"{interface}.{name}", field, report)


def _check_owed_arguments(coordinate: str, own: MergedField, owed_to: str, field: MergedField, report: Report) -> None:
    if is_inaccessible(field):
        return
    for name, argument in field.arguments.items():
        given = own.arguments.get(name)
        if given is not None and is_inaccessible(given) and not is_inaccessible(argument):
            report.problem(
                "IMPLEMENTED_BY_INACCESSIBLE",
                f"{coordinate}({name}:) is @inaccessible but {owed_to}({name}:) isn't: make that @inaccessible too",
                coordinate=f"{coordinate}({name}:)",
            )


def _check_inputs(merged: Merged, coordinate: str, field: MergedField, report: Report) -> None:
    if is_inaccessible(field):
        return
    for argument in field.arguments.values():
        _check_value(merged, f"{coordinate}({argument.name}:)", argument, report)


def _check_value(merged: Merged, coordinate: str, value: MergedInputValue, report: Report) -> None:
    if is_inaccessible(value):
        if str(value.type).endswith("!") and value.default is None:
            report.problem(
                "REQUIRED_INACCESSIBLE",
                f"{coordinate} is @inaccessible but required, so nobody could give it: make it nullable or give a"
                " default",
                coordinate=coordinate,
            )
        return
    if value.default is not None and _uses_hidden(merged, named(value.type), parse_const_value(value.default)):
        report.problem(
            "DEFAULT_VALUE_USES_INACCESSIBLE",
            f"{coordinate} has the default {value.default}, which is @inaccessible: give it another",
            coordinate=coordinate,
        )


def _uses_hidden(merged: Merged, type_name: str, value: ValueNode) -> bool:
    """Whether an inaccessible enum value or input field is in the value, at any depth."""
    found = merged.types.get(type_name)
    match value:
        case EnumValueNode(value=name) if isinstance(found, MergedEnum) and name in found.values:
            return is_inaccessible(found.values[name])
        case ListValueNode(values=items):
            return any(_uses_hidden(merged, type_name, item) for item in items)
        case ObjectValueNode(fields=entries) if isinstance(found, MergedInput):
            known = [(entry, found.fields[entry.name.value]) for entry in entries if entry.name.value in found.fields]
            return any(
                is_inaccessible(field) or _uses_hidden(merged, named(field.type), entry.value) for entry, field in known
            )
        case _:
            return False
