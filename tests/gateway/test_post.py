"""`[post]`: what is refused at the start, with its place, and what the settings open."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.company import SYSTEMS
from gateway.config import ConfigError, Settings, read_settings
from gateway.delivery import open_delivery, signed
from gateway.post import FOLDER, configured_post, make_own_key, open_bounces, open_mailer, open_unsubscribing
from gateway.unsubscribe_key import UNSUBSCRIBE_KEY
from sources.errors import PostUnavailable
from sources.mailing.outside import Outgoing
from sources.post import Message, Outcome
from sources.post.settings import PostSettings
from sources.records.mailing import Notice

SECRETS = {"WORD": "a-secret-word", "KEY": "a-secret-key-of-20-x", "SHORT": "short"}
NO_EMAIL = '[company]\nname = "Novák, s.r.o."\nstreet = "a 1"\ncity = "Praha"\npostal_code = "140 00"\n'
SENDER = '[post]\nsender = "Info <info@example.org>"\n'
SMTP = f'{SENDER}kind = "smtp"\nhost = "smtp.example.org"\n'
LINKS = f'{SENDER}[post.unsubscribe]\nkey_env = "KEY"\nurl = '
IMAP = f'{SENDER}[post.bounces]\nkind = "imap"\nhost = "imap.example.org"\n'


def settings_of(folder: Path, text: str) -> Settings:
    file = folder / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(folder, {}, systems=tuple(SYSTEMS), file=file)


REFUSED = [
    (f"{NO_EMAIL}[post]", "spojka.toml:6: post.sender: it is missing, and the company has no email"),
    ('[post]\nsender = "info"', "spojka.toml:2: post.sender: the address isn't NAME@DOMAIN"),
    ('[post]\nsender = "žaneta@example.org"', "post.sender: our own address has letters"),
    (f'{SENDER}kind = "pigeon"', "post.kind: it is none of folder, smtp"),
    (f'{SENDER}host = "smtp.example.org"', "post.host: there is no such setting"),
    (f'{SENDER}domain = "a b"', "post.domain: it is not a domain"),
    (f'{SENDER}return_path = "bounces"', "post.return_path: the address isn't"),
    (f'{SENDER}kind = "smtp"', "post.host: it is missing"),
    (f'{SENDER}kind = "smtp"\nhost = "smtp://user:word@host"', "it is not the name of a host"),
    (f"{SMTP}per_session = 101", "post.per_session: it is not a whole number from 1 to 100"),
    (f'{SMTP}username = "a"', "post.password_env: the secret comes from one of"),
    (f'{SMTP}username = "a"\npassword_env = "NONE"', "the environment has no NONE"),
    (f'{SMTP}username = "a"\npassword_file = "none"', "post.password_file: none can't be read"),
    (f'{SMTP}username = "a"\npassword_env = "WORD"\nencryption = "none"', "a password doesn't go over a network"),
    (f'{SMTP}password = "word"', "post.password: there is no such setting"),
    (f'{LINKS}"http://graph.example.org/unsubscribe"', "begins with https://"),
    (f'{LINKS}"https://u:word@graph.example.org/unsubscribe"', "an address has no secrets"),
    (f'{LINKS}"https://graph.example.org/out"', "it ends with /unsubscribe"),
    (f'{LINKS}"https://g.example/unsubscribe"'.replace("KEY", "SHORT"), "the key has at least 16 characters"),
    (f'{SENDER}[post.bounces]\nkind = "maildir"', "post.bounces.folder: it is missing"),
    (IMAP, "post.bounces.username: it is missing"),
    (f'{IMAP}username = "a"\npassword_env = "WORD"\nencryption = "none"', "a password doesn't go over a network"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_wrong_settings_are_refused_with_their_place(tmp_path: Path, text: str, why: str) -> None:
    """The key, the line and the remedy; never a secret."""
    with pytest.raises(ConfigError) as refused:
        configured_post(settings_of(tmp_path, text), SECRETS)
    assert why in str(refused.value)
    assert "word@" not in str(refused.value)


def test_all_of_it_is_understood_and_shows_no_secret(tmp_path: Path) -> None:
    """A server, a mailbox and links; whoever prints the settings prints none of their secrets."""
    login = 'username = "a"\npassword_env = "WORD"\n'
    text = f"{SMTP}{login}{IMAP.removeprefix(SENDER)}{login}{LINKS.removeprefix(SENDER)}"
    post = configured_post(settings_of(tmp_path, f'{text}"https://g.example/unsubscribe"'), SECRETS)
    assert post is not None
    assert post.smtp is not None
    assert (post.smtp.port, post.smtp.encryption, post.smtp.password) == (587, "starttls", "a-secret-word")
    assert (post.origin.domain, post.origin.return_path) == ("example.org", "info@example.org")
    assert open_bounces(post) is not None
    assert [secret for secret in SECRETS.values() if secret in repr(post)] == []


async def test_without_any_mails_go_into_a_folder(tmp_path: Path) -> None:
    """Of the data directory; nobody reads bounces then, and links lead to `spojka serve` as it comes."""
    settings = settings_of(tmp_path, "")
    make_own_key(settings)
    post = configured_post(settings, {})
    assert post is not None
    message = Message(
        message_id=post.origin.message_id("C7-1"),
        sender=post.sender,
        recipient_name="Jan",
        recipient="jan@example.cz",
        subject="Dopis",
        text="Dopis",
        campaign="c7",
    )
    (delivery,) = await open_mailer(post, tmp_path).send([message])
    assert delivery.outcome is Outcome.ACCEPTED
    assert (tmp_path / FOLDER / "c7-1@konference.example.eml").stat().st_size > 200
    assert open_bounces(post) is None
    unsubscribing = open_unsubscribing(post, nobody)
    assert unsubscribing is not None
    link = linked(post)
    assert link.startswith("http://127.0.0.1:8000/unsubscribe/")
    assert unsubscribing.links.name(link.rpartition("/")[2]) == "C7-1"


def linked(post: PostSettings | None) -> str:
    assert post is not None
    assert post.unsubscribe is not None
    return post.unsubscribe.link("C7-1")


def test_the_key_of_the_data_directory_signs_where_no_other_is_named(tmp_path: Path) -> None:
    """It is made once, for its owner's eyes, and stays; where others may work on mailing too, it has to be named."""
    url = f'{SENDER}[post.unsubscribe]\nurl = "https://g.example/unsubscribe"\n'
    settings = settings_of(tmp_path, url)
    for _ in range(2):
        make_own_key(settings)
        first = linked(configured_post(settings, {}))
    assert first == linked(configured_post(settings, {}))
    assert stat.S_IMODE((tmp_path / UNSUBSCRIBE_KEY).stat().st_mode) == 0o600
    (tmp_path / UNSUBSCRIBE_KEY).write_text("short")
    with pytest.raises(ConfigError, match="it is no key that Spojka made"):
        configured_post(settings, {})
    (tmp_path / UNSUBSCRIBE_KEY).unlink()
    elsewhere = settings_of(tmp_path, f'{url}[systems.mailing]\nurl = "postgresql://db/mailing"\n')
    make_own_key(elsewhere)
    assert not (tmp_path / UNSUBSCRIBE_KEY).exists()
    with pytest.raises(ConfigError, match=r"post\.unsubscribe\.key_env: the secret comes from one of"):
        configured_post(elsewhere, {})
    demo = configured_post(settings_of(tmp_path, '[systems.mailing]\nurl = "postgresql://db/mailing"\n'), {})
    assert demo is not None
    assert demo.unsubscribe is None


def test_mails_are_from_whoever_issues_invoices(tmp_path: Path) -> None:
    """Unless [post] says who else; a company without an address of e-mail writes to nobody."""
    company = NO_EMAIL.replace('"\n', '"\nemail = "info@novak.example"\n', 1)
    for text in (company, f"{company}[post]\n"):
        post = configured_post(settings_of(tmp_path, text), {})
        assert post is not None
        assert (post.sender, post.origin.domain) == ("Novák, s.r.o. <info@novak.example>", "novak.example")
    said = configured_post(settings_of(tmp_path, f"{company}{SENDER}"), {})
    assert said is not None
    assert said.sender == "Info <info@example.org>"
    for email in ("", 'email = "žaneta@novak.example"\n'):
        settings = settings_of(tmp_path, f"{NO_EMAIL}{email}")
        assert configured_post(settings, {}) is None
        assert open_delivery(settings, None).postman is None


async def test_marketing_waits_for_a_link_to_unsubscribe(tmp_path: Path) -> None:
    """However it was approved; what a contract asks for goes out without one."""
    settings = settings_of(tmp_path, SENDER)
    postman = open_delivery(settings, None).postman
    assert postman is not None
    assert not open_delivery(settings, None).can_unsubscribe
    with pytest.raises(PostUnavailable, match=r"say url in \[post\.unsubscribe\]"):
        await postman([an_outgoing("MARKETING")])
    assert not (tmp_path / FOLDER).exists()
    (delivered,) = await postman([an_outgoing("CONTRACTUAL")])
    assert delivered.outcome == "ACCEPTED"


async def test_marketing_of_the_company_that_comes_along_has_a_link(tmp_path: Path) -> None:
    """To this machine; by one click only over https."""
    settings = settings_of(tmp_path, "")
    make_own_key(settings)
    delivery = open_delivery(settings, None)
    assert delivery.postman is not None
    assert delivery.can_unsubscribe
    await delivery.postman([an_outgoing("MARKETING")])
    [file] = (tmp_path / FOLDER).iterdir()
    written = file.read_text()
    assert "List-Unsubscribe: <http://127.0.0.1:8000/unsubscribe/" in written
    assert "List-Unsubscribe-Post" not in written


def an_outgoing(purpose: str) -> Outgoing:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    notice = Notice("C7-1", "<c7-1.0@example.org>", "jan@example.cz", "PLANNED", 0, now, now)
    return Outgoing(
        notice=notice, campaign="C7", client="CL-1", name="Jan", subject="x", text="x", purpose=purpose, language="cs"
    )


async def nobody(name: str) -> bool:
    raise AssertionError(name)


def test_beside_another_programs_data_nobody_is_written_to(tmp_path: Path) -> None:
    """Unless somebody says in whose name."""
    read_only = "[systems.sales]\nread_only = true\n"
    assert configured_post(settings_of(tmp_path, read_only), {}) is None
    assert configured_post(settings_of(tmp_path, f"{read_only}{SENDER}"), {}) is not None


@pytest.mark.parametrize(
    ("text", "sender", "as_sent"),
    [
        ("Přijde dopis.\n\nS pozdravem\n", "Konference <info@example.org>", "Přijde dopis.\n\nS pozdravem\nKonference"),
        ("Přijde dopis.", "Konference <info@example.org>", "Přijde dopis.\n\nKonference"),
        ("S pozdravem\nKonference\n", "Konference <info@example.org>", "S pozdravem\nKonference"),
        ("S pozdravem", "info@example.org", "S pozdravem"),
    ],
)
def test_a_notice_is_signed_once(text: str, sender: str, as_sent: str) -> None:
    """A greeting with nobody under it is no end of a letter."""
    assert signed(text, sender) == as_sent
