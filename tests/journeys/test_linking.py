"""The cross-reference is filled: by a file, by hand, with proposals that nobody but a person makes true."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.company import Company
from sources.demo import cast
from tests.company import ask, viewer

NEW, OTHER, UNKNOWN = cast.UNLINKED
CLIENT = cast.MAIN.client

PROPOSALS = """query ($number: ID!) {
  billingAccount(number: $number) { companyNumber client { id } matchingClients { id name } }
}"""
LINK = """mutation ($account: ID!, $client: ID!) {
  linkAccount(account: $account, client: $client, validFrom: "2026-11-01") {
    ... on AccountLinked { link { account { currency } client { name } } }
    ... on Refused { code }
  }
}"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's spojka.toml is read."""
    monkeypatch.chdir(tmp_path)


def links(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["link", *(str(each) for each in arguments)])


def written(folder: Path, *lines: str) -> Path:
    file = folder / "links.csv"
    file.write_text("account,client,valid_from,valid_to\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


async def owner(company: Company, account: str) -> str | None:
    answer = await ask(company, PROPOSALS, number=account)
    assert answer.errors == []
    client = answer.data["billingAccount"]["client"]
    return client and client["id"]


@pytest.mark.parametrize(("account", "clients"), [(NEW, [CLIENT]), (OTHER, ["CL-00418"]), (UNKNOWN, [])])
async def test_clients_with_the_same_numbers_are_named_and_not_linked(
    company_anywhere: Company, account: str, clients: list[str]
) -> None:
    """However they are spelled; the account stays nobody's."""
    answer = await ask(company_anywhere, PROPOSALS, number=account)
    assert answer.errors == []
    found = answer.data["billingAccount"]
    assert [client["id"] for client in found["matchingClients"]] == clients
    assert found["client"] is None


async def test_unknown_numbers_are_not_taken_for_none(company: Company, files: Path) -> None:
    """With billing down there is no answer, and not the answer that nobody matches."""
    (files / "billing.sqlite").rename(files / "away")
    answer = await ask(company, f'{{ client(id: "{CLIENT}") {{ billingAccounts {{ matchingClients {{ id }} }} }} }}')
    (files / "away").rename(files / "billing.sqlite")
    [account] = answer.data["client"]["billingAccounts"]
    assert account["matchingClients"] is None
    assert answer.codes


async def test_a_link_is_seen_through_the_graph(company: Company) -> None:
    """The answer shows what billing and sales know of them; of what they don't know there is nothing but the id."""
    manager = viewer("manager")
    linked = await ask(company, LINK, viewer=manager, account=NEW, client=CLIENT)
    assert linked.data["linkAccount"]["link"] == {"account": {"currency": "EUR"}, "client": {"name": cast.MAIN.name}}
    assert await owner(company, NEW) == CLIENT
    nowhere = await ask(company, LINK, viewer=manager, account="7799999", client="CL-99999")
    assert nowhere.data["linkAccount"]["link"] == {"account": {"currency": None}, "client": {"name": None}}
    assert nowhere.errors == []


@pytest.mark.parametrize("role", ["salesperson", "billing-specialist", "integrator"])
async def test_only_who_may_link_does(company: Company, role: str) -> None:
    """Refused before links is asked."""
    answer = await ask(company, LINK, viewer=viewer(role), account=NEW, client=CLIENT)
    assert answer.codes == {"FORBIDDEN"}
    assert await owner(company, NEW) is None


def test_proposals_are_listed(files: Path) -> None:
    """Each unlinked account with whom it may be and by which number; nothing else changes."""
    result = links("proposals", "--data", files)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        f"{NEW}: company number 276 04 977, VAT number CZ27604977",
        f"  {CLIENT} Novák Konference s.r.o.: same company number and VAT number",
        f"{OTHER}: company number none, VAT number {result.output.splitlines()[2].split()[-1]}",
        "  CL-00418 Dvě pobočky a.s.: same VAT number",
        f"{UNKNOWN}: company number none, VAT number none",
        "  no client has such a number",
        "3 accounts without a link, 2 with proposals; nothing was linked",
    ]
    assert links("proposals", "--data", files).output == result.output


def test_a_file_is_linked_once(files: Path, tmp_path: Path) -> None:
    """A dry run writes nothing; given again, everything is known."""
    file = written(tmp_path, f"{NEW},{CLIENT},2026-01-01", f"{OTHER},CL-00418,2026-01-01,2026-07-01")
    told = [links("import", file, *options, "--data", files) for options in (["--dry-run"], [], [])]
    assert [(result.exit_code, result.output) for result in told] == [
        (0, "2 links: 2 new, 0 known; nothing was written (--dry-run)\n"),
        (0, "2 links: 2 new, 0 known\n"),
        (0, "2 links: 0 new, 2 known\n"),
    ]
    left = links("proposals", "--data", files).output
    one = links("import", written(tmp_path, f"{NEW},{CLIENT},2026-01-01"), "--data", files)
    assert one.output == "1 link: 0 new, 1 known\n"
    assert NEW not in left
    assert OTHER in left  # its link has ended


def test_a_file_with_problems_is_not_linked_at_all(files: Path, tmp_path: Path) -> None:
    """Every problem is told with its line: of the file itself, of what is there, of what other systems don't know."""
    file = written(
        tmp_path,
        f"{NEW},{CLIENT},2026-01-01",
        f"{cast.MAIN.accounts[0]},CL-00418,2026-01-01",
        f"{OTHER},CL-00418,1.1.2026",
    )
    result = links("import", file, "--data", files)
    assert result.exit_code == 1
    assert [line.split(" ")[:2] for line in result.output.splitlines()] == [
        ["links.csv:3:", "overlapping-link:"],
        ["links.csv:4:", "no-date:"],
        ["Error:", "links.csv:"],
    ]
    unknown = written(tmp_path, "7799999,CL-99999,2026-01-01", f"{NEW},{CLIENT},2026-01-01")
    result = links("import", unknown, "--data", files)
    assert result.exit_code == 1
    assert "links.csv:2: unknown-account: billing has no account 7799999" in result.output
    assert "links.csv:2: unknown-client: sales has no client CL-99999" in result.output
    assert NEW in links("proposals", "--data", files).output


def test_a_file_is_not_linked_while_billing_is_down(files: Path, tmp_path: Path) -> None:
    """Whether the accounts exist can't be seen then."""
    (files / "billing.sqlite").unlink()
    result = links("import", written(tmp_path, f"{NEW},{CLIENT},2026-01-01"), "--data", files)
    assert result.exit_code == 1
    assert "billing is not available" in result.output
    assert "nothing was linked" in result.output


def test_a_file_in_another_encoding_is_refused(files: Path, tmp_path: Path) -> None:
    """With the line."""
    file = tmp_path / "links.csv"
    file.write_bytes(f"{NEW},{CLIENT},2026-01-01\n{OTHER},Šeřík,2026-01-01\n".encode("cp1250"))
    result = links("import", file, "--data", files)
    assert result.exit_code == 1
    assert "links.csv:2: it is not UTF-8" in result.output
