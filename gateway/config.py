"""Settings: read once from `spojka.toml` and the environment; wrong values are refused with their key and place.

    limits.body_bytes = 1048576                      # at the top level, or under [limits]

    [systems.billing]                                # or SPOJKA_BILLING_URL, which wins
    url = "postgresql://spojka@localhost/billing"

    [systems.sales.tables.clients]                   # another program's tables: see sources/mapping/settings.py
    table = "KLI_FIRMY"

A system without a URL has its SQLite file in the data directory. Each other part is read beside what it configures:
its reader takes the part's Section (gateway/section.py) and is named here, in `read_settings`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway import limits, working
from gateway.authorization import row_rules
from gateway.authorization.row_rules import RowRule
from gateway.doors import audit
from gateway.doors import settings as doors
from gateway.doors.audit import AuditSettings
from gateway.doors.settings import DoorsSettings
from gateway.http import persisted
from gateway.http import settings as http
from gateway.http.persisted import PersistedSettings
from gateway.http.settings import HttpSettings
from gateway.limits import Limits
from gateway.planning import labels
from gateway.planning.labels import Labels
from gateway.section import ConfigError, Section, read_file
from gateway.subgraphs import settings as subgraph
from gateway.subgraphs.remote import settings as remotes
from gateway.subgraphs.remote.settings import RemotesSettings
from gateway.subgraphs.settings import SubgraphSettings
from gateway.working import ProcessesSettings

__all__ = ["CONFIG", "ConfigError", "Section", "Settings", "read_settings"]

CONFIG = Path("spojka.toml")
"""The settings' file, in the directory where a command is given."""

_KINDS = ("sqlite:///", "postgresql://", "mariadb://", "mysql://")
_VARIABLE = re.compile(r"SPOJKA_(?P<system>[A-Z0-9_]+)_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a whole process is set to. `urls` has the systems whose database is named; the others live in `data`.

    `mappings` has those whose tables are another program's, as they are written; `read_only` those never written.
    `rating`, `billing` and `company` are billing's own parts; `bridges`, `printers` and `post` are theirs, as they are
    written.
    """

    data: Path
    urls: Mapping[str, str] = field(default_factory=dict)
    mappings: Mapping[str, Section] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    subgraph: SubgraphSettings = field(default_factory=SubgraphSettings)
    subgraphs: RemotesSettings = field(default_factory=RemotesSettings)
    limits: Limits = field(default_factory=Limits)
    doors: DoorsSettings = field(default_factory=DoorsSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    persisted: PersistedSettings = field(default_factory=PersistedSettings)
    rows: tuple[RowRule, ...] = ()
    labels: Labels = field(default_factory=Labels)
    rating: Section | None = None
    processes: ProcessesSettings = field(default_factory=ProcessesSettings)
    billing: Section | None = None
    company: Section | None = None
    bridges: Section | None = None
    printers: Section | None = None
    post: Section | None = None

    def url_of(self, system: str) -> str:
        """The URL of a system's database."""
        return self.urls.get(system) or f"sqlite:///{self.data / system}.sqlite"


def read_settings(
    data: Path, environment: Mapping[str, str], *, systems: Sequence[str] | None, file: Path | None = None
) -> Settings:
    """Settings from `file` (if there is one), with what the environment says on top. Raises ConfigError.

    Without a company there are no `systems`: then what is said of them is for others, and not looked at.
    """
    written = read_file(file) if file else Section.empty()
    if systems is None:
        written.handed_over("systems")
        own = Section.empty()
    else:
        own = written.table("systems")
    urls = {**_urls_of_file(own, systems or ()), **(_urls_of_environment(environment, systems) if systems else {})}
    mappings = _mappings(own, urls)
    settings = Settings(
        data=data,
        urls=urls,
        mappings=mappings,
        read_only=_read_only(own, mappings),
        subgraph=subgraph.read(written.table("subgraph"), environment),
        subgraphs=remotes.read(written.table("subgraphs"), environment),
        limits=limits.read(written.table("limits")),
        doors=doors.read(written.table("doors")),
        audit=audit.read(written.table("audit")),
        http=http.read(written.table("http")),
        persisted=persisted.read(written.table("persisted")),
        rows=row_rules.read(written),
        labels=labels.read(written.table("overrides")),
        rating=written.handed_over("rating"),
        processes=working.read(written.table("processes")),
        billing=written.handed_over("billing"),
        company=written.handed_over("company"),
        bridges=written.handed_over("bridges"),
        printers=written.handed_over("printers"),
        post=written.handed_over("post"),
    )
    written.refuse_unread()
    return settings


def _urls_of_file(section: Section, systems: Sequence[str]) -> dict[str, str]:
    urls = {}
    for system in section.names():
        if system not in systems:
            raise section.refused(system, f"there is no such system; there are {', '.join(systems)}")
        one = section.table(system)
        url = one.value("url")
        if url is None:
            continue
        if problem := _problem_of_url(url):
            raise one.refused("url", problem)
        urls[system] = url
    return urls


def _mappings(section: Section, urls: Mapping[str, str]) -> dict[str, Section]:
    """The systems whose tables are mapped; their reader is sources/mapping/reading.py."""
    mappings = {}
    for system in section.names():
        one = section.table(system)
        mapping = one.handed_over("tables")
        if mapping is None:
            continue
        if system not in urls:
            raise one.refused("tables", "these are tables of which database? Say url")
        mappings[system] = mapping
    return mappings


def _read_only(section: Section, mappings: Mapping[str, Section]) -> frozenset[str]:
    """A mapped system is only read, whatever is said."""
    found = set(mappings)
    for system in section.names():
        one = section.table(system)
        if one.boolean("read_only", system in mappings):
            found.add(system)
        elif system in mappings:
            raise one.refused("read_only", "a system whose tables are mapped is only read: leave it out")
    return frozenset(found)


def _urls_of_environment(environment: Mapping[str, str], systems: Sequence[str]) -> dict[str, str]:
    known = {f"SPOJKA_{system.upper()}_URL": system for system in systems}
    urls = {}
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name):
            continue
        if name not in known:
            raise ConfigError(f"{name} in the environment: there is no such system; there are {', '.join(known)}")
        if problem := _problem_of_url(value):
            raise ConfigError(f"{name} in the environment: {problem}")
        urls[known[name]] = value
    return urls


def _problem_of_url(value: object) -> str | None:
    if not isinstance(value, str) or not value.startswith(_KINDS):
        return f"it is not a database's URL; it begins with {' or '.join(_KINDS)}"
    return None
