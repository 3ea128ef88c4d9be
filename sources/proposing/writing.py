"""A proposal as a part of `spojka.toml`: what is sure stands there, what somebody has to decide is commented out.

So a proposal that is used as it is is refused at the start for what is missing, and never read with a wrong meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sources.mapping.requirements import ColumnNeed, Holds
from sources.mapping.settings import ColumnMapping
from sources.proposing.looking import Looking
from sources.proposing.matching import ColumnMatch, TableMatch
from sources.proposing.words import DELETED, words

__all__ = ["proposal", "undecided"]

CONSTANTS = {
    "band_rule": '"SPLIT"',
    "calendar": '"CZ"',
    "currency": '"CZK"',
    "marketing_consent": "false",
    "merge_gaps_under_seconds": "0",
    "payment_terms_days": "14",
    "cycle_day": "1",
    "time_zone": '"Europe/Prague"',
    "zone": '"Europe/Prague"',
}
"""What is often the same for all."""

MOST_NAMED = 6  # of the columns or tables that nothing was found for

YES, NO = {"a", "ano", "y", "yes", "t", "true", "1", "j"}, {"n", "ne", "no", "f", "false", "0"}


def proposal(system: str, url: str, matches: Sequence[TableMatch], looking: Looking) -> Iterator[str]:
    """The lines of `[systems.NAME]`."""
    yield f"[systems.{system}]"
    yield f"url = {quoted(url)}"
    for match in matches:
        yield ""
        yield from table(system, match, looking)


def undecided(matches: Sequence[TableMatch]) -> list[str]:
    """`clients.currency`: what has to be decided before the mapping is complete."""
    found = []
    for match in matches:
        if match.found is None:
            found += [] if is_absent(match) else [match.need.name]
            continue
        found += [
            f"{match.need.name}.{column.need.name}"
            for column in match.columns
            if not column.is_sure and not is_absent(column)
        ]
        found += [f"{match.need.name} (rows without {column.need.name})" for column in match.gaps]
    return found


def is_absent(match: TableMatch | ColumnMatch) -> bool:
    """It may be absent, and what is there is all something else: nothing is left that could be it."""
    if isinstance(match, TableMatch):
        return match.found is None and match.need.absence is not None and not match.left_over
    return match.found is None and match.need.nullable and not match.left_over


def table(system: str, match: TableMatch, looking: Looking) -> Iterator[str]:
    header = f"systems.{system}.tables.{match.need.name}"
    if match.found is None:
        if match.need.absence:
            yield f"[{header}]"
            mark = "" if is_absent(match) else "# "
            yield f"{mark}absent = true  # {nothing_like_it(match)}; without it {match.need.absence}"
        else:
            yield f"# [{header}]"
            yield f"# table = ...  # {nothing_like_it(match)}; it needs {needs(match)}"
        return
    yield f"[{header}]"
    yield f"table = {quoted(match.found.name)}"
    if match.found.schema:
        yield f"schema = {quoted(match.found.schema)}"
    yield from rows_left_out(match)
    yield ""
    yield f"[{header}.columns]"
    for column in match.columns:
        yield line(match, column, looking)


def needs(match: TableMatch) -> str:
    return ", ".join(column.name for column in match.need.columns if not column.folded_from)


def rows_left_out(match: TableMatch) -> Iterator[str]:
    """Marks of deletion, and rows that lack what is needed in every one."""
    assert match.found is not None
    for column in match.found.columns:
        if DELETED & set(words(column.name)):
            yield f"# where = {{ {quoted(column.name)} = 0 }}  # are other rows deleted ones?"
    if match.gaps:
        names = ", ".join(quoted(each.found.name) for each in match.gaps if each.found)
        yield f"# present = [{names}]  # some rows have none, and each needs one: leave those out?"


def line(match: TableMatch, column: ColumnMatch, looking: Looking) -> str:
    name = column.need.name
    if column.mapping is None or column.found is None:
        return nothing_found(column)
    about = column.found.type_text
    if column.is_sure:
        return f"{name} = {written(column.mapping)}"
    if column.mapping.codes is not None:
        choices = f"; one of {', '.join(column.need.choices)}" if column.need.choices else ""
        return f"# {name} = {coded(match, column, looking)}  # {about}: {column.doubt}{choices}"
    return f"# {name} = {written(column.mapping)}  # {about}: {column.doubt}"


def nothing_found(column: ColumnMatch) -> str:
    need = column.need
    if need.nullable:
        mark = "" if is_absent(column) else "# "
        return f"{mark}{need.name} = {{ absent = true }}  # {nothing_like_it(column)}"
    constant = CONSTANTS.get(need.name, '"..."' if need.holds is Holds.TEXT else "...")
    wanted = f"; one of {', '.join(need.choices)}" if need.choices else ""
    return f"# {need.name} = {{ constant = {constant} }}  # {nothing_like_it(column)}; {need.holds.value}{wanted}"


def nothing_like_it(match: TableMatch | ColumnMatch) -> str:
    """With what is left that nothing else was found to be."""
    if not match.left_over:
        return "nothing like it was found"
    shown = [quoted(each) for each in match.left_over[:MOST_NAMED]]
    more = [f"{len(match.left_over) - MOST_NAMED} more"] if len(match.left_over) > MOST_NAMED else []
    return f"nothing like it was found; is it one of {', '.join([*shown, *more])}?"


def written(mapping: ColumnMapping) -> str:
    """A column's name, or a table with it."""
    options = [f"column = {quoted(str(mapping.column))}"]
    if mapping.unit is not None:
        options.append('unit = "cents"' if str(mapping.unit) == "0.01" else f"unit = {quoted(str(mapping.unit))}")
    options += [
        f"{name} = {quoted(value)}" for name in ("zone", "format") if (value := getattr(mapping, name)) is not None
    ]
    options += [f"none = {quoted(each) if isinstance(each, str) else each}" for each in mapping.none]
    return quoted(str(mapping.column)) if len(options) == 1 else f"{{ {', '.join(options)} }}"


def coded(match: TableMatch, column: ColumnMatch, looking: Looking) -> str:
    """With the codes that are in the table now, so that only their meanings are to be written."""
    assert column.found is not None
    assert match.found is not None
    values = looking.values(match.found, column.found.name)
    shown = ", ".join(f"{quoted(str(value))} = {meaning(column.need, value)}" for value in values or ())
    return f"{{ column = {quoted(column.found.name)}, codes = {{ {shown or '...'} }} }}"


def meaning(need: ColumnNeed, value: object) -> str:
    text = str(value).strip().lower()
    if need.holds is Holds.FLAG:
        return "true" if text in YES else "false" if text in NO else quoted("?")
    alike = [choice for choice in need.choices if choice.lower() == text]
    return quoted(alike[0] if alike else "?")


def quoted(text: str) -> str:
    """As a string of TOML; JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
