"""`[post]`: what is refused at the start, with its place, and what the settings open."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.company import SYSTEMS
from gateway.config import ConfigError, Settings, read_settings
from gateway.post import FOLDER, configured_post, open_bounces, open_mailer, open_unsubscribing
from sources.post import Message, Outcome

SECRETS = {"WORD": "a-secret-word", "KEY": "a-secret-key-of-20-x", "SHORT": "short"}
SENDER = '[post]\nsender = "Info <info@example.org>"\n'
SMTP = f'{SENDER}kind = "smtp"\nhost = "smtp.example.org"\n'
LINKS = f'{SENDER}[post.unsubscribe]\nkey_env = "KEY"\nurl = '
IMAP = f'{SENDER}[post.bounces]\nkind = "imap"\nhost = "imap.example.org"\n'


def settings_of(folder: Path, text: str) -> Settings:
    file = folder / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(folder, {}, systems=tuple(SYSTEMS), file=file)


REFUSED = [
    ("[post]", "spojka.toml:1: post.sender: it is missing"),
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
    """Of the data directory; there are no bounces and no endpoint then."""
    post = configured_post(settings_of(tmp_path, ""), {})
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
    assert (open_bounces(post), open_unsubscribing(post, nobody)) == (None, None)


async def nobody(name: str) -> bool:
    raise AssertionError(name)


def test_beside_another_programs_data_nobody_is_written_to(tmp_path: Path) -> None:
    """Unless somebody says in whose name."""
    read_only = "[systems.sales]\nread_only = true\n"
    assert configured_post(settings_of(tmp_path, read_only), {}) is None
    assert configured_post(settings_of(tmp_path, f"{read_only}{SENDER}"), {}) is not None
