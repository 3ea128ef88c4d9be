"""`spojka check`: everything that `serve` will need, looked at without starting; nothing is changed.

settings -> the graph -> each system's database -> each bridge's switch -> printers, mail server, mailbox -> doors,
audit log, documents, certificates, clock -> what is unlinked
"""

import asyncio
import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from gateway import company
from gateway.commands.backing_up import AUDIT, KEY
from gateway.commands.checking_bridges import look_at_bridges
from gateway.commands.checking_mailing import look_at_mailing
from gateway.commands.checking_systems import look_at_systems
from gateway.commands.composing import compare, subgraph_option
from gateway.commands.findings import Finding, State, fine, note, problem, table
from gateway.commands.places import nearest
from gateway.commands.reading import settings_for
from gateway.composition import CompositionError
from gateway.config import CONFIG, ConfigError, Settings
from gateway.doors.opening import problem_of_door
from gateway.errors import SpojkaError
from gateway.graphs import graph_as_it_is
from gateway.http.persisted import read_manifest
from processes.graph import GraphError
from processes.link_accounts import Unlinked, unlinked_accounts
from processes.rules.counts import counted
from processes.rules.instants import local_day
from sources.bridge import Bridges
from sources.database import Database
from sources.errors import SourceError

__all__ = ["check", "look_at_everything"]

_ZONE = "Europe/Prague"


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The data directory.",
)
@click.option(
    "--against",
    metavar="SUPERGRAPH",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead: what the graph changes for the clients of this one. The status is 1 where something may break.",
)
@subgraph_option
def check(data: Path, against: Path | None, subgraphs: tuple[str, ...]) -> None:
    """Look at everything that `serve` needs, and say what is wrong with it; nothing is changed.

    Settings, the graph, every database and mapping, switches, printers, mail server, doors, key, audit log,
    certificates and clocks; and how many accounts are not linked to a client. The status is 1 where something is wrong.
    """
    if against is not None:
        compare(against, subgraphs)
        return
    if subgraphs:
        raise click.UsageError("--subgraph: it says what to compare; give --against SUPERGRAPH too")
    findings = look_at_everything(settings_for(data))
    for line in table(findings):
        click.echo(line)
    wrong = sum(each.state is State.PROBLEM for each in findings)
    if wrong:
        raise click.ClickException(counted(wrong, "problem"))


def look_at_everything(settings: Settings) -> list[Finding]:
    """In the order in which things depend on each other."""
    databases: dict[str, Database] = {}
    findings = [
        fine("settings", f"{CONFIG} is understood" if CONFIG.exists() else f"there is no {CONFIG}: all as it comes"),
        *_graph(settings),
        *look_at_systems(settings, databases),
        *look_at_bridges(settings),
        *look_at_mailing(settings),
        *_doors(settings),
        *_audit(settings.data / AUDIT),
        *_documents(settings),
        *_certificates(settings),
        *_clock(settings.data),
    ]
    return [*findings, *asyncio.run(_in_the_data(settings, databases, findings))]


def _graph(settings: Settings) -> Iterator[Finding]:
    try:
        supergraph = company.supergraph()
        company.access(settings)
    except CompositionError as error:
        yield problem("graph", f"the subgraphs don't compose:\n{error}")
    except SpojkaError as error:
        yield problem("graph", str(error))
    else:
        types = sum(not name.startswith("__") for name in supergraph.api_schema.type_map)
        yield fine("graph", f"{len(company.SYSTEMS)} subgraphs compose to {types} types")


def _doors(settings: Settings) -> Iterator[Finding]:
    if told := problem_of_door(settings.doors, settings.data):
        yield problem("doors", told)
    elif settings.doors.jwks:
        yield fine("doors", f"tokens of {settings.doors.issuer}; its keys answer")
    elif (settings.data / KEY).exists():
        yield fine("doors", f"tokens are signed by {settings.data / KEY}")
    else:
        yield note("doors", f"{settings.data / KEY} is not there yet: the first start makes it")


def _audit(file: Path) -> Iterator[Finding]:
    place = file if file.exists() else nearest(file.parent)
    if file.exists() and not file.is_file():
        yield problem("audit log", f"{file} is not a file: move it away")
    elif not os.access(place, os.W_OK):
        yield problem("audit log", f"{place} may not be written: give Spojka's user the right")
    else:
        yield fine("audit log", str(file))


def _documents(settings: Settings) -> Iterator[Finding]:
    if settings.persisted.manifest is None:
        return
    try:
        listed = read_manifest(settings.persisted.manifest)
    except ConfigError as error:
        yield problem("documents", str(error))
    else:
        yield fine("documents", f"{counted(len(listed), 'document')} in {settings.persisted.manifest}")


def _certificates(settings: Settings) -> Iterator[Finding]:
    """Those of a subgraph served alone, and those by which subgraphs elsewhere are asked."""
    remotes = {"subgraphs": settings.subgraphs.usual, **settings.subgraphs.named}
    named: dict[str, tuple[Path | None, Path | None, Path | None]] = {
        name: (each.certificate, each.key, each.ca) for name, each in remotes.items()
    }
    if tls := settings.subgraph.tls:
        named["subgraph"] = (tls.certificate, tls.key, tls.client_ca)
    for files in dict.fromkeys(named.values()):
        shown = ", ".join(str(each) for each in files if each)
        if not shown:
            continue
        if told := _why_unusable(*files):
            yield problem("certificates", f"{shown} can't be used ({told}): name a certificate in PEM and its key")
        else:
            yield fine("certificates", shown)


def _why_unusable(certificate: Path | None, key: Path | None, authority: Path | None) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        if certificate:
            context.load_cert_chain(certificate, key)
        if authority:
            context.load_verify_locations(authority)
    except OSError as error:  # ssl.SSLError is one
        return str(error)
    return None


def _clock(data: Path) -> Iterator[Finding]:
    now = datetime.now(UTC)
    try:
        local = now.astimezone(ZoneInfo(_ZONE))
    except ZoneInfoNotFoundError:
        yield problem("clock", f"the zone {_ZONE} is not known here: install the package tzdata")
        return
    newest = max((each.stat().st_mtime for each in data.glob("*")), default=0.0) if data.is_dir() else 0.0
    if newest > now.timestamp() + 60:
        ahead = datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds")
        yield problem("clock", f"something in {data} was written at {ahead}, and it is {_told(now)} now: set the clock")
    else:
        yield fine("clock", f"{_told(now)}, in {_ZONE} {local:%H:%M}")


def _told(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


async def _in_the_data(settings: Settings, databases: dict[str, Database], before: list[Finding]) -> list[Finding]:
    """What only the data say, where everything that has them is there and well."""
    unwell = {each.about for each in before if each.state is not State.FINE}
    found: list[Finding] = []
    try:
        if "bridge" not in unwell:
            found += await _zones(databases["bridge"])
        if not unwell & {"graph", "billing", "bridges", "links", "sales"}:
            found.append(await _unlinked(settings))
    finally:
        await asyncio.gather(*(database.close() for database in databases.values()))
    return found


async def _zones(database: Database) -> list[Finding]:
    """Bridges whose files would be refused as a whole."""
    unknown = [each.id for each in await Bridges(database).bridges() if not _is_zone(each.cdr_zone)]
    return [
        note("bridge", f"{name} declares no zone that is known (cdr_zone): its files of call records are refused")
        for name in unknown
    ]


def _is_zone(name: str | None) -> bool:
    try:
        return bool(name and ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return False


async def _unlinked(settings: Settings) -> Finding:
    today = local_day(datetime.now(UTC))
    try:
        async with graph_as_it_is(settings, role="manager") as graph:
            accounts = [account async for account in unlinked_accounts(graph, today)]
    except (GraphError, SourceError) as error:
        return note("links", f"what is unlinked can't be counted: {error}")
    nobodys = [account for account in accounts if isinstance(account, Unlinked)]
    if not nobodys:
        return fine("links", f"{counted(len(accounts), 'account')}, and none that is no client's")
    proposed = sum(bool(account.candidates) for account in nobodys)
    return note(
        "links",
        f"{len(nobodys)} of {counted(len(accounts), 'account')} {'is' if len(nobodys) == 1 else 'are'} no client's; "
        f"`spojka link proposals` knows of {proposed} whose they may be",
    )
