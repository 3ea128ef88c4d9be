"""Pages of other sites: let in where their origin is listed, kept out where it isn't."""

from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from gateway.http import cors
from gateway.http.cors import CorsSettings, check_site, open_to
from gateway.http.refusals import Refusal
from gateway.section import ConfigError, read_file

ORIGIN = "https://app.example.org"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


def client(*origins: str) -> httpx.AsyncClient:
    app = open_to(CorsSettings(origins=origins), PlainTextResponse("answer"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")


async def test_listed_origin_may_ask_and_read() -> None:
    """The preflight says yes to a token and JSON; the answer may be read; cookies are never allowed."""
    async with client(ORIGIN) as asking:
        before = await asking.options("/", headers={"origin": ORIGIN, **PREFLIGHT})
        answer = await asking.post("/", headers={"origin": ORIGIN})
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == ORIGIN
    assert {"authorization", "content-type"} <= set(before.headers["access-control-allow-headers"].lower().split(", "))
    assert before.headers["access-control-max-age"] == "600"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-credentials" not in {**before.headers, **answer.headers}


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "null", "https://app.example.org.evil.org", ORIGIN + ":1"]
)
async def test_other_origins_get_no_yes(origin: str) -> None:
    """Nor does anything else in the answer let their pages read it."""
    async with client(ORIGIN) as asking:
        before = await asking.options("/", headers={"origin": origin, **PREFLIGHT})
        answer = await asking.post("/", headers={"origin": origin})
    assert before.status_code == 400
    assert "access-control-allow-origin" not in {**before.headers, **answer.headers}


async def test_without_origins_nothing_is_said_of_other_sites() -> None:
    """The default."""
    async with client() as asking:
        answer = await asking.post("/", headers={"origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("site", [b"cross-site", b"same-site"])
def test_get_of_another_site_must_have_forced_a_preflight(site: bytes) -> None:
    """An image or a link can't send a header; a page that can was asked about first."""
    with pytest.raises(Refusal) as refused:
        check_site({b"sec-fetch-site": site})
    assert (refused.value.status, refused.value.code) == (403, "CROSS_SITE_REQUEST")
    check_site({b"sec-fetch-site": site, b"authorization": b"Bearer x"})
    check_site({b"sec-fetch-site": site, b"graphql-require-preflight": b"1"})


@pytest.mark.parametrize("headers", [{}, {b"sec-fetch-site": b"same-origin"}, {b"sec-fetch-site": b"none"}])
def test_get_of_our_own_pages_and_of_programs_is_answered(headers: dict[bytes, bytes]) -> None:
    """What isn't a browser has no page of another site in it."""
    check_site(headers)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.example.org",
        "app.example.org",
        "https://app.example.org/",
        "https://App.example.org",
        "https://user@app.example.org",
        "https://app.example.org:443",
        "ftp://app.example.org",
        "https://app.example.org:x",
        "null",
    ],
)
def test_what_no_browser_writes_is_refused_at_the_start(origin: str, tmp_path: Path) -> None:
    """An origin that can never match, or would match too much, with its place."""
    file = tmp_path / "spojka.toml"
    file.write_text(f'[http.cors]\norigins = ["{origin}"]', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"spojka\.toml:2: http\.cors\.origins: "):
        cors.read(read_file(file).table("http").table("cors"))
