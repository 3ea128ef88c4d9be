"""`spojka check` looks at everything, says what is wrong with its place and remedy, and changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from gateway.cli import main
from gateway.company import open_company
from gateway.config import Settings
from gateway.databases import METADATA, StartError
from resolvers.demo import DEMO_RULES
from sources.database import Database
from sources.demo import SYSTEMS, make_company
from sources.engines import open_engines
from tests.company import EVENING
from tests.conftest import KINDS, new_place
from tests.cups import running_cups
from tests.postgresql import Server
from tests.smtp import running_smtp


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run in an empty directory, with an environment that sets nothing."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SPOJKA_")]:
        monkeypatch.delenv(name)
    return tmp_path


def check(data: Path) -> Result:
    return CliRunner().invoke(main, ["check", "--data", str(data)])


def told(result: Result) -> dict[str, list[tuple[str, str]]]:
    """(state, text) by what was looked at."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in result.output.splitlines():
        about, _, rest = line.partition("  ")
        state, _, text = rest.strip().partition(" ")
        if about and state in ("ok", "note", "PROBLEM"):
            found.setdefault(about, []).append((state, text.strip()))
    return found


SMTP = '[post]\nkind = "smtp"\nhost = "127.0.0.1"\nencryption = "none"\n'
IMAP = 'host = "127.0.0.1"\nencryption = "none"\nusername = "a"\n'
JANUS = 'kind = "janus"\nadmin_url = "http://127.0.0.1:9/admin"\nadmin_secret_env = "A"\nadmin_key_env = "A"\n'


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file there, as it is."""
    return {each.name: (each.stat().st_mtime_ns, each.read_bytes()) for each in folder.iterdir() if each.is_file()}


ABOUT = ("simulator", "printer folder", "post", "doors", "audit log")


def test_a_company_that_is_well_is_said_to_be(files: Path) -> None:
    """Status 0; who wants to know learns what is unlinked and which bridge's files would be refused."""
    result = check(files)
    assert result.exit_code == 0, result.output
    found = told(result)
    assert {"settings", "graph", *SYSTEMS, *ABOUT, "clock"} == found.keys()
    assert [state for each in found.values() for state, _ in each if state == "PROBLEM"] == []
    assert ("note", found["links"][1][1]) == found["links"][1]
    assert found["links"][1][1].startswith("3 of 282 accounts are no client's; `spojka link proposals` knows of 2")
    assert found["bridge"][1][1].startswith("pbx-old declares no zone")


def test_it_changes_nothing(files: Path, folder: Path) -> None:
    """Neither in a data directory that is there nor by making one that isn't."""
    before = content(files)
    check(files)
    assert content(files) == before
    result = check(folder / "elsewhere")
    assert result.exit_code == 0
    assert {told(result)[system][0][0] for system in SYSTEMS} == {"note"}
    assert not (folder / "elsewhere").exists()


def lose_sales(data: Path) -> None:
    (data / "sales.sqlite").unlink()


def put_another_program_in_place_of_sales(data: Path) -> None:
    lose_sales(data)
    with closing(sqlite3.connect(data / "sales.sqlite")) as connection:
        connection.execute("CREATE TABLE KLI_FIRMY (KLI_ID INTEGER)")
        connection.execute("CREATE TABLE contracts (number TEXT)")


def write_over_links(data: Path) -> None:
    (data / "links.sqlite").write_text("this is no database, and never was one\n" * 100)


def damage_billing(data: Path) -> None:
    content = bytearray((data / "billing.sqlite").read_bytes())
    content[40_000:80_000] = b"\xff" * 40_000
    (data / "billing.sqlite").write_bytes(content)


def lose_a_column(data: Path) -> None:
    with closing(sqlite3.connect(data / "billing.sqlite")) as connection:
        connection.execute("ALTER TABLE billing_accounts DROP COLUMN vat_number")


def lose_a_table(data: Path) -> None:
    with closing(sqlite3.connect(data / "links.sqlite")) as connection:
        connection.execute("DROP TABLE changed_accounts")


def open_the_key(data: Path) -> None:
    (data / "doors.key").write_text("{}")
    (data / "doors.key").chmod(0o644)


def put_a_directory_in_the_logs_place(data: Path) -> None:
    (data / "audit.log").mkdir()


def put_a_file_in_the_printers_place(data: Path) -> None:
    (data / "printed").touch()


def put_a_file_in_the_mails_place(data: Path) -> None:
    (data / "outgoing-mail").touch()


def write_tomorrow(data: Path) -> None:
    tomorrow = time.time() + 86_400
    os.utime(data / "sales.sqlite", (tomorrow, tomorrow))


def write(text: str) -> Callable[[Path], None]:
    def into_settings(data: Path) -> None:
        Path("spojka.toml").write_text(text)
        Path("certificate.pem").write_text("none")

    return into_settings


MISNAMED = """[systems.links]
url = "sqlite:///data/links.sqlite"
[systems.links.tables.account_links.columns]
client = "klient"
"""


@pytest.mark.parametrize(
    ("spoil", "about", "message"),
    [
        (lose_sales, "sales", "sales.sqlite: restore it from a backup"),
        (
            put_another_program_in_place_of_sales,
            "sales",
            "another program's tables (KLI_FIRMY): map them in spojka.toml (`spojka map sales` proposes how)",
        ),
        (
            write('[systems.sales]\nurl = "sqlite:///absent.sqlite"\n'),
            "sales",
            "absent.sqlite: mend its url (systems.sales.url), or restore it from a backup",
        ),
        (write_over_links, "links", "links is not available"),
        (damage_billing, "billing", ""),
        (lose_a_column, "billing", "billing_accounts has no column vat_number"),
        (lose_a_table, "links", "there is no table changed_accounts"),
        (open_the_key, "doors", "others may read or write it (mode 0644): chmod 600"),
        (put_a_directory_in_the_logs_place, "audit log", "is not a file: move it away"),
        (write_tomorrow, "clock", "set the clock"),
        (write('[printers.letters]\nkind = "pigeon"\n'), "printers", "printers.letters.kind: it is none of"),
        (
            write('[printers.letters]\nkind = "ipp"\nurl = "http://127.0.0.1:1"\n'),
            "printer letters",
            "printer letters",
        ),
        (put_a_file_in_the_printers_place, "printer folder", "printed is not a directory: move it away"),
        (put_a_file_in_the_mails_place, "post", "outgoing-mail is not a directory: move it away"),
        (write('[post]\nsender = "info"\n'), "post", "post.sender: the address isn't NAME@DOMAIN"),
        (write(f"{SMTP}port = 1\n"), "post", "the mail server can't be reached"),
        (write('[post.bounces]\nkind = "maildir"\nfolder = "absent"\n'), "bounces", "can't be read (No such file"),
        (
            write(f'[post.bounces]\nkind = "imap"\n{IMAP}port = 1\npassword_file = "certificate.pem"\n'),
            "bounces",
            "the IMAP server can't be asked",
        ),
        (
            write(f'[post.bounces]\nkind = "imap"\n{IMAP}password_env = "ABSENT"\n'),
            "post",
            "post.bounces.password_env: the environment has no ABSENT",
        ),
        (write('[[rows]]\ntype = "Client"\nfields = "nothing"\n'), "graph", "Client"),
        (write('[persisted]\nmanifest = "absent.json"\n'), "documents", "absent.json can't be read"),
        (
            write('[subgraph]\ncertificate = "certificate.pem"\nkey = "certificate.pem"\n'),
            "certificates",
            "certificate.pem, certificate.pem can't be used",
        ),
        (write('[subgraphs]\nca = "certificate.pem"\n'), "certificates", "certificate.pem can't be used"),
        (
            write('[doors]\njwks = "http://127.0.0.1:1/keys"\nissuer = "somebody"\naudience = "us"\n'),
            "doors",
            "the keys at http://127.0.0.1:1/keys can't be fetched",
        ),
        (
            write('[systems.sales]\nurl = "postgresql://nobody@127.0.0.1:1/nothing"\n'),
            "sales",
            "sales is not available",
        ),
        (
            write('[systems.sales]\nurl = "sqlite:///absent.sqlite"\n[systems.sales.tables.clients]\ntable = "X"\n'),
            "sales",
            "absent.sqlite: mend its url",
        ),
        (
            write(MISNAMED),
            "links",
            "spojka.toml:4: links.account_links.client: account_links has no column klient",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    files: Path, spoil: Callable[[Path], None], about: str, message: str
) -> None:
    """Status 1; everything else is looked at all the same."""
    spoil(files)
    result = check(files)
    assert result.exit_code == 1, result.output
    found = told(result)
    assert found[about][0][0] == "PROBLEM"
    assert message in found[about][0][1]
    assert {name for name, each in found.items() if each[0][0] == "PROBLEM"} == {about}
    assert {"settings", "graph", *SYSTEMS, "doors", "audit log", "clock"} <= found.keys()
    assert "Traceback" not in result.output


@pytest.mark.service
def test_servers_that_answer_are_said_to(files: Path, folder: Path) -> None:
    """Nothing is printed or sent. What a person may want to know: that a printer has stopped, who can't unsubscribe."""
    for part in ("new", "cur"):
        (folder / "bounces" / part).mkdir(parents=True)
    (folder / "bounces" / "new" / "1.a").write_text("a message")
    with running_cups() as cups, running_smtp() as smtp:
        text = f'[printers.letters]\nkind = "ipp"\nurl = "{cups.url}"\nqueue = "letters"\n{SMTP}port = {smtp.port}\n'
        Path("spojka.toml").write_text(f'{text}[post.bounces]\nkind = "maildir"\nfolder = "bounces"\n')
        well = check(files)
        assert well.exit_code == 0, well.output
        found = told(well)
        assert [state for state, _ in found["printer letters"]] == ["ok"]
        assert found["post"] == [
            (
                "ok",
                f"127.0.0.1:{smtp.port} greets in the clear; mails are from "
                "Konference po telefonu s.r.o. <fakturace@konference.example>",
            ),
            (
                "note",
                "marketing is not announced by e-mail: nobody could unsubscribe; say url in [post.unsubscribe]",
            ),
        ]
        assert found["bounces"] == [("ok", "the maildir bounces, messages to read: 1")]
        assert (smtp.mails(), cups.printed()) == ([], [])
        assert (folder / "bounces" / "new" / "1.a").exists()
        cups.command("cupsdisable", "letters")
        links = '[post.unsubscribe]\nurl = "https://graph.example.org/unsubscribe"\n'
        Path("spojka.toml").write_text(f"{text}{links}")
        stopped = check(files)
        assert stopped.exit_code == 0, stopped.output
        assert told(stopped)["printer letters"][0][0] == "note"
        assert "is stopped: " in told(stopped)["printer letters"][0][1]
        told_of = "who clicks to unsubscribe asks for graph.example.org, which is not in hosts of [http]: add it"
        assert ("note", told_of) in told(stopped)["post"]
        assert told(stopped)["bounces"] == [("note", "nobody reads what comes back: say [post.bounces]")]


@pytest.mark.parametrize("kind", KINDS)
def test_another_programs_database_is_to_be_mapped_and_the_rest_is_to_come(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str
) -> None:
    """Before the first start, with a database that nobody has mapped yet: nothing was lost, nothing is to restore."""
    file = folder / "crm.sqlite"
    file.touch()
    url = f"sqlite:///{file}" if kind == "sqlite" else new_place(request.getfixturevalue(kind), "sales")
    engines = open_engines(url)
    with engines.write.begin() as connection:
        connection.execute(text("CREATE TABLE kli_firmy (kli_id INTEGER)"))
    engines.dispose()
    monkeypatch.setenv("SPOJKA_SALES_URL", url)
    result = check(folder / "data")
    assert result.exit_code == 1
    found = told(result)
    assert [state for state, _ in found["sales"]] == ["PROBLEM"]
    assert "(kli_firmy): map them in spojka.toml (`spojka map sales` proposes how)" in found["sales"][0][1]
    to_come = ("note", "it is not there yet: the first start makes it, empty")
    assert {found[system][0] for system in SYSTEMS if system != "sales"} == {to_come}, result.output
    assert "restore" not in result.output
    assert "begin anew" not in result.output
    with pytest.raises(StartError, match=r"sales: its database has another program's tables \(kli_firmy\): map them"):
        open_company(Settings(data=folder / "data", urls={"sales": url}))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[limits]\nbody_bytes = 0", "spojka.toml:2: limits.body_bytes: it is not a whole number above 0"),
        ("[billing]\ngrace_hours = -1", "spojka.toml:2: billing.grace_hours: it is not a whole number from 0 to 744"),
        ("[billing]\ngrace = 1", "spojka.toml:2: billing.grace: there is no such setting; there are grace_hours"),
        ('[rating]\nlongest_leg = "long"', "spojka.toml:2: rating.longest_leg: it is not a length of time"),
        ('[company]\nname = "A"', "spojka.toml:1: company.street: it is missing"),
        (
            '[processes]\nwork = "here"',
            'spojka.toml:2: processes.work: it is \'here\'; it may be "beside" or "elsewhere"',
        ),
        ("[processes]\nworkers = 2", "spojka.toml:2: processes.workers: there is no such setting; there are work"),
        ('[bridges.a]\nkind = "zoom"', "spojka.toml:2: bridges.a.kind: it is none of janus, files, simulator"),
        (
            f'[bridges.a]\n{JANUS}media_timeout = "1 s"',
            "bridges.a.media_timeout: a leg is known to be silent after 2 s",
        ),
        (f'[bridges.a]\n{JANUS}pin = "1"', "bridges.a.pin: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_said_with_its_line(
    folder: Path, files: Path, monkeypatch: pytest.MonkeyPatch, written: str, told: str
) -> None:
    """As `serve` says it: section, key, what is wrong with it, and what it may be."""
    monkeypatch.setenv("A", "secret")
    (folder / "spojka.toml").write_text(f"{written}\n")
    result = check(files)
    assert result.exit_code == 1
    assert told in result.output, result.output
    assert "Traceback" not in result.output


@pytest.mark.service
def test_what_may_not_be_written_is_said(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch, folder: Path, files: Path
) -> None:
    """Before the first mutation finds out: on a server by an update of no row."""
    url = new_place(postgresql, "links")
    made = Database("links", url)
    made.create(METADATA["links"])
    asyncio.run(made.close())
    monkeypatch.setenv("SPOJKA_LINKS_URL", url)
    assert told(check(files))["links"][0] == ("ok", "postgresql, 3 tables")
    monkeypatch.setenv("SPOJKA_LINKS_URL", f"{url}{quote(' -cdefault_transaction_read_only=on')}")
    state, text = told(check(files))["links"][0]
    assert state == "PROBLEM"
    assert "it may not be written (cannot execute UPDATE" in text
    assert "read_only = true" in text
    (folder / "spojka.toml").write_text("[systems.links]\nread_only = true\n")
    assert told(check(files))["links"][0] == ("ok", "postgresql, 3 tables, only read")


@pytest.mark.parametrize("kind", [each for each in KINDS if each != "sqlite"])
def test_systems_on_a_server_are_looked_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str
) -> None:
    """Before they are made, and afterwards; and what another Spojka made is found there too."""
    server = request.getfixturevalue(kind)
    urls = {system: new_place(server, system) for system in SYSTEMS}
    for system, url in urls.items():
        monkeypatch.setenv(f"SPOJKA_{system.upper()}_URL", url)
    before = check(folder / "data")
    assert {told(before)[system][0][0] for system in SYSTEMS} == {"note"}, before.output
    databases = {system: Database(system, url) for system, url in urls.items()}
    assert make_company(databases, today=EVENING.date(), rules=DEMO_RULES, others=2)
    for database in databases.values():
        asyncio.run(database.close())
    after = check(folder / "data")
    assert after.exit_code == 0, after.output
    assert {told(after)[system][0] for system in SYSTEMS} >= {("ok", f"{kind}, 3 tables")}


async def test_a_file_that_is_no_database_is_not_ready(files: Path) -> None:
    """Readiness reads the file, and doesn't only open it."""
    shutil.copy(__file__, files / "links.sqlite")
    company = await asyncio.to_thread(open_company, Settings(data=files))
    try:
        states = await company.readiness()
    finally:
        await company.close()
    assert [system for system, state in states.items() if state] == ["links"]
