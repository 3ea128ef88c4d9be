"""The SMTP mailer against a real server in a process of its own: what each answer becomes, and that nothing stops."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sources.errors import PostUnavailable, SystemUnavailable
from sources.post import Delivery, Mailer, Message, Outcome, SmtpSettings, smtp_mailer
from sources.post.pace import Pace
from tests.postgresql import free_port
from tests.smtp import NAME, WORD, SmtpServer, running_smtp
from tests.sources.post.letters import ORIGIN, a_message

ACCEPTED, DEFERRED, REFUSED, UNKNOWN = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REFUSED, Outcome.UNKNOWN


@pytest.fixture(scope="module")
def running() -> Iterator[SmtpServer]:
    with running_smtp() as server:
        yield server


@pytest.fixture
def server(running: SmtpServer) -> SmtpServer:
    running.forget()
    return running


def settings_for(server: SmtpServer) -> SmtpSettings:
    short = timedelta(seconds=20)
    return SmtpSettings(host="127.0.0.1", port=server.port, encryption="none", timeout=short, answer_timeout=short)


def mailer_for(server: SmtpServer, **more: object) -> Mailer:
    return smtp_mailer(replace(settings_for(server), **more), origin=ORIGIN)  # type: ignore[arg-type]


def to(*names: str) -> list[Message]:
    return [a_message(name=name, recipient=f"{name}@example.cz") for name in names]


def outcomes(deliveries: object) -> list[Outcome]:
    assert isinstance(deliveries, list)
    assert all(isinstance(each, Delivery) for each in deliveries)
    return [each.outcome for each in deliveries]


async def test_each_recipient_gets_a_message_of_their_own(server: SmtpServer) -> None:
    """One recipient in the envelope and in the headers, its own return path, in one session."""
    deliveries = await mailer_for(server).send(to("jan", "eva"))
    assert [(each.outcome, each.code) for each in deliveries] == [(ACCEPTED, 250), (ACCEPTED, 250)]
    first, second = server.mails()
    assert (first.recipients, second.recipients) == (["jan@example.cz"], ["eva@example.cz"])
    assert first.sender == "bounces+jan@example.org"
    assert first.message["Message-ID"] == "<jan@mail.example.org>"
    assert first.message["Bcc"] is None
    assert first.session == second.session


ANSWERS = [
    ("refuse", REFUSED, 550, "no such user"),
    ("full", DEFERRED, 452, "mailbox full"),
    ("crowded", DEFERRED, 421, "busy"),
]


@pytest.mark.parametrize(("what", "outcome", "code", "text"), ANSWERS)
async def test_one_answer_never_stops_the_others(
    server: SmtpServer, what: str, outcome: Outcome, code: int, text: str
) -> None:
    """What the server says of one recipient is that one's."""
    server.does(what, recipient="eva@example.cz")
    deliveries = await mailer_for(server).send(to("jan", "eva", "petr"))
    assert outcomes(deliveries) == [ACCEPTED, outcome, ACCEPTED]
    assert (deliveries[1].code, text in deliveries[1].text) == (code, True)
    assert [each.recipients for each in server.mails()] == [["jan@example.cz"], ["petr@example.cz"]]


async def test_greylisted_message_goes_the_next_time(server: SmtpServer) -> None:
    """451 is for later, and the Message-ID stays."""
    server.does("greylist")
    mailer = mailer_for(server)
    assert outcomes(await mailer.send(to("grey"))) == [DEFERRED]
    assert outcomes(await mailer.send(to("grey"))) == [ACCEPTED]


async def test_content_that_is_refused(server: SmtpServer) -> None:
    """5xx after DATA is as final as before it."""
    server.does("data")
    assert outcomes(await mailer_for(server).send(to("jan"))) == [REFUSED]


async def test_wrong_address_is_refused_before_the_server_sees_it(server: SmtpServer) -> None:
    """With a clear text, and the others go."""
    deliveries = await mailer_for(server).send([*to("jan"), a_message(recipient="nobody"), *to("eva")])
    assert outcomes(deliveries) == [ACCEPTED, REFUSED, ACCEPTED]
    assert deliveries[1].text == "the address isn't NAME@DOMAIN"


async def test_letters_beyond_ascii_before_the_at(server: SmtpServer) -> None:
    """A server with SMTPUTF8 takes them."""
    deliveries = await mailer_for(server).send([a_message(recipient="žaneta@háčky.example")])
    assert outcomes(deliveries) == [ACCEPTED]
    (mail,) = server.mails()
    assert mail.recipients == ["žaneta@xn--hky-ela4t.example"]
    assert "SMTPUTF8" in mail.options


@pytest.mark.parametrize(("what", "after"), [("limit", 3), ("drop", 3)])
async def test_session_that_ends_is_no_failure(server: SmtpServer, what: str, after: int) -> None:
    """`452 4.5.3`, and a connection closed between two messages: the rest goes in new sessions, each message once."""
    server.does(what, after=after)
    assert outcomes(await mailer_for(server).send(to(*"abcdefgh"))) == [ACCEPTED] * 8
    mails = server.mails()
    assert [each.sender[8:9] for each in mails] == [*"abcdefgh"]
    assert [each.session - mails[0].session for each in mails] == [0, 0, 0, 1, 1, 1, 2, 2]


async def test_session_is_never_longer_than_set(server: SmtpServer) -> None:
    """Some servers close one after 100 messages; so ours ends before."""
    await mailer_for(server, per_session=2).send(to(*"abcde"))
    mails = server.mails()
    assert [each.session - mails[0].session for each in mails] == [0, 0, 1, 1, 2]


async def test_connection_lost_before_the_answer_is_unknown(server: SmtpServer) -> None:
    """It may have been sent, so nobody sends it again by themselves; the next one goes in a new session."""
    server.does("close")
    deliveries = await mailer_for(server).send(to("jan"))
    assert outcomes(deliveries) == [UNKNOWN]
    assert "may have been sent" in deliveries[0].text
    assert len(server.mails()) == 1


async def test_server_that_says_nothing(server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit holds; some lost sessions in a row are enough, the rest is for later."""
    monkeypatch.setattr("sources.post.smtp.MOST_LOST", 2)
    server.does("hang")
    deliveries = await mailer_for(server, timeout=timedelta(seconds=1)).send(to(*"abcdef"))
    assert outcomes(deliveries) == [DEFERRED] * 6
    assert server.mails() == []


async def test_server_that_is_down(server: SmtpServer) -> None:
    """As of any system that is down: SYSTEM_UNAVAILABLE."""
    mailer = mailer_for(server, port=free_port())
    with pytest.raises(SystemUnavailable) as raised:
        await mailer.send(to("jan"))
    assert raised.value.extensions == {"code": "SYSTEM_UNAVAILABLE", "system": "post"}


async def test_server_that_dies_on_the_way() -> None:
    """What it took stays known, what it didn't is for later."""
    with running_smtp() as server:
        pace = Pace(2, sleep=lambda _: _stopped(server, pace))
        mailer = smtp_mailer(settings_for(server), origin=ORIGIN, pace=pace)
        assert outcomes(await mailer.send(to(*"abcd"))) == [ACCEPTED, ACCEPTED, DEFERRED, DEFERRED]


async def _stopped(server: SmtpServer, pace: Pace) -> None:
    server.stop()
    pace._turns.clear()


async def test_sender_that_is_refused_is_nobodys_recipient(server: SmtpServer) -> None:
    """Three hundred addresses aren't wrong because our server doesn't know us."""
    server.does("sender")
    with pytest.raises(PostUnavailable, match="refuses our sender: 550"):
        await mailer_for(server).send(to("jan"))


async def test_pace_holds() -> None:
    """Never more than so many in any minute."""
    times: list[float] = []
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(10, clock=lambda: now, sleep=sleep)
    for _ in range(35):
        await pace.turn()
        times.append(now)
        now += 1
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[10:], strict=False))
    assert times[-1] < 4 * 60


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes"]
    files = ["-keyout", file, "-out", f"{file}.c"]
    subprocess.run(["openssl", "req", *kind, *name, *files], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.c").read_bytes())
    return file


@pytest.fixture(scope="module")
def encrypted(certificate: Path) -> Iterator[SmtpServer]:
    with running_smtp(certificate) as server:
        yield server


async def test_name_and_password_over_starttls(encrypted: SmtpServer, certificate: Path) -> None:
    """And nothing goes without them."""
    more = {"encryption": "starttls", "ca": certificate, "username": NAME, "password": WORD}
    calm = {"timeout": timedelta(seconds=5), "answer_timeout": timedelta(seconds=5)}
    assert outcomes(await mailer_for(encrypted, **more, **calm).send(to("jan"))) == [ACCEPTED]
    greeted = await mailer_for(encrypted, **more, **calm).greeted()
    assert greeted == f"127.0.0.1:{encrypted.port} greets by STARTTLS and lets {NAME} in"
    assert len(encrypted.mails()) == 1
    wrong = {**more, "password": "another-word"}
    with pytest.raises(PostUnavailable, match="refuses our name and password"):
        await mailer_for(encrypted, **wrong, **calm).greeted()
    with pytest.raises(PostUnavailable, match="refuses our name and password") as raised:
        await mailer_for(encrypted, **wrong, **calm).send(to("jan"))
    assert "another-word" not in repr((raised.value, raised.value.__cause__, settings_for(encrypted)))


async def test_certificate_that_nobody_vouches_for(encrypted: SmtpServer) -> None:
    """Nothing is said to a server that may be another."""
    with pytest.raises(PostUnavailable, match="certificate isn't believed"):
        await mailer_for(encrypted, encryption="starttls", timeout=timedelta(seconds=5)).send(to("jan"))


async def test_server_without_starttls(server: SmtpServer) -> None:
    """It isn't used in the clear unless somebody says so."""
    with pytest.raises(PostUnavailable, match="offers no STARTTLS"):
        await mailer_for(server, encryption="starttls").send(to("jan"))
    assert server.mails() == []
