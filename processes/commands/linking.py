"""`spojka link`: a file of links into the cross-reference, and proposals for what nobody has linked."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from pathlib import Path

import click

from processes.commands.opening import OpenGraph, data_option, url_option
from processes.graph import Graph, GraphError
from processes.link_accounts import Candidate, Imported, Unlinked, import_links, unlinked_accounts
from processes.link_file import ReadLinks, read_links
from processes.rules.company_numbers import company_number, vat_number
from processes.rules.counts import counted
from processes.rules.instants import local_day

__all__ = ["link"]

ROLE = "manager"  # who may link


@click.group()
def link() -> None:
    """Say which client of sales has which account of billing."""


@link.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be linked, and write nothing.")
@data_option
@url_option
@click.pass_obj
def import_(open_graph: OpenGraph, file: Path, dry_run: bool, data: Path, url: str | None) -> None:
    """Link what FILE says: lines of `account,client,valid_from[,valid_to]`, days like 2026-11-24.

    All of it is linked or nothing: each line with a problem is named. What is linked so already is known, so a file
    can come again.
    """
    read = read_links(_text(file))
    done = asyncio.run(_import(open_graph(url, data, role=ROLE), read, file.name, write=not dry_run))
    problems = sorted([*read.problems, *done.problems])
    for problem in problems:
        click.echo(f"{file.name}:{problem.line}: {problem.code}: {problem.message}", err=True)
    if problems:
        raise click.ClickException(
            f"{file.name}: nothing was linked: mend {counted(len(problems), 'problem')} and import it again"
        )
    told = f"{counted(done.links, 'link')}: {done.linked} new, {done.links - done.linked} known"
    click.echo(f"{told}; nothing was written (--dry-run)" if dry_run else told)


@link.command()
@data_option
@url_option
@click.pass_obj
def proposals(open_graph: OpenGraph, data: Path, url: str | None) -> None:
    """List the accounts that nobody has linked, with the clients that have the same company or VAT number.

    Nothing is linked: a number can be a whole group's, or a typing error. Whoever knows links them by a file
    (`spojka link import`) or by `linkAccount`.
    """
    today = local_day(datetime.now(UTC))
    for line in _listed(asyncio.run(_unlinked(open_graph(url, data, role=ROLE), today))):
        click.echo(line)


def _text(file: Path) -> str:
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise click.ClickException(f"{file.name}:{line}: it is not UTF-8: save it as such") from error


async def _import(graph: AbstractAsyncContextManager[Graph], read: ReadLinks, name: str, *, write: bool) -> Imported:
    async with graph as opened:
        try:
            return await import_links(
                opened, read.links, reason=f"imported from {name}", write=write and not read.problems
            )
        except GraphError as error:
            raise click.ClickException(f"{name}: {error}; nothing was linked") from error


async def _unlinked(graph: AbstractAsyncContextManager[Graph], today: date) -> list[Unlinked]:
    async with graph as opened:
        try:
            return [account async for account in unlinked_accounts(opened, today) if account is not None]
        except GraphError as error:
            raise click.ClickException(str(error)) from error


def _listed(accounts: list[Unlinked]) -> Iterator[str]:
    for account in accounts:
        yield f"{account.number}: {_numbers(account.company_number, account.vat_number)}"
        for candidate in account.candidates:
            yield f"  {candidate.id} {candidate.name}: same {' and '.join(_common(account, candidate))}"
        if not account.candidates:
            yield "  no client has such a number"
    proposed = sum(bool(account.candidates) for account in accounts)
    yield f"{counted(len(accounts), 'account')} without a link, {proposed} with proposals; nothing was linked"


def _numbers(company: str | None, vat: str | None) -> str:
    return f"company number {company or 'none'}, VAT number {vat or 'none'}"


def _common(account: Unlinked, candidate: Candidate) -> Iterator[str]:
    company = company_number(account.company_number)
    if company is not None and company == company_number(candidate.company_number):
        yield "company number"
    vat = vat_number(account.vat_number)
    if vat is not None and vat == vat_number(candidate.vat_number):
        yield "VAT number"
