"""A real mail server from end to end: mails into a maildir, its limit of a session, and a real bounce read back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from sources.post import (
    Bounce,
    BounceReader,
    Mailer,
    Origin,
    Outcome,
    SmtpSettings,
    bodies,
    maildir_bounces,
    smtp_mailer,
)
from tests.opensmtpd import OpenSmtpd, running_opensmtpd
from tests.smtp import SmtpServer
from tests.sources.post.letters import a_message

ORIGIN = Origin(domain="mail.example.test", return_path="bounces@bounces.test", unsubscribe_mailto="u@example.test")
pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def server() -> Iterator[OpenSmtpd]:
    with running_opensmtpd() as running:
        yield running


def mailer_for(server: OpenSmtpd, **more: int) -> Mailer:
    settings = SmtpSettings(host="127.0.0.1", port=server.port, encryption="none")
    return smtp_mailer(replace(settings, **more), origin=ORIGIN)


def of(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "message_id": ORIGIN.message_id(name), **more}


def until_there(server: OpenSmtpd, name: str, count: int) -> list[bytes]:
    until = time.monotonic() + 20
    while len(found := server.mails(name)) < count and time.monotonic() < until:
        time.sleep(0.02)
    return found


async def test_mail_arrives_as_it_was_written(server: OpenSmtpd) -> None:
    """Czech names, both bodies, one-click unsubscribing, its own Message-ID and return path."""
    url = "https://graph.example.test/unsubscribe/YzctMQ.kZ0kFz5Qx3yV1cB7w2rK9g"
    text, html = bodies("Vážená paní,\n\npřijde Vám dopis.", language="cs", unsubscribe_url=url)
    message = a_message(**of("c7-1"), recipient="deliver@example.test", text=text, html=html, unsubscribe_url=url)
    (delivery,) = await mailer_for(server).send([message])
    assert (delivery.outcome, delivery.code) == (Outcome.ACCEPTED, 250)
    (content,) = until_there(server, "deliver", 1)
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["To"].addresses[0].display_name == "Žaneta Šťastná"
    assert mail["Message-ID"] == "<c7-1@mail.example.test>"
    assert mail["Return-Path"] == "<bounces+c7-1@bounces.test>"
    assert mail["List-Unsubscribe"].startswith(f"<{url}>, <mailto:u@example.test?")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content() for part in mail.iter_parts()] == [text, html]


async def test_its_limit_of_a_session_is_no_failure(server: OpenSmtpd) -> None:
    """It answers `452 4.5.3` after 100 messages; all 105 arrive, once each."""
    messages = [a_message(**of(f"many-{number}"), recipient="deliver@example.test") for number in range(105)]
    deliveries = await mailer_for(server, per_session=1000).send(messages)
    assert {each.outcome for each in deliveries} == {Outcome.ACCEPTED}
    found = until_there(server, "deliver", 106)
    ids = [message_from_bytes(each, policy=policy.default)["Message-ID"] for each in found]
    assert sorted(each for each in ids if "many" in each) == sorted(each.message_id for each in messages)


async def test_unknown_user_is_refused(server: OpenSmtpd) -> None:
    """At once, in the session."""
    (delivery,) = await mailer_for(server).send([a_message(**of("c7-2"), recipient="nobody@example.test")])
    assert (delivery.outcome, delivery.code) == (Outcome.REFUSED, 524)


async def test_what_was_accepted_comes_back(server: OpenSmtpd, tmp_path: Path) -> None:
    """A server further on refuses the address: a real DSN, tied to its message, the same until it is acknowledged."""
    relay = SmtpServer(tmp_path, port=server.relay_port)
    relay.does("refuse", recipient="wrong@elsewhere.test")
    relay.start()
    try:
        (sent,) = await mailer_for(server).send([a_message(**of("c7-3"), recipient="wrong@elsewhere.test")])
        assert sent.outcome is Outcome.ACCEPTED
        assert len(until_there(server, "bounces", 1)) == 1
    finally:
        relay.stop()
    reader = maildir_bounces(server.maildir("bounces"), origin=ORIGIN)
    (bounce,) = await reader.bounces()
    assert (bounce.message_id, bounce.recipient) == ("<c7-3@mail.example.test>", "wrong@elsewhere.test")
    assert (bounce.is_final, "no such user" in bounce.text) == (True, True)
    await kept_once(reader, [bounce])


async def kept_once(reader: BounceReader, found: Sequence[Bounce]) -> None:
    assert await reader.bounces() == found
    await reader.acknowledge(found)
    assert await reader.bounces() == []
