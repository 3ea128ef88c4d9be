"""A real browser without a network, on a real server: whoever asks anybody else, or what a policy forbids, fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.postgresql import free_port, missing

ROOT = Path(__file__).parents[2]
SPOJKA = Path(sys.executable).with_name("spojka")
PAGES = (ROOT / "gateway" / "http" / "graphiql" / "dist", ROOT / "resolvers" / "profile_page" / "dist")
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP', event.violatedDirective, event.blockedURI.slice(0, 200)));
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A server that runs: its address, the company's files, and the folder it was started in."""

    address: str
    data: Path
    folder: Path

    @contextmanager
    def without(self, system: str) -> Iterator[None]:
        """One system is down meanwhile."""
        (self.data / f"{system}.sqlite").rename(self.data / "away")
        try:
            yield
        finally:
            (self.data / "away").rename(self.data / f"{system}.sqlite")


@dataclass
class Watched:
    """What a page did that it must not."""

    address: str
    offences: list[str] = field(default_factory=list)

    def requested(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", f"blob:{self.address}")):
            self.offences.append(f"asked {request.url[:200]}")

    def said(self, message: ConsoleMessage) -> None:
        text = message.text
        if message.type == "error" and ("CSP" in text or "Content Security Policy" in text or "Refused to" in text):
            self.offences.append(text[:300])

    def raised(self, error: Any) -> None:
        """Monaco rejects what it was at with "Canceled" when an editor goes, and nobody listens."""
        if str(error) != "Canceled":
            self.offences.append(f"raised {str(error)[:300]}")


@contextmanager
def serving(data: Path, folder: Path, *, settings: str = "") -> Iterator[Site]:
    """`spojka serve`, started in `folder` with this `spojka.toml`."""
    if not all((page / "index.html").exists() for page in PAGES):
        missing("the pages are not built: run `make pages`")
    (folder / "spojka.toml").write_text(settings, encoding="utf-8")
    port = free_port()
    command = [SPOJKA, "serve", "--data", data, "--port", str(port)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            assert f":{port}" in server.stdout.readline()
            yield Site(f"http://127.0.0.1:{port}", data, folder)
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo company as `make run` serves it, made today; one for a module, so its tests use clients of their own."""
    folder = tmp_path_factory.mktemp("site")
    with serving(folder / "data", folder) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed with the module: playwright's loop would be in the way of tests that have one of their own."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        missing(f"there is no browser: none of {', '.join(NAMES)} is in PATH")
    expect.set_options(timeout=15_000)  # other tests may have the processors meanwhile
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """`open_page(site, "/app/")`: a page in a browser that knows nothing of the others; its last sight is kept."""
    opened: list[tuple[Page, Watched]] = []

    def open_(site: Site, path: str, **context: Any) -> Page:
        watched = Watched(site.address)
        made = chromium.new_context(viewport={"width": 1360, "height": 860}, **{"locale": "en-GB", **context})
        made.add_init_script(REPORT_VIOLATIONS)
        page = made.new_page()
        page.on("request", watched.requested)
        page.on("console", watched.said)
        page.on("pageerror", watched.raised)
        opened.append((page, watched))
        page.goto(f"{site.address}{path}")
        return page

    yield open_
    offences = []
    for number, (page, watched) in enumerate(opened):
        page.screenshot(path=tmp_path / f"page-{number}.png", full_page=True)
        page.context.close()
        offences += watched.offences
    assert offences == []
