"""`spojka init` writes every setting there is, and what it writes is understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import gateway.config
from gateway.bridges import configured_bridges
from gateway.cli import main
from gateway.commands.initializing import TEMPLATE
from gateway.company import SYSTEMS
from gateway.config import Settings, read_settings
from gateway.databases import mapped
from gateway.post import configured_post
from gateway.printers import configured_printers
from gateway.section import Section, read_file
from resolvers.billing import settings as billing
from sources.bridge.settings import MEDIA_TIMEOUT
from sources.bridge.switches.janus import JanusSettings
from sources.post import ImapSettings, SmtpSettings
from sources.post.settings import PostSettings

FILES = (
    "subgraph.secret",
    "subgraph.crt",
    "subgraph.key",
    "gateways.crt",
    "internal-ca.crt",
    "gateway.crt",
    "gateway.key",
    "persisted.json",
    "printer.password",
    "print-ca.crt",
)
SECRET = "0123456789abcdef"  # noqa: S105 - the test's own
BRIDGE = ("kind", "admin_url", "admin_secret_env", "admin_key_env", "media_timeout", "cdr_zone", "pause", "service")
PRINTER = ("kind", "url", "queue", "user", "password_env", "ca", "media", "sides", "separator", "timeout")
POST = ("kind", "sender", "domain", "return_path", "unsubscribe_mailto", "host", "port", "encryption", "username")
POST += ("password_env", "password_file", "ca", "per_session", "per_minute", "timeout", "answer_timeout")
BOUNCES = (
    "kind",
    "host",
    "port",
    "encryption",
    "username",
    "password_env",
    "password_file",
    "mailbox",
    "ca",
    "timeout",
)
WITHOUT_DEFAULT = {
    *(f"systems.{system}.url" for system in SYSTEMS),
    "systems.sales.read_only",  # whose tables are mapped there
    *(f"systems.sales.tables.clients.{name}" for name in ("table", "schema", "where", "present")),
    *(f"systems.sales.tables.clients.columns.{name}" for name in ("id", "name", "email", "country", "vat_number")),
    "doors.jwks",
    "doors.issuer",
    "doors.audience",
    "doors.roles.claim",
    "doors.roles.names.obchodnik",
    *(f"rows.{name}" for name in ("type", "fields", "claim", "except", "exempt_scopes")),
    "http.hosts",
    "http.cors.origins",
    "persisted.manifest",
    "overrides.active",
    *(f"bridges.bridge-1.{name}" for name in BRIDGE),
    *(f"printers.letters.{name}" for name in PRINTER),
    *(f"printers.archive.{name}" for name in ("kind", "path")),
    *(f"post.{name}" for name in POST),
    *(f"post.unsubscribe.{name}" for name in ("url", "key_env", "key_file")),
    *(f"post.bounces.{name}" for name in BOUNCES),
    *(f"rating.dearest_leg.{currency}" for currency in ("CZK", "EUR")),
    *(f"company.{name}" for name in ("name", "street", "city", "postal_code", "country")),
    *(f"company.{name}" for name in ("company_number", "vat_number", "iban", "email", "register_entry")),
    *(f"subgraphs.{name}" for name in ("codes", "forward", "returned", "secret_env", "secret_file")),
    *(f"subgraphs.{name}" for name in ("ca", "certificate", "key", "headers.x-tenant", "billing.url")),
    *(f"subgraph.{name}" for name in ("secret_env", "secret_file", "certificate", "key", "client_ca")),
}
"""Settings that are examples in the file."""
OF_A_COLUMN = ("column", "constant", "absent", "unit", "zone", "ambiguous", "format", "codes", "pattern", "none")
TOLD_IN_WORDS = {
    *(f"systems.{system}.tables" for system in SYSTEMS),
    "rating",
    "billing",
    "company",
    "bridges",
    "printers",
    "post",
    "systems.sales.tables.clients.absent",
    "systems.sales.tables.clients.where.SMAZANO",
} | {
    f"systems.sales.tables.clients.columns.{column}.{name}"
    for column in ("id", "email", "country", "vat_number")
    for name in OF_A_COLUMN
}
"""Told in the file's comments, as not all of them go together."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_init(*options: str) -> Result:
    return CliRunner().invoke(main, ["init", *options])


def uncommented(text: str) -> str:
    """Every setting set: `#key = value` without its `#`."""
    return re.sub(r"^#(?=[^\s#])", "", text, flags=re.MULTILINE)


def alternatives(text: str) -> str:
    """What stands behind `# or:` in the place of the setting before it."""
    return re.sub(r"^#[^\s#].*\n# or: ", "#", text, flags=re.MULTILINE)


def settings_in(text: str) -> Iterator[tuple[str, str]]:
    """(full name, the lines that set it alone) of each setting."""
    header = ""
    for line in uncommented(text).splitlines():
        if line.startswith("["):
            header = line
        elif key := re.match(r"([\w-]+) = ", line):
            yield f"{header.strip('[]')}.{key[1]}", f"{header}\n{line}\n"


def read(text: str, folder: Path) -> Settings:
    for name in FILES:
        (folder / name).write_text("{}" if name.endswith("json") else SECRET)
    file = folder / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(folder, {"SPOJKA_SUBGRAPH_SECRET": SECRET}, systems=tuple(SYSTEMS), file=file)


def asked(section: Section) -> Iterator[str]:
    """Every setting that a reader asked this section for."""
    for name, children in section._read.items():
        if not children:
            yield re.sub(r"\[\d+\]", "", section.key_of(name))
        for child in children:
            yield from asked(child)


def for_all(name: str) -> str:
    """What can be set for one subgraph stands there for all of them."""
    return name.replace("subgraphs.billing.", "subgraphs.")


def test_it_is_written_and_sets_nothing(folder: Path) -> None:
    """What is read from it is what is read without it."""
    result = run_init("--data", "elsewhere")
    assert result.exit_code == 0
    assert "spojka check --data elsewhere" in result.output
    assert list(folder.iterdir()) == [folder / "spojka.toml"]
    read_as_it_is = read_settings(folder, {}, systems=tuple(SYSTEMS), file=folder / "spojka.toml")
    assert read_as_it_is == read_settings(folder, {}, systems=tuple(SYSTEMS))


def test_a_file_that_is_there_is_left_as_it_is(folder: Path) -> None:
    """Somebody's settings are never overwritten."""
    (folder / "spojka.toml").write_text("# mine\n")
    result = run_init()
    assert result.exit_code == 1
    assert "spojka.toml is there already" in result.output
    assert (folder / "spojka.toml").read_text() == "# mine\n"


@pytest.mark.parametrize("text", [TEMPLATE, alternatives(TEMPLATE)], ids=["first", "or"])
def test_all_of_it_set_is_accepted(folder: Path, text: str) -> None:
    """No example is refused; `doors.embedded = true` stands without a jwks alone."""
    whole = uncommented(text)
    if "embedded = true" in whole:
        whole = re.sub(r'^(jwks|issuer|audience) = ".*\n', "", whole, flags=re.MULTILINE)
    settings = read(whole, folder)
    assert settings.urls.keys() == SYSTEMS.keys()
    assert mapped("sales", settings)
    assert settings.subgraph.secret == SECRET
    assert settings.rows


def test_every_setting_is_in_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the readers ask for stands in the file; so a new setting that is not there fails."""
    sections: list[Section] = []

    def remembered(path: Path) -> Section:
        sections.append(read_file(path))
        return sections[-1]

    monkeypatch.setattr(gateway.config, "read_file", remembered)
    settings = read(uncommented(TEMPLATE), folder)
    mapped("sales", settings)  # its reader asks for the rest
    there = {for_all(name) for name, _ in (*settings_in(TEMPLATE), *settings_in(alternatives(TEMPLATE)))}
    tables, rating = settings.mappings["sales"], settings.rating
    bridges = settings.bridges
    assert rating is not None
    assert bridges is not None
    (bridge,) = configured_bridges(settings, {"JANUS_ADMIN_SECRET": SECRET, "JANUS_ADMIN_KEY": SECRET})
    admin_url = "http://127.0.0.1:7088/admin"
    assert bridge.janus == JanusSettings(admin_url=admin_url, admin_secret=SECRET, admin_key=SECRET)
    assert bridge.media_timeout == MEDIA_TIMEOUT
    assert settings.printers is not None
    printer, folder_of_pdfs = configured_printers(settings, {"PRINTER_PASSWORD": SECRET})
    assert (printer.ipp and printer.ipp.password, folder_of_pdfs.folder) == (SECRET, Path("printed"))
    post = settings.post
    assert post is not None
    names = ("SPOJKA_POST_PASSWORD", "SPOJKA_UNSUBSCRIBE_KEY", "SPOJKA_BOUNCES_PASSWORD")
    assert_as_usual(configured_post(settings, dict.fromkeys(names, SECRET)))
    assert billing.read(rating).limits.dearest.keys() == {"CZK", "EUR"}
    own = billing.read(billing=settings.billing, company=settings.company)
    assert own.seller is not None
    assert settings.billing is not None
    assert settings.company is not None
    read_by_others = (tables, rating, settings.billing, settings.company, bridges, settings.printers, post)
    handed = [name for section in read_by_others for name in asked(section)]
    wanted = {for_all(name) for name in (*asked(sections[0]), *handed)} - TOLD_IN_WORDS
    assert len(wanted) > 30
    assert sorted(wanted - there) == []
    assert [name for name in OF_A_COLUMN if f"{name} = " not in TEMPLATE and f"{name}," not in TEMPLATE] == []


def assert_as_usual(post: PostSettings | None) -> None:
    """What stands there for `[post]` is the usual, where there is one."""
    assert post is not None
    ca = Path("internal-ca.crt")
    who = {"username": "spojka", "password": SECRET}
    assert post.smtp == SmtpSettings(host="smtp.example.org", port=587, ca=ca, **who)
    who = {"username": "bounces", "password": SECRET}
    assert post.bounces == ImapSettings(host="imap.example.org", port=993, ca=ca, **who)


@pytest.mark.parametrize(
    ("name", "lines"), [each for each in settings_in(TEMPLATE) if each[0] not in WITHOUT_DEFAULT], ids=lambda x: x
)
def test_what_stands_there_is_the_default(folder: Path, name: str, lines: str) -> None:
    """Set as it stands, nothing changes."""
    set_so, unset = read(lines, folder), read("", folder)
    handed = {"rating": None, "billing": None}
    assert replace(set_so, **handed) == replace(unset, **handed)
    read_so = billing.read(set_so.rating, billing=set_so.billing)
    assert read_so == billing.read(unset.rating, billing=unset.billing)


def test_no_example_is_listed_in_vain() -> None:
    """A setting that gets a default leaves the list above."""
    there = {name for name, _ in (*settings_in(TEMPLATE), *settings_in(alternatives(TEMPLATE)))}
    assert sorted(WITHOUT_DEFAULT - there) == []
