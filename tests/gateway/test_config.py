"""Settings are read once; a wrong one is refused with its key and its place."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import ConfigError, Section, Settings, read_settings
from gateway.doors.audit import AuditSettings
from gateway.doors.settings import DoorsSettings
from gateway.limits import Limits
from gateway.section import read_file

SYSTEMS = ("sales", "billing")
URL = "postgresql://spojka:secret@localhost/billing"
JWKS = 'jwks = "http://127.0.0.1:9000/keys"\nissuer = "i"\naudience = "a"'


def _read(tmp_path: Path, text: str | None = None, **environment: str) -> Settings:
    file = tmp_path / "spojka.toml"
    if text is not None:
        file.write_text(text)
    return read_settings(tmp_path, environment, systems=SYSTEMS, file=file if text is not None else None)


def test_system_without_url_has_its_file_in_the_data_directory(tmp_path: Path) -> None:
    """Nothing need be set."""
    settings = _read(tmp_path)
    assert settings.url_of("billing") == f"sqlite:///{tmp_path}/billing.sqlite"
    assert settings.limits == Limits()
    assert (settings.doors, settings.doors.chosen, settings.audit) == (DoorsSettings(), False, AuditSettings())


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb", "mysql"])
def test_servers_are_named_by_their_kind(tmp_path: Path, scheme: str) -> None:
    """MariaDB has two names, since most addresses of one say `mysql`."""
    url = f"{scheme}://spojka@localhost/billing"
    assert _read(tmp_path, SPOJKA_BILLING_URL=url).url_of("billing") == url
    with pytest.raises(ConfigError, match=r"begins with sqlite:/// or postgresql:// or mariadb:// or mysql://"):
        _read(tmp_path, SPOJKA_BILLING_URL=f"x{url}")


def test_file_and_environment_name_databases(tmp_path: Path) -> None:
    """The environment wins over the file."""
    text = f'[systems.sales]\nurl = "sqlite:///sales.db"\n[systems.billing]\nurl = "{URL}"\n[limits]\nbody_bytes = 5\n'
    settings = _read(tmp_path, text, SPOJKA_SALES_URL="postgresql:///sales", PATH="/bin")
    assert settings.urls == {"sales": "postgresql:///sales", "billing": URL}
    assert settings.limits == Limits(body_bytes=5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[systems.billing]\n\nurl = 5", "spojka.toml:3: systems.billing.url: it is not a database's URL"),
        ('[systems.billing]\nurl = "oracle://me:secret@x/y"', "spojka.toml:2: systems.billing.url: it is not a"),
        ('[systems.biling]\nurl = "x"', "spojka.toml:1: systems.biling: there is no such system; there are sales, b"),
        ('[systems.billing]\nurk = "x"', "spojka.toml:2: systems.billing.urk: there is no such setting"),
        ("systems = 1", "spojka.toml:1: systems: it is not a table"),
        ("[systems]\nbilling = 1", "spojka.toml:2: systems.billing: it is not a table"),
        ("[limits]\nbody_bytes = 0", "spojka.toml:2: limits.body_bytes: it is not a whole number above 0"),
        ("limits.body_bytes = true", "spojka.toml:1: limits.body_bytes: it is not a whole number above 0"),
        (
            "[limits]\ntokens = 1",
            "spojka.toml:2: limits.tokens: there is no such setting; there are answer_objects, answer_seco",
        ),
        ("[door]\nopen = true", "spojka.toml:1: door: there is no such setting; there are "),
        ("a = = 1", "spojka.toml: it is not TOML in UTF-8: Invalid value (at line 1"),
        ('"door" = 1', "spojka.toml: door: there is no such setting"),
        ('[doors]\njwks = "http://x.y/k"', "spojka.toml:2: doors.jwks: it is not an https URL"),
        ('[doors]\njwks = "https://a:secret@x.y/k"', "spojka.toml:2: doors.jwks: it has a name or password in it"),
        ('[doors]\njwks = "https://x.y:no/k"', "spojka.toml:2: doors.jwks: it is not a URL"),
        ('[doors]\njwks = "https:///k"', "spojka.toml:2: doors.jwks: it is not an https URL"),
        ('[doors]\njwks = "https://x.y/k"', "spojka.toml:1: doors.issuer: it is missing"),
        ('[doors]\njwks = "https://x.y/k"\nissuer = "i"', "spojka.toml:1: doors.audience: it is missing"),
        ('[doors]\nissuer = "i"', "spojka.toml:2: doors.issuer: there is no jwks"),
        (f"[doors]\nembedded = true\n{JWKS}", "spojka.toml:2: doors.embedded: there is a jwks too"),
        ("[doors]\nembedded = 1", "spojka.toml:2: doors.embedded: it is neither true nor false"),
        ('[doors]\nalgorithms = ["none"]', "spojka.toml:2: doors.algorithms: it is not a list of some of RS256"),
        ('[doors]\nalgorithms = ["HS256"]', "spojka.toml:2: doors.algorithms: it is not a list of some of RS256"),
        ("[doors]\nalgorithms = []", "spojka.toml:2: doors.algorithms: it is not a list of some of RS256"),
        ('[doors]\nrefuse = "all"', "spojka.toml:2: doors.refuse: it is none of field, request"),
        ('[doors]\nleeway = "soon"', 'spojka.toml:2: doors.leeway: it is not a length of time like "30 s"'),
        ("[doors]\nleeway = 30", 'spojka.toml:2: doors.leeway: it is not a length of time like "30 s"'),
        ('[doors]\nleeway = "0 s"', 'spojka.toml:2: doors.leeway: it is not a length of time like "30 s"'),
        ("[doors.roles]\nclaim = 7", "spojka.toml:2: doors.roles.claim: it is not a text"),
        ("[doors.roles.names]\nboss = 7", "spojka.toml:2: doors.roles.names.boss: it is not a text"),
        ('[doors.roles]\nclaims = "x"', "spojka.toml:2: doors.roles.claims: there is no such setting; there are claim"),
        ('[http]\nhosts = "x"', "spojka.toml:2: http.hosts: it is not a list of texts"),
        ('[http]\nhosts = ["x.y:80"]', "spojka.toml:2: http.hosts: x.y:80 has a port"),
        ('[http]\nhosts = ["*"]', "spojka.toml:2: http.hosts: * is not a host's name"),
        ('[http]\nhosts = ["https://x.y"]', "spojka.toml:2: http.hosts: https://x.y has a port"),
        ('[audit]\nrequired = "yes"', "spojka.toml:2: audit.required: it is neither true nor false"),
    ],
)
def test_wrong_setting_in_the_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """The message says where to look; no password is in it."""
    with pytest.raises(ConfigError) as refusal:
        _read(tmp_path, text)
    assert str(refusal.value).startswith(message)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SPOJKA_BILING_URL", URL, "SPOJKA_BILING_URL in the environment: there is no such system; there are SPOJKA_"),
        ("SPOJKA_BILLING_URL", "localhost:secret", "SPOJKA_BILLING_URL in the environment: it is not a database's"),
    ],
)
def test_wrong_setting_in_the_environment_is_refused_by_name(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    """A misspelt name is not passed over in silence."""
    with pytest.raises(ConfigError) as refusal:
        _read(tmp_path, **{name: value})
    assert str(refusal.value).startswith(message)
    assert "secret" not in str(refusal.value)


def test_doors_are_what_the_file_says(tmp_path: Path) -> None:
    """With a JWKS, or with the embedded key on purpose: somebody has chosen."""
    text = f"""
[doors]
{JWKS}
algorithms = ["ES256"]
leeway = "5 s"
keys_max_age = "1 h"
refuse = "request"
[doors.roles]
claim = "realm_access.roles"
names = {{ "CRM-7" = "manager" }}
[http]
hosts = ["graph.example.org", "*.example.com", "[::1]"]
[audit]
required = true
"""
    settings = _read(tmp_path, text)
    assert settings.doors == DoorsSettings(
        issuer="i",
        audience="a",
        jwks="http://127.0.0.1:9000/keys",
        chosen=True,
        algorithms=("ES256",),
        leeway=timedelta(seconds=5),
        keys_max_age=timedelta(hours=1),
        roles_claim="realm_access.roles",
        role_names={"CRM-7": "manager"},
        refuse="request",
    )
    assert settings.http.hosts == ("graph.example.org", "*.example.com", "[::1]")
    assert settings.audit == AuditSettings(required=True)
    assert _read(tmp_path, "[doors]\nembedded = true").doors == DoorsSettings(chosen=True)


SEVERAL = """
[[rows]]
type = "A"
[[rows]]
type = "B"
size = 11
[rows.more]
wait = "2 d"
"""


def _rows(tmp_path: Path, text: str) -> list[tuple[str, int, timedelta]]:
    (tmp_path / "s.toml").write_text(text)
    written = read_file(tmp_path / "s.toml")
    rows = [
        (each.text("type", ""), each.integer("size", 1, most=10), each.table("more").duration("wait", timedelta(1)))
        for each in written.tables("rows")
    ]
    written.refuse_unread()
    return rows


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", "s.toml:6: rows[2].size: it is not a whole number from 1 to 10"),
        ("size = 11", "kind = 1", "s.toml:6: rows[2].kind: there is no such setting; there are more, size, type"),
        ('size = 11\n[rows.more]\nwait = "2 d"', "[rows.more]\nwait = 2", "s.toml:7: rows[2].more.wait: it is not a"),
        ('type = "A"', "type = ''", "s.toml:3: rows[1].type: it is not a text with something in it"),
        ("size = 11", "size = 0", "s.toml:6: rows[2].size: it is not a whole number from 1 to 10"),
        (SEVERAL, "rows = 1", "s.toml:1: rows: it is not a list of tables: begin each with [[rows]]"),
        (SEVERAL, 'rows = [{type = "A", "kind" = 1}]', "s.toml:1: rows[1].kind: there is no such setting"),
    ],
)
def test_wrong_setting_in_one_of_several_tables_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Which of them it is, is said as well."""
    with pytest.raises(ConfigError) as refusal:
        _rows(tmp_path, SEVERAL.replace(old, new) if old else SEVERAL)
    assert str(refusal.value).startswith(message)


def test_several_tables_are_read_in_order(tmp_path: Path) -> None:
    """And a table of two readers is one table."""
    day = timedelta(days=1)
    assert _rows(tmp_path, SEVERAL.replace("11", "9")) == [("A", 1, day), ("B", 9, 2 * day)]
    section = Section.empty()
    assert section.table("http") is section.table("http")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that was named has to be there."""
    with pytest.raises(ConfigError, match=r"absent\.toml: it can't be read"):
        read_settings(tmp_path, {}, systems=SYSTEMS, file=tmp_path / "absent.toml")
