"""`[subgraphs]` in spojka.toml: what is said of all holds for each, what is said of one wins; what is wrong is said."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import read_settings
from gateway.section import ConfigError
from gateway.subgraphs.remote.settings import RemotesSettings

ENVIRONMENT = {"SECRET": "0123456789abcdef", "TOKEN": "Bearer x", "EMPTY": ""}


def read(folder: Path, text: str) -> RemotesSettings:
    file = folder / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(folder, ENVIRONMENT, systems=None, file=file).subgraphs


def test_one_takes_what_it_does_not_say_from_all(tmp_path: Path) -> None:
    """Headers too, each by its name."""
    settings = read(
        tmp_path,
        """
        [subgraphs]
        timeout = "10 s"
        forward = ["X-Tenant"]
        mask = false
        [subgraphs.headers]
        x-from = "spojka"
        x-kind = "any"
        [subgraphs.billing]
        url = "https://billing.internal/graphql?v=2"
        timeout = "500 ms"
        retries = 0
        dedupe = true
        answer_bytes = 1000
        connections = 5
        break_after = 3
        break_for = "1 m"
        codes = ["SOLD_OUT"]
        returned = ["X-Served-By"]
        secret_env = "SECRET"
        [subgraphs.billing.headers]
        X-Kind = "billing"
        authorization = { env = "TOKEN" }
        """,
    )
    billing, other = settings.of("billing"), settings.of("sales")
    assert (billing.timeout, other.timeout) == (timedelta(milliseconds=500), timedelta(seconds=10))
    assert (billing.url, other.url) == ("https://billing.internal/graphql?v=2", None)
    assert billing.headers == {"x-from": "spojka", "x-kind": "billing", "authorization": "Bearer x"}
    assert other.headers == {"x-from": "spojka", "x-kind": "any"}
    assert (billing.secret, other.secret) == (ENVIRONMENT["SECRET"], None)
    assert billing.forward == other.forward == ("x-tenant",)
    assert billing.mask is other.mask is False
    assert (billing.retries, billing.dedupe, billing.answer_bytes, billing.connections) == (0, True, 1000, 5)
    assert (billing.break_after, billing.break_for) == (3, timedelta(minutes=1))
    assert (billing.codes, billing.returned) == (("SOLD_OUT",), ("x-served-by",))
    assert "0123456789abcdef" not in repr(settings)
    assert "Bearer x" not in repr(settings)


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    """Without the end of their line."""
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef\n")
    settings = read(
        tmp_path,
        f"[subgraphs.a]\nsecret_file = '{secret}'\n[subgraphs.a.headers]\nx-key = {{ file = '{secret}' }}\n",
    )
    assert (settings.of("a").secret, settings.of("a").headers) == ("0123456789abcdef", {"x-key": "0123456789abcdef"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('url = "http://x/"', "subgraphs.url: each subgraph has its own"),
        ('[subgraphs.a]\nurl = "ftp://x/"', "subgraphs.a.url: it is not an http or https URL"),
        ('[subgraphs.a]\nurl = "http://"', "subgraphs.a.url: it is not an http or https URL"),
        ('[subgraphs.a]\nurl = "http://x:99999/"', "subgraphs.a.url: it is not an http or https URL"),
        ('[subgraphs.a]\nurl = "http://jana:geheim@x/"', "subgraphs.a.url: there is a name or password in it"),
        ('[subgraphs.a]\nurl = "http://x/#y"', "subgraphs.a.url: it has a fragment"),
        ('timeout = "soon"', "subgraphs.timeout: it is not a length of time"),
        ("retries = -1", "subgraphs.retries: it is not a whole number from 0 to 10"),
        ("retries = 11", "subgraphs.retries: it is not a whole number from 0 to 10"),
        ("[subgraphs.a]\nnothing = 1", "subgraphs.a.nothing: there is no such setting"),
        ("nothing = 1", "subgraphs.nothing: it is not a table"),
        ('forward = ["host"]', "subgraphs.forward: host is this gateway's own to say"),
        ('forward = ["Content-Length"]', "subgraphs.forward: content-length is this gateway's own to say"),
        ('forward = ["spojka-secret"]', "subgraphs.forward: spojka-secret is this gateway's own to say"),
        ('forward = ["a b"]', "subgraphs.forward: 'a b' is not a header's name"),
        ('returned = ["content-type"]', "subgraphs.returned: content-type is this gateway's own to say"),
        ('returned = ["access-control-allow-origin"]', "access-control-allow-origin is this gateway's own to say"),
        ('[subgraphs.a.headers]\n"x y" = "1"', "subgraphs.a.headers.x y: it is not a header's name"),
        ('[subgraphs.a.headers]\nx-a = "č"', "subgraphs.a.headers.x-a: what is there is empty, or not printable"),
        ("[subgraphs.a.headers]\nx-a = 1", "subgraphs.a.headers.x-a: it is not a text"),
        ('[subgraphs.a.headers]\nx-a = { env = "ABSENT" }', "subgraphs.a.headers.x-a.env: what is there is empty"),
        ('[subgraphs.a.headers]\nx-a = { env = "EMPTY" }', "subgraphs.a.headers.x-a.env: what is there is empty"),
        ('[subgraphs.a.headers]\nx-a = { file = "absent" }', "subgraphs.a.headers.x-a.file: absent can't be read"),
        ("[subgraphs.a.headers]\nx-a = {}", "subgraphs.a.headers.x-a: it comes from env or from file"),
        ('secret_env = "ABSENT"', "subgraphs.secret_env: what is there is empty"),
        ('secret_env = "SECRET"\nsecret_file = "x"', "subgraphs.secret_file: there is a secret_env too"),
        ('ca = "absent.crt"', "subgraphs.ca: there is no file absent.crt"),
    ],
)
def test_wrong_setting_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    """The key, its line and what is wrong; never a URL or a secret."""
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, f"[subgraphs]\n{text}\n")
    assert message in str(refused.value)
    assert str(refused.value).startswith("spojka.toml:")
    assert "geheim" not in str(refused.value)


HOP = [
    "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
    "Transfer-Encoding", "Upgrade",
]  # fmt: skip


@pytest.mark.parametrize("name", [*HOP, "Content-Length", "Content-Encoding", "Host"])
def test_what_is_of_one_connection_goes_neither_way(tmp_path: Path, name: str) -> None:
    """RFC 9110, 7.6.1, and what tells the length and packing of one body: no rule may name it."""
    for text in (f'forward = ["{name}"]', f'returned = ["{name}"]', f'[subgraphs.headers]\n{name} = "1"'):
        with pytest.raises(ConfigError, match="this gateway's own to say"):
            read(tmp_path, f"[subgraphs]\n{text}\n")


def test_what_is_said_of_systems_is_not_looked_at_without_a_company(tmp_path: Path) -> None:
    """One file can be for both."""
    read(tmp_path, '[systems.billing]\nurl = "oracle://x"\n')
