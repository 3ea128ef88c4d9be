"""@link: which specifications a subgraph uses, and by which names it calls their directives.

Follows the link specification v1.0: a directive that isn't imported is called `@<prefix>__<name>`, and the one named
like the specification itself (`@tag` of tag/v0.3) just `@<prefix>`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import ConstDirectiveNode, DirectiveNode, value_from_ast_untyped

from gateway.composition.problems import Report

__all__ = ["FEDERATION", "Link", "Names", "definition_of", "names_of", "read_links"]

FEDERATION = "https://specs.apollo.dev/federation"
_SPEC_URL = re.compile(r"^(?P<identity>https?://.+/(?P<name>[^/]+))/v(?P<major>\d+)\.(?P<minor>\d+)/?$")
_NAME = re.compile(r"^@?[_A-Za-z][_0-9A-Za-z]*$")
_NEWEST = (2, 14)

# Directive of the federation specification -> (version it appeared in, its definition without "directive @name").
DEFINITIONS: Mapping[str, tuple[tuple[int, int], str]] = {
    "key": (
        (2, 0),
        "(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
    ),
    "requires": ((2, 0), "(fields: federation__FieldSet!) on FIELD_DEFINITION"),
    "provides": ((2, 0), "(fields: federation__FieldSet!) on FIELD_DEFINITION"),
    "external": ((2, 0), "(reason: String) on OBJECT | FIELD_DEFINITION"),
    "extends": ((2, 0), "on OBJECT | INTERFACE"),
    "shareable": ((2, 0), "repeatable on OBJECT | FIELD_DEFINITION"),
    "override": ((2, 0), "(from: String!, label: String) on FIELD_DEFINITION"),
    "tag": (
        (2, 0),
        "(name: String!) repeatable on FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR"
        " | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
    ),
    "inaccessible": (
        (2, 0),
        "on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT"
        " | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION",
    ),
    "composeDirective": ((2, 1), "(name: String) repeatable on SCHEMA"),
    "interfaceObject": ((2, 3), "on OBJECT"),
    "authenticated": ((2, 5), "on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"),
    "requiresScopes": (
        (2, 5),
        "(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    "policy": (
        (2, 6),
        "(policies: [[federation__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    "context": ((2, 8), "(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    "fromContext": ((2, 8), "(field: federation__ContextFieldValue) on ARGUMENT_DEFINITION"),
    "cost": (
        (2, 9),
        "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    "listSize": (
        (2, 9),
        "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean"
        " = true)"
        " on FIELD_DEFINITION",
    ),
    "cacheTag": ((2, 12), "(format: String!) repeatable on OBJECT | FIELD_DEFINITION"),
}
# The same as they were before the version.
_EARLIER: Mapping[str, tuple[tuple[int, int], str]] = {
    "shareable": ((2, 2), "on OBJECT | FIELD_DEFINITION"),
    "override": ((2, 7), "(from: String!) on FIELD_DEFINITION"),
}
FIELD_SET_SCALARS = ("FieldSet", "Scope", "Policy", "ContextFieldValue")

# What a subgraph without @link knows: the names that Federation 1 gives them.
_FEDERATION_1 = ("key", "requires", "provides", "external", "tag", "extends")

# Specifications of their own whose directives federation also has.
_OWN_SPECS: Mapping[str, tuple[str, ...]] = {
    f"https://specs.apollo.dev/{spec}": names
    for spec, names in {
        **{name: (name,) for name in ("tag", "inaccessible", "authenticated", "requiresScopes", "policy")},
        "context": ("context", "fromContext"),
        "cost": ("cost", "listSize"),
        "cacheTag": ("cacheTag",),
    }.items()
}
# Those of them that there are; the link specification is read with them.
_VERSIONS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "https://specs.apollo.dev/link": ((1, 0),),
    "https://specs.apollo.dev/tag": ((0, 1), (0, 2), (0, 3)),
    "https://specs.apollo.dev/inaccessible": ((0, 1), (0, 2)),
    **{
        f"https://specs.apollo.dev/{spec}": ((0, 1),)
        for spec in ("authenticated", "requiresScopes", "policy", "context", "cost", "cacheTag")
    },
}


@dataclass(frozen=True, slots=True)
class Link:
    """One @link: `identity` is the address without version, `imports` maps imported names to local ones, "@" kept."""

    identity: str
    name: str
    version: tuple[int, int]
    prefix: str
    imports: Mapping[str, str]
    line: int | None


@dataclass(frozen=True, slots=True)
class Names:
    """How a subgraph calls things of the federation specification: local name -> specification name.

    `version` is the specification's; (1, 0) of a Federation 1 subgraph, which links none.
    """

    directives: Mapping[str, str]
    scalars: Mapping[str, str]
    version: tuple[int, int]
    links: tuple[Link, ...] = ()


def definition_of(name: str, version: tuple[int, int]) -> str:
    """The directive's definition in that version of the federation specification, without "directive @name"."""
    until, earlier = _EARLIER.get(name, ((0, 0), ""))
    return earlier if version < until else DEFINITIONS[name][1]


def read_links(
    directives: Iterable[DirectiveNode | ConstDirectiveNode], subgraph: str, *, report: Report
) -> list[Link] | None:
    """Every @link of a schema definition; None when one can't be read, which is reported."""
    links: list[Link] = []
    unreadable = False
    for node in directives:
        if node.name.value != "link":
            continue
        arguments = {argument.name.value: value_from_ast_untyped(argument.value) for argument in node.arguments or ()}
        line = node.loc.start_token.line if node.loc else None
        match = _SPEC_URL.match(str(arguments.get("url")))
        if match is None or not _is_name(arguments.get("as") or match["name"]):
            unreadable = True
            url = f'@link(url: "{arguments["url"]}")' if arguments.get("url") else "a @link"
            report.problem(
                "INVALID_LINK_IDENTIFIER",
                f"{subgraph}: {url} has no specification address with a version, or no name by it;"
                ' write it like url: "https://specs.apollo.dev/federation/v2.9"',
                subgraphs=[subgraph],
                line=line,
            )
        elif fact := _wrong_import(arguments.get("import")):
            unreadable = True
            report.problem(
                "INVALID_LINK_DIRECTIVE_USAGE",
                f'{subgraph}: @link(url: "{arguments["url"]}") imports {fact}',
                subgraphs=[subgraph],
                line=line,
            )
        else:
            links.append(_link(match, arguments, line))
    return None if unreadable else links


def _link(match: re.Match[str], arguments: Mapping[str, Any], line: int | None) -> Link:
    return Link(
        identity=match["identity"],
        name=match["name"],
        version=(int(match["major"]), int(match["minor"])),
        prefix=str(arguments.get("as") or match["name"]),
        imports=dict(_import(entry) for entry in arguments.get("import") or []),
        line=line,
    )


def _wrong_import(given: object) -> str | None:
    """What is wrong with a list of imports; each is `"@key"` or `{name: "@key", as: "@primaryKey"}`."""
    if given is None:
        return None
    if not isinstance(given, list):
        return 'no list: write it like import: ["@key", "@shareable"]'
    called: dict[str, str] = {}
    for entry in given:
        match entry:
            case str(name) if _is_name(name):
                local = name
            case {"name": str(name), **others} if _is_name(name) and _is_name(others.get("as", name)):
                local = str(others.get("as", name))
            case _:
                return 'something without a name: write each like "@key" or {name: "@key", as: "@primaryKey"}'
        if name.startswith("@") != local.startswith("@"):
            return f'"{name}" as "{local}": only a directive begins with "@", so write it in both or in none'
        if called.setdefault(local, name) != name:
            return f'"{called[local]}" and "{name}" as "{local}": give each a name of its own'
    return None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.match(value) is not None


def _import(entry: str | Mapping[str, str]) -> tuple[str, str]:
    if isinstance(entry, str):
        return entry, entry
    return entry["name"], entry.get("as", entry["name"])


def names_of(links: Iterable[Link], subgraph: str, *, report: Report) -> Names | None:
    """The names a subgraph uses; None, with the problem reported, when it links what we don't know."""
    links = tuple(links)
    for link in links:
        versions = _VERSIONS.get(link.identity)
        if versions is not None and link.version not in versions:
            known = ", ".join(f"v{major}.{minor}" for major, minor in versions)
            report.problem(
                "UNKNOWN_LINK_VERSION",
                f"{subgraph} links {link.identity}/v{link.version[0]}.{link.version[1]}; known is {known}",
                subgraphs=[subgraph],
                line=link.line,
            )
            return None
    federation = next((link for link in links if link.identity == FEDERATION), None)
    if federation is None:
        scalars = {"_FieldSet": "FieldSet", **{f"federation__{name}": name for name in FIELD_SET_SCALARS[1:]}}
        return Names({**{name: name for name in _FEDERATION_1}, **_own(links)}, scalars, (1, 0), links)
    if not (2, 0) <= federation.version <= _NEWEST:
        report.problem(
            "UNKNOWN_FEDERATION_LINK_VERSION",
            f"{subgraph} links federation v{federation.version[0]}.{federation.version[1]}; known are v2.0 to"
            f" v{_NEWEST[0]}.{_NEWEST[1]}",
            subgraphs=[subgraph],
            line=federation.line,
        )
        return None
    for link in links:
        if sum(link.identity == other.identity for other in links) > 1:
            report.problem(
                "INVALID_LINK_DIRECTIVE_USAGE",
                f"{subgraph} links {link.identity} twice: put all it imports into one @link",
                subgraphs=[subgraph],
            )
            return None
    _check_imports(federation, subgraph, report)
    directives = {_local(federation, name): name for name in DEFINITIONS if DEFINITIONS[name][0] <= federation.version}
    scalars = {federation.imports.get(name, f"{federation.prefix}__{name}"): name for name in FIELD_SET_SCALARS}
    return Names(directives | _own(links), scalars, federation.version, links)


def _own(links: Iterable[Link]) -> dict[str, str]:
    """Directives of specifications of their own, by local name."""
    return {
        link.imports.get(f"@{name}", f"@{link.prefix}" if name == link.name else f"@{link.prefix}__{name}")[1:]: name
        for link in links
        for name in _OWN_SPECS.get(link.identity, ())
    }


def _local(federation: Link, name: str) -> str:
    return federation.imports.get(f"@{name}", f"@{federation.prefix}__{name}").removeprefix("@")


def _check_imports(federation: Link, subgraph: str, report: Report) -> None:
    known = {f"@{name}" for name, (since, _) in DEFINITIONS.items() if since <= federation.version}
    for imported in federation.imports:
        if imported not in known and imported not in FIELD_SET_SCALARS and imported != "@link":
            major, minor = federation.version
            report.problem(
                "INVALID_LINK_DIRECTIVE_USAGE",
                f'{subgraph} imports "{imported}", which federation v{major}.{minor} doesn\'t have: correct the name or'
                " link a newer version",
                subgraphs=[subgraph],
                line=federation.line,
            )
