"""Bounces on a real IMAP server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from sources.errors import PostUnavailable
from sources.post import ImapSettings, imap_bounces
from tests.dovecot import Dovecot, running_dovecot
from tests.postgresql import free_port
from tests.sources.post.letters import ORIGIN
from tests.sources.post.reports import VACATION, a_report

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


@pytest.fixture
def settings(server: Dovecot) -> ImapSettings:
    return ImapSettings(
        host="127.0.0.1",
        port=server.port,
        username=server.username,
        password=server.password,
        encryption="none",
        timeout=timedelta(seconds=10),
    )


@pytest.mark.parametrize("without", [(), ("MOVE",), ("MOVE", "UIDPLUS")], ids=["move", "uidplus", "neither"])
async def test_bounces_stay_until_they_are_acknowledged(
    server: Dovecot, settings: ImapSettings, without: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then they are in `bounces-kept`; a vacation answer is in `bounces-aside` at once; with each kind of server."""
    monkeypatch.setattr("imaplib.IMAP4.capabilities", Without(without), raising=False)
    server.arrive(f"1.{len(without)}", a_report())
    server.arrive(f"2.{len(without)}", VACATION)
    reader = imap_bounces(settings, origin=ORIGIN)
    (bounce,) = await reader.bounces()
    assert (bounce.message_id, bounce.status) == ("<c7-1@mail.example.org>", "5.1.1")
    assert await reader.bounces() == [bounce]
    await reader.acknowledge([replace(bounce, key="1:999999")])  # of a mailbox that was made anew
    assert await reader.bounces() == [bounce]
    await reader.acknowledge([bounce])
    assert await reader.bounces() == []
    for folder in ("bounces-kept", "bounces-aside"):
        messages = [each for part in ("new", "cur") for each in (server.maildir / f".{folder}" / part).iterdir()]
        assert len(messages) == len(without) + 1  # with those of the cases before


class Without:
    """The capabilities of a connection, but for some that an older server hasn't."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __get__(self, connection: object, owner: object = None) -> tuple[str, ...]:
        said = vars(connection).get("capabilities", ())
        return tuple(each for each in said if each not in self._names)

    def __set__(self, connection: object, said: tuple[str, ...]) -> None:
        vars(connection)["capabilities"] = said


async def test_a_mailbox_that_is_looked_at_stays_as_it_is(server: Dovecot, settings: ImapSettings) -> None:
    """A report in it is read afterwards all the same."""
    server.arrive("1.look", a_report())
    reader = imap_bounces(settings, origin=ORIGIN)
    for _ in range(2):
        assert await reader.opened() == f"INBOX at 127.0.0.1:{server.port}, messages to read: 1"
    found = await reader.bounces()
    assert len(found) == 1
    await reader.acknowledge(found)


async def test_what_can_be_wrong(settings: ImapSettings) -> None:
    """A wrong password, no such mailbox, nobody there: each is told, without the password."""
    wrong = {
        "refuses our name and password": replace(settings, password="another-word"),  # noqa: S106 - a wrong one
        "has no mailbox elsewhere": replace(settings, mailbox="elsewhere"),
        "can't be asked": replace(settings, port=free_port()),
    }
    for told, each in wrong.items():
        with pytest.raises(PostUnavailable, match=told) as raised:
            await imap_bounces(each, origin=ORIGIN).bounces()
        assert "another-word" not in f"{raised.value!r} {each!r}"
