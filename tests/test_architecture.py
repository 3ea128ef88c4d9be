"""Who may import whom (design.md), and what a file may be: read from the sources, so no import can hide.

The checks are functions of (path, text), and each is shown a made-up offender first: a check that can't fail is none.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("gateway", "resolvers", "sources", "processes")
SYSTEMS = ("links", "sales", "reservations", "bridge", "billing", "mailing", "processes")
WIRING = (
    "gateway/app.py",
    "gateway/answered_graph.py",
    "gateway/billing.py",
    "gateway/bridges.py",
    "gateway/company.py",
    "gateway/databases.py",
    "gateway/printers.py",
    "gateway/post.py",
    "gateway/delivery.py",
    "gateway/graphs.py",
    "gateway/cli.py",
    "gateway/commands/",
)

# What a room's files may import of ours. The first prefix that fits a path decides.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(WIRING, ROOMS),
    "gateway/": ("gateway",),
    "resolvers/": ("resolvers", "sources", "processes.rules"),
    "processes/rules/": ("processes.rules",),
    "processes/": ("processes",),
    "sources/": ("sources",),
}

# What touches the world outside, and the rooms that may.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("sources/",),
    "psycopg": ("sources/",),
    "sqlite3": ("sources/",),
    "strawberry": ("resolvers/", *WIRING),
    "aiodataloader": ("resolvers/",),
    "pyipp": ("sources/printers/",),
    "aiohttp": ("sources/printers/",),
    "typst": ("sources/billing/", "sources/mailing/"),
    "aiosmtplib": ("sources/post/",),
    "imaplib": ("sources/post/",),
    "pyreqwest": ("gateway/subgraphs/remote/", "sources/bridge/switches/"),
    "starlette": ("gateway/http/", *WIRING),
    "uvicorn": ("gateway/http/",),
    "click": ("gateway/cli.py", "gateway/commands/", "processes/commands/"),
    "rich": ("gateway/cli.py", "processes/commands/"),
}

# A rule decides on values: these would let it look at the world, or wait for it.
IMPURE = frozenset(
    [
        "asyncio",
        "io",
        "logging",
        "os",
        "pathlib",
        "random",
        "secrets",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
        "http",
        "concurrent",
        "requests",
        "httpx",
    ]
)
CLOCKS = frozenset({"now", "utcnow", "today", "open", "input", "print"})
VAGUE_NAMES = frozenset(
    [
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "base",
        "manager",
        "managers",
        "service",
        "services",
        "core",
        "misc",
    ]
)
MOST_LINES = 450


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Every module or name that is imported, wherever it stands: `from a import b` may be the module a.b."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case _:
                pass


def within(name: str, *modules: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def foreign_imports(path: str, text: str) -> list[str]:
    """Imports of ours that the room's files may not have."""
    allowed = next(allowed for prefix, allowed in MAY_IMPORT.items() if path.startswith(prefix))
    ours = (name for name in imports_of(ast.parse(text)) if within(name, *ROOMS))
    return [f"{path} imports {name}" for name in ours if not within(name, *allowed)]


def crossings_of_systems(path: str, text: str) -> list[str]:
    """A subgraph, or a system of record, that imports another one: they meet in the supergraph.

    The demo company is made for all systems at once; it may know them, and none of them knows it.
    """
    room, *rest = PurePosixPath(path).with_suffix("").parts
    if room not in ("resolvers", "sources") or rest[0] == "demo":
        return []
    closed = [f"{room}.{system}" for system in (*SYSTEMS, "demo") if system != rest[0]]
    if room == "resolvers":
        closed += [f"sources.{system}" for system in SYSTEMS if rest[0] in SYSTEMS and system != rest[0]]
    return [f"{path} imports {name}" for name in imports_of(ast.parse(text)) if within(name, *closed)]


def misplaced_libraries(path: str, text: str) -> list[str]:
    """A library used outside the rooms that it belongs to."""
    return [
        f"{path} imports {name}"
        for name in imports_of(ast.parse(text))
        for library, places in ONLY_IN.items()
        if within(name, library) and not path.startswith(places)
    ]


def impurities(path: str, text: str) -> list[str]:
    """What a rule must not have: `async`, a clock, chance, input or output."""
    if not path.startswith("processes/rules/"):
        return []
    tree = ast.parse(text)
    found = [f"imports {name}" for name in imports_of(tree) if name.split(".")[0] in IMPURE]
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                found.append(f"has async in line {node.lineno}")
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in CLOCKS:
                found.append(f"calls {name}() in line {node.lineno}")
            case _:
                pass
    return [f"{path} {each}" for each in found]


def relative_imports(path: str, text: str) -> list[str]:
    """`from .x import y`: a module has one name."""
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level)
    return [f"{path} has a relative import in line {node.lineno}" for node in nodes]


def vague_names(path: str, text: str) -> list[str]:
    """A file or folder whose name says nothing."""
    return [f"{path}: {part}" for part in PurePosixPath(path).with_suffix("").parts if part in VAGUE_NAMES]


def too_long(path: str, text: str) -> list[str]:
    """A file that wants to become a folder; a test may be a long table."""
    lines = text.count("\n")
    return [f"{path} has {lines} lines"] if lines > MOST_LINES and not path.startswith("tests/") else []


CHECKS = (
    foreign_imports,
    crossings_of_systems,
    misplaced_libraries,
    impurities,
    relative_imports,
    vague_names,
    too_long,
)


def violations(path: str, text: str) -> list[str]:
    return [violation for check in CHECKS for violation in check(path, text)]


def _modules() -> list[str]:
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found if "node_modules" not in path.parts)


@pytest.mark.parametrize("path", _modules())
def test_module_keeps_to_its_room(path: str) -> None:
    """Every module imports only what design.md lets its room import, and is what its room may be."""
    assert violations(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gateway/planning/plan.py", "import sources.billing"),
        ("gateway/http/page.py", "def f():\n    from resolvers import sales"),
        ("gateway/config.py", "if TYPE_CHECKING:\n    from processes.rules import tariff"),
        ("resolvers/sales/schema.py", "from resolvers.links import Client"),
        ("resolvers/sales/schema.py", "from resolvers import billing"),
        ("resolvers/billing/schema.py", "from sources.sales import Sales"),
        ("resolvers/billing/schema.py", "from sources import sales"),
        ("resolvers/processes.py", "from processes.runner import Runner"),
        ("resolvers/processes.py", "import gateway"),
        ("resolvers/sales/schema.py", "import sqlalchemy as sa"),
        ("sources/billing/system.py", "from sources.bridge import Bridges"),
        ("sources/billing/system.py", "from sources import demo"),
        ("sources/database.py", "from sources.billing.tables import METADATA"),
        ("sources/billing/system.py", "from processes.rules.money import rounded"),
        ("processes/invoice_conference.py", "from resolvers.errors import BadInput"),
        ("processes/invoice_conference.py", "import sqlalchemy"),
        ("processes/rules/tariff.py", "from processes.graph import Graph"),
        ("processes/rules/tariff.py", "async def f(): ..."),
        ("processes/rules/tariff.py", "from datetime import datetime\nx = datetime.now()"),
        ("processes/rules/tariff.py", "import datetime\nx = datetime.date.today()"),
        ("processes/rules/tariff.py", "import time"),
        ("processes/rules/tariff.py", "text = open('rates')"),
        ("processes/rules/tariff.py", "from pathlib import Path"),
        ("gateway/planning/plan.py", "from . import planner"),
        ("gateway/utils.py", ""),
        ("sources/common/rows.py", ""),
        ("sources/rows.py", "\n" * 451),
        ("gateway/execution/shaping.py", "from starlette.requests import Request"),
    ],
)
def test_made_up_offender_is_found(path: str, text: str) -> None:
    """Each check sees what it is there for."""
    assert violations(path, text) != []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gateway/company.py", "from resolvers import sales\nfrom sources.sales import Sales\nimport processes.runner"),
        ("resolvers/billing/schema.py", "from sources.billing import Billing\nfrom processes.rules import money"),
        ("resolvers/processes.py", "from processes.rules.refusal import Refusal\nfrom sources.processes import Run"),
        ("sources/demo/making.py", "from sources.billing import Billing\nfrom sources import sales"),
        ("processes/rules/tariff.py", "from datetime import datetime\nx = datetime.fromisoformat('2026-01-01')"),
    ],
)
def test_what_is_allowed_passes(path: str, text: str) -> None:
    """No check finds fault with what design.md allows."""
    assert violations(path, text) == []


# A package registry's address, or a path of the machine it was written on, in what is committed.
LEAKS = re.compile(
    r"(?:registry\.(?:npmjs|yarnpkg)|pypi\.(?:org|python)|pythonhosted)\b|\bindex-url\b|\"resolved\": *\"http"
    r"|/(?:home|work|root|Users)/\w"
)


def leaks(text: str) -> list[str]:
    return [f"line {number}: {line[:100]}" for number, line in enumerate(text.splitlines(), 1) if LEAKS.search(line)]


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return sorted(path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file())


def test_committed_files_name_no_registry_and_no_machine() -> None:
    """What is committed works wherever it is cloned, from whatever registry a machine is set to."""
    found = {}
    for path in _tracked():
        if path != "tests/test_architecture.py":
            found[path] = leaks((ROOT / path).read_bytes().decode("utf-8", errors="replace"))
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://somewhere/simple",
        '      "resolved": "https://somewhere/react.tgz",',
        "see https://pypi.org/project/spojka",
        "open('/home/jana/spojka/data')",
    ],
)
def test_made_up_leak_is_found(line: str) -> None:
    """The check sees what it is there for."""
    assert leaks(line) != []
