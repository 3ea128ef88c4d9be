"""The endpoint of the links in mails: one click is enough, following a link does nothing, nobody makes one up."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from gateway.http.application import make_http_app
from gateway.http.unsubscribe import Unsubscribing
from sources.post import UnsubscribeLinks
from sources.post.pace import Pace

LINKS = UnsubscribeLinks("https://localhost/unsubscribe", b"0123456789abcdef")
CLICK = {"List-Unsubscribe": "One-Click"}


class Nobody:
    """Whose recipients want no more."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.fails = False

    async def record(self, name: str) -> bool:
        if self.fails:
            raise RuntimeError("the store is down: a secret")
        self.names.append(name)
        return name != "gone"

    async def answer(self, *_: object) -> object:
        raise AssertionError

    async def ready(self) -> dict[str, str | None]:
        return {}


@pytest.fixture
def nobody() -> Nobody:
    return Nobody()


def client(nobody: Nobody, *, most: int = 100, is_set_up: bool = True) -> httpx.AsyncClient:
    unsubscribing = Unsubscribing(links=LINKS, record=nobody.record, turns=Pace(most)) if is_set_up else None
    app = make_http_app(nobody, readiness=nobody.ready, unsubscribing=unsubscribing)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://localhost")


async def test_one_click_is_enough(nobody: Nobody) -> None:
    """RFC 8058: a POST as mail programs send it, as fields or in parts; twice is once more, and fine."""
    async with client(nobody) as http:
        link = LINKS.link("c7-12")
        assert (await http.post(link, data=CLICK)).status_code == 200
        in_parts = await http.post(link, files={"List-Unsubscribe": (None, "One-Click")})
        assert (in_parts.status_code, "Hotovo" in in_parts.text) == (200, True)
    assert nobody.names == ["c7-12", "c7-12"]


async def test_following_the_link_changes_nothing(nobody: Nobody) -> None:
    """Scanners do. A person finds a button that posts to where they are, and no script."""
    async with client(nobody) as http:
        for method in ("GET", "HEAD"):
            answer = await http.request(method, LINKS.link("c7-12"))
            assert answer.status_code == 200
            assert answer.headers["content-security-policy"].startswith("default-src 'none'; form-action 'self'")
        page = (await http.get(LINKS.link("c7-12"))).text
    assert '<form method="post">' in page
    assert 'name="List-Unsubscribe" value="One-Click"' in page
    assert nobody.names == []


TOKEN = LINKS.token("c7-12")
WRONG: Sequence[str] = [
    TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "Q"),
    LINKS.token("c7-13").split(".")[0] + "." + TOKEN.split(".")[1],
    UnsubscribeLinks("https://localhost/unsubscribe", b"another-key-of-16").token("c7-12"),
    TOKEN.replace(".", ""),
    f"{TOKEN}.{TOKEN}",
    "%C5%BE.x",
    "a" * 5000,
]


@pytest.mark.parametrize("token", WRONG)
async def test_nobody_makes_a_link_up(nobody: Nobody, token: str) -> None:
    """A token that we didn't sign is none."""
    async with client(nobody) as http:
        assert (await http.post(f"/unsubscribe/{token}", data=CLICK)).status_code == 404
    assert nobody.names == []


async def test_what_else_is_refused(nobody: Nobody) -> None:
    """Another body, too large a one, another method, what the store doesn't know, too many within a minute."""
    async with client(nobody, most=2) as http:
        link = LINKS.link("c7-12")
        assert (await http.post(link, data={"a": "b"})).status_code == 400
        assert (await http.post(link, content=b"x" * 5000)).status_code == 413
        assert (await http.put(link)).status_code == 405
        assert (await http.post(LINKS.link("gone"), data=CLICK)).status_code == 404
        assert (await http.post(link, data=CLICK)).status_code == 200
        too_many = await http.post(link, data=CLICK)
        assert (too_many.status_code, too_many.headers["retry-after"]) == (429, "60")
    assert nobody.names == ["gone", "c7-12"]


async def test_store_that_is_down(nobody: Nobody) -> None:
    """The recipient is asked to come again, and learns nothing else."""
    nobody.fails = True
    async with client(nobody) as http:
        answer = await http.post(LINKS.link("c7-12"), data=CLICK)
    assert (answer.status_code, "secret" in answer.text) == (503, False)


async def test_where_nobody_set_it_up_there_is_none(nobody: Nobody) -> None:
    """Closed unless configured."""
    async with client(nobody, is_set_up=False) as http:
        assert (await http.post(LINKS.link("c7-12"), data=CLICK)).status_code in (404, 405)


def test_link_has_no_address_and_no_key() -> None:
    """What stands in a log of somebody's proxy says nothing of anybody."""
    assert LINKS.link("c7-12") == f"https://localhost/unsubscribe/{TOKEN}"
    assert LINKS.name(TOKEN) == "c7-12"
    assert "0123456789abcdef" not in repr(LINKS)
