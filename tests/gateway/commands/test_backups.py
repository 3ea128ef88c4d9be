"""Backups: whole and of one time, though others write; restored on any database, all of it or nothing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.commands.backing_up import back_up
from gateway.commands.manifest import sum_of
from gateway.commands.restoring import restore_from
from gateway.config import Settings
from gateway.unsubscribe_key import UNSUBSCRIBE_KEY, make_key, read_key
from resolvers.demo import DEMO_RULES
from sources.copying import NAMED_LAST, copy, snapshot
from sources.database import Database
from sources.demo import SYSTEMS, make_company
from sources.links import METADATA, Links
from sources.mailing.shipped_templates import shipped_templates
from sources.making import Part
from tests.company import DOCUMENTS, EVENING, ask, opened
from tests.conftest import KINDS, MakeDatabase, new_place
from tests.world import a_link

FOUR = {
    "ClientProfile": {"id": "CL-00417"},
    "Clients": {"search": "novak"},
    "LatestRates": {"number": "7700123"},
    "TraceInvoice": {},
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's spojka.toml is read."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company: the cast and a few others, in files that `files` copies."""
    folder = tmp_path_factory.mktemp("small")
    databases = {system: Database(system, f"sqlite:///{folder / system}.sqlite") for system in SYSTEMS}
    assert make_company(databases, today=EVENING.date(), rules=DEMO_RULES, others=8)
    for database in databases.values():
        asyncio.run(database.close())
    return folder


@pytest.fixture(scope="module")
def backed_up(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the demo company, for all tests."""
    folder = tmp_path_factory.mktemp("backups") / "backup"
    back_up(Settings(data=made), folder, with_key=False)
    return folder


@pytest.fixture
def backup(backed_up: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test."""
    return Path(shutil.copytree(backed_up, tmp_path / "backup"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def rows_in(folder: Path) -> Iterator[tuple[str, str, list[Any]]]:
    """(system, table, its rows in one order) of all that is in a backup."""
    for file in sorted(folder.glob("*.sqlite")):
        with closing(sqlite3.connect(file)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            for (table,) in tables:
                yield file.stem, table, sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608


async def answers(settings: Settings) -> dict[str, Any]:
    """What the four documents answer there."""
    variables = json.loads((Path(__file__).parents[3] / "resolvers/examples/TraceInvoice.json").read_text())
    async with opened(settings) as company:
        asked = {**FOUR, "TraceInvoice": variables["variables"]}
        found = {name: await ask(company, DOCUMENTS[name], **each) for name, each in asked.items()}
    assert [answer.errors for answer in found.values()] == [[]] * 4
    assert None not in [value for answer in found.values() for value in answer.data.values()]
    return {name: answer.data for name, answer in found.items()}


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_database_it_was_and_will_be_in_the_answers_are_the_same(
    request: pytest.FixtureRequest, kind: str, files: Path, backup: Path, tmp_path: Path
) -> None:
    """From files to a server, and back to files; not a row is another one."""
    urls: dict[str, str] = {}
    if kind != "sqlite":
        urls = {system: new_place(request.getfixturevalue(kind), system) for system in NAMED_LAST}
    there = Settings(data=tmp_path / "there", urls=urls)
    restore_from(backup, there)
    manifest = back_up(there, tmp_path / "again", with_key=False)
    assert {each.kind for each in manifest.systems.values()} == {kind}
    assert list(rows_in(tmp_path / "again")) == list(rows_in(backup))
    assert await answers(there) == await answers(Settings(data=files))


@pytest.mark.parametrize("system", ["billing", "links"])
def test_what_is_issued_stays_immutable_where_it_is_restored(backup: Path, tmp_path: Path, system: str) -> None:
    """Triggers come along, write-ahead logging too: it is the same kind of file as a new one."""
    restore_from(backup, Settings(data=tmp_path / "there"))
    with closing(sqlite3.connect(tmp_path / "there" / f"{system}.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        if system == "billing":
            with pytest.raises(sqlite3.IntegrityError, match="immutable"):
                connection.execute("UPDATE invoices SET total = 0 WHERE status <> 'DRAFT'")


async def test_a_copy_is_of_the_time_of_its_snapshot(database: MakeDatabase, tmp_path: Path) -> None:
    """What others write while it is copied is not in it, and they are not held up by it."""
    made = database("links", METADATA, lambda connection: Links.fill(connection, links=[a_link("7700001")]))
    part = Part("links", made.engines, METADATA)
    with snapshot(part) as connection:
        await made.write(lambda writing: Links.fill(writing, links=[a_link("7700002")]))
        (tmp_path / "copies").mkdir()
        copied = copy(part, connection, tmp_path / "copies")
    assert copied.rows["account_links"] == 1
    assert len(await Links(made).of_clients(["CL-00417"])) == 2


def test_audit_log_comes_along_in_whole_lines(files: Path, tmp_path: Path) -> None:
    """A line that is being written is not; only its owner reads the copy."""
    (files / "audit.log").write_bytes(b'{"at": 1}\n{"at": 2}\n{"at"')
    back_up(Settings(data=files), tmp_path / "backup", with_key=False)
    copied = tmp_path / "backup" / "audit.log"
    assert copied.read_bytes() == b'{"at": 1}\n{"at": 2}\n'
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600


def test_key_is_taken_along_only_when_asked_for(files: Path, tmp_path: Path) -> None:
    """With a warning, and for its owner's eyes only; restored, tokens that it signed are believed."""
    assert run("token", "--role", "manager", "--data", files).exit_code == 0
    without = run("backup", "without", "--data", files)
    assert without.exit_code == 0
    assert "left out: doors.key: whoever has it can be anybody" in without.output
    assert not (tmp_path / "without" / "doors.key").exists()
    with_key = run("backup", "with", "--with-key", "--data", files)
    assert "warning: with/doors.key signs tokens" in with_key.output
    assert run("restore", "with", "--data", "there").exit_code == 0
    for folder in ("with", "there"):
        copied = tmp_path / folder / "doors.key"
        assert copied.read_bytes() == (files / "doors.key").read_bytes()
        assert stat.S_IMODE(copied.stat().st_mode) == 0o600


def test_links_in_mails_that_were_sent_hold_where_it_is_restored(files: Path, tmp_path: Path) -> None:
    """So the key that signs them comes along unasked; whoever has it can do no more than unsubscribe somebody."""
    make_key(files)
    back_up(Settings(data=files), tmp_path / "backup", with_key=False)
    restore_from(tmp_path / "backup", Settings(data=tmp_path / "there"))
    restored = tmp_path / "there" / UNSUBSCRIBE_KEY
    assert read_key(tmp_path / "there") == read_key(files)
    assert stat.S_IMODE(restored.stat().st_mode) == 0o600


def test_system_that_is_down_stops_the_backup(files: Path, tmp_path: Path) -> None:
    """Half a backup is none, and nothing is left of it."""
    (files / "sales.sqlite").unlink()
    before = set(tmp_path.iterdir())
    result = run("backup", "backup", "--data", files)
    assert result.exit_code == 1
    assert "sales is not available" in result.output
    assert "nothing was backed up" in result.output
    assert set(tmp_path.iterdir()) == before


def test_backup_before_the_first_start_says_what_makes_it(tmp_path: Path) -> None:
    """No system is down: none is there yet, or --data names another place."""
    result = run("backup", "backup", "--data", "nowhere")
    assert result.exit_code == 1
    assert "nothing of Spojka's is in nowhere" in result.output
    assert "start `spojka serve` once, which makes it; nothing was backed up" in result.output
    assert "not available" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_directory_with_something_in_it_is_left_alone(files: Path, backup: Path, tmp_path: Path) -> None:
    """Neither a backup nor a restored company is put among other things."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for command in (["backup", "full", "--data", files], ["restore", backup, "--data", "full"]):
        result = run(*command)
        assert result.exit_code == 1
        assert "full is there and not empty" in result.output
    assert [each.name for each in (tmp_path / "full").iterdir()] == ["mine"]


def change_a_byte(folder: Path) -> None:
    content = bytearray((folder / "bridge.sqlite").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "bridge.sqlite").write_bytes(content)


def lose_a_file(folder: Path) -> None:
    (folder / "bridge.sqlite").unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def edit_manifest(folder: Path, **changes: Any) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def make_it_newer(folder: Path) -> None:
    edit_manifest(folder, format=2, spojka="9.9")


def name_a_file_elsewhere(folder: Path) -> None:
    edit_manifest(folder, files={"../data/sales.sqlite": {"bytes": 1, "sha256": ""}})


def in_sqlite(folder: Path, system: str, statement: str) -> None:
    """A change that the sums know of, as another version of Spojka would have made it."""
    with closing(sqlite3.connect(folder / f"{system}.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()
    files = json.loads((folder / "manifest.json").read_text())["files"]
    now = sum_of(folder / f"{system}.sqlite")
    edit_manifest(folder, files={**files, f"{system}.sqlite": {"bytes": now.bytes, "sha256": now.sha256}})


def have_another_column(folder: Path) -> None:
    in_sqlite(folder, "sales", "ALTER TABLE clients ADD COLUMN shoe_size INTEGER")


def lack_a_column(folder: Path) -> None:
    in_sqlite(folder, "sales", "ALTER TABLE contracts DROP COLUMN zone")


def name_nobody(folder: Path) -> None:
    in_sqlite(folder, "links", "UPDATE account_links SET valid_from = 'soon'")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (change_a_byte, "bridge.sqlite is not as it was written"),
        (lose_a_file, "bridge.sqlite can't be read"),
        (lose_the_manifest, "there is no backup: manifest.json can't be read"),
        (make_it_newer, "Spojka 9.9 made it, in format 2"),
        (name_a_file_elsewhere, "../data/sales.sqlite is not a file's name"),
        (have_another_column, "sales: the column clients.shoe_size is not known"),
        (lack_a_column, "sales: there is no contracts.zone"),
    ],
)
def test_what_is_not_the_backup_that_was_made_is_refused(
    backup: Path, tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    """With the reason; no data directory is there afterwards."""
    spoil(backup)
    before = set(tmp_path.iterdir())
    result = run("restore", backup, "--data", "there")
    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output
    assert set(tmp_path.iterdir()) == before


def test_restoring_that_fails_half_way_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    """Though most systems were written already."""
    name_nobody(backup)
    before = set(tmp_path.iterdir())
    with pytest.raises(ValueError, match="soon"):
        restore_from(backup, Settings(data=tmp_path / "there"))
    assert set(tmp_path.iterdir()) == before


def test_backup_of_an_earlier_spojka_lacks_what_came_later(backup: Path, tmp_path: Path) -> None:
    """A column that may be empty is, a table that wasn't there has no rows."""
    in_sqlite(backup, "billing", "ALTER TABLE billing_accounts DROP COLUMN invoicing")
    in_sqlite(backup, "links", "DROP TABLE account_link_changes")
    restore_from(backup, Settings(data=tmp_path / "there"))
    back_up(Settings(data=tmp_path / "there"), tmp_path / "again", with_key=False)
    found = {(system, table): rows for system, table, rows in rows_in(tmp_path / "again")}
    assert {row[-1] for row in found["billing", "billing_accounts"]} == {None}
    assert found["links", "account_link_changes"] == []


def test_backup_that_is_older_than_mailing_is_restored(backup: Path, tmp_path: Path) -> None:
    """What came to Spojka later is made with what is in it, as beside any company that is older."""
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "mailing.sqlite").unlink()
    del manifest["systems"]["mailing"], manifest["files"]["mailing.sqlite"]
    edit_manifest(backup, systems=manifest["systems"], files=manifest["files"])
    restored = run("restore", backup, "--data", "there")
    assert restored.exit_code == 0, restored.output
    back_up(Settings(data=tmp_path / "there"), tmp_path / "again", with_key=False)
    found = {(system, table): rows for system, table, rows in rows_in(tmp_path / "again")}
    assert {row[0] for row in found["mailing", "letter_templates"]} == {
        each.template for each in shipped_templates(EVENING.date())
    }
    assert found["mailing", "campaigns"] == []
    assert found["sales", "clients"] != []


def test_company_that_is_older_than_mailing_is_backed_up(files: Path, tmp_path: Path) -> None:
    """A backup comes before a new Spojka's first start. But a mailing that was there and isn't any more is down."""
    (files / "mailing.sqlite").unlink()
    lost = run("backup", "backup", "--data", files)
    assert "mailing is not available" in lost.output
    assert run("check", "--data", files).exit_code == 1
    (files / "mailing.sqlite.lock").unlink()
    backed_up = run("backup", "backup", "--data", files)
    assert backed_up.exit_code == 0, backed_up.output
    assert "left out: mailing: it is newer than this company" in backed_up.output
    checked = run("check", "--data", files)
    assert checked.exit_code == 0, checked.output
    assert "it is not there yet: it came later, and the next start makes it" in checked.output
    assert run("restore", "backup", "--data", "there").exit_code == 0
    assert (tmp_path / "there" / "mailing.sqlite").exists()
    assert not (files / "mailing.sqlite").exists()


def test_tables_that_are_there_are_left_alone(backup: Path, files: Path, tmp_path: Path) -> None:
    """A database that a url names and that has something already stops all of it."""
    taken = tmp_path / "taken.sqlite"
    (files / "links.sqlite").rename(taken)
    settings = Settings(data=tmp_path / "there", urls={"links": f"sqlite:///{taken}"})
    before = (taken.read_bytes(), set(tmp_path.iterdir()))
    with pytest.raises(click.ClickException, match="there are tables already where links would be"):
        restore_from(backup, settings)
    assert (taken.read_bytes(), set(tmp_path.iterdir()) - {tmp_path / "taken.sqlite.lock"}) == before


def test_manifest_says_what_there_is(backup: Path) -> None:
    """Each file with its sum, each table with its rows, and what isn't there."""
    manifest = json.loads((backup / "manifest.json").read_text())
    assert set(manifest["files"]) == {each.name for each in backup.iterdir()} - {"manifest.json"}
    assert manifest["systems"]["links"]["rows"]["account_links"] > 10
    assert set(manifest["left_out"]) == {"spojka.toml", "doors.key"}


LINK = """mutation ($account: ID!) {
  linkAccount(account: $account, client: "CL-00417", validFrom: "2027-01-01") {
    ... on AccountLinked { link { validFrom } }
    ... on Refused { code }
  }
}"""


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """A server of its own process on `data`: its address."""
    spojka = Path(sys.executable).with_name("spojka")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SPOJKA_")}
    command = [spojka, "serve", "--port", "0", "--data", data]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            found = re.search(r"http://\S+:\d+", server.stdout.readline())
            assert found
            yield f"{found[0]}/graphql"
        finally:
            server.terminate()


class Writing(threading.Thread):
    """Links one account after the other until it is told to stop; `answers` are what came of it."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__()
        self.address = address
        self.token = token
        self.answers: list[Any] = []
        self.enough = threading.Event()

    def come_to(self, count: int) -> None:
        """Wait until it has so many answers."""
        while len(self.answers) < count:
            assert self.is_alive()
            time.sleep(0.02)

    def run(self) -> None:
        while not self.enough.is_set():
            variables = {"account": f"88{len(self.answers):05}"}
            body = json.dumps({"query": LINK, "variables": variables}).encode()
            headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
            request = urllib.request.Request(self.address, body, headers)  # noqa: S310 - our own server, over http
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
                self.answers.append(json.loads(response.read()))


def test_server_goes_on_serving_meanwhile(files: Path, tmp_path: Path) -> None:
    """Each write is in the backup whole or not at all, and none has to wait for it so long that it fails."""
    token = run("token", "--role", "manager", "--data", files).output.strip()
    with serving(files) as address:
        writing = Writing(address, token)
        writing.start()
        writing.come_to(10)
        back_up(Settings(data=files), tmp_path / "backup", with_key=False)
        done = len(writing.answers)
        writing.come_to(done + 10)
        writing.enough.set()
        writing.join()
    linked = {"data": {"linkAccount": {"link": {"validFrom": "2027-01-01"}}}}
    assert [answer for answer in writing.answers if answer != linked] == []
    found = {(system, table): rows for system, table, rows in rows_in(tmp_path / "backup")}
    accounts = [row[0] for row in found["links", "account_links"] if row[0].startswith("88")]
    assert accounts == [f"88{number:05}" for number in range(len(accounts))]
    assert 10 <= len(accounts) < len(writing.answers)
    assert [row[0] for row in found["links", "account_link_changes"]] == accounts
    assert found["links", "changed_accounts"] == [(account, 1) for account in accounts]
    assert run("restore", "backup", "--data", "there").exit_code == 0


def test_another_programs_tables_stay_that_programs(files: Path, tmp_path: Path) -> None:
    """They are left out and named, and restoring without them needs them mapped again."""
    (files / "links.sqlite").rename(tmp_path / "crm.sqlite")
    mapping = (
        '[systems.links]\nurl = "sqlite:///crm.sqlite"\n[systems.links.tables.account_links]\n'
        "[systems.links.tables.account_link_changes]\nabsent = true\n"
    )
    (tmp_path / "spojka.toml").write_text(mapping)
    before = (tmp_path / "crm.sqlite").read_bytes()
    result = run("backup", "backup", "--data", files)
    assert result.exit_code == 0, result.output
    assert "left out: links: its tables are another program's" in result.output
    assert not (tmp_path / "backup" / "links.sqlite").exists()
    (tmp_path / "spojka.toml").unlink()
    refused = run("restore", "backup", "--data", "there")
    assert refused.exit_code == 1
    assert "links is not in the backup (its tables are another program's" in refused.output
    (tmp_path / "spojka.toml").write_text(mapping)
    assert run("restore", "backup", "--data", "there").exit_code == 0
    checked = run("check", "--data", "there")
    assert checked.exit_code == 0, checked.output
    assert (tmp_path / "crm.sqlite").read_bytes() == before


def test_what_is_never_written_is_not_restored_into(backup: Path, tmp_path: Path) -> None:
    """Nor what is mapped: a setting that says so is believed."""
    (tmp_path / "spojka.toml").write_text('[systems.links]\nurl = "sqlite:///new.sqlite"\nread_only = true\n')
    refused = run("restore", backup, "--data", "there")
    assert refused.exit_code == 1
    assert "links is in the backup, and by spojka.toml it is never written" in refused.output
    assert not (tmp_path / "new.sqlite").exists()
    (tmp_path / "spojka.toml").write_text(
        '[systems.links]\nurl = "sqlite:///new.sqlite"\n[systems.links.tables.account_links]\n'
    )
    refused = run("restore", backup, "--data", "there")
    assert "links is in the backup, and by spojka.toml its tables are another program's" in refused.output
