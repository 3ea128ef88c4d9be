"""What goes over the wire: names right, nothing injected, one message the same bytes; and what can't be an address."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.errors import SystemUnavailable
from sources.post import Message, Outcome, bodies, folder_mailer
from sources.post.addresses import AddressRefused, checked, one_line
from sources.post.folder import file_name
from sources.post.mime import MessageRefused, written
from tests.sources.post.letters import ORIGIN, a_message

AT = datetime(2026, 11, 24, 11, tzinfo=UTC)
HEADERS = {"From", "To", "Subject", "Date", "Auto-Submitted", "Precedence", "X-Campaign", "MIME-Version", "Message-ID"}
HEADERS |= {"Content-Type", "Content-Transfer-Encoding"}
URL = f"https://graph.example.org/unsubscribe/{'a' * 90}.{'b' * 22}"


def sent(message: Message) -> EmailMessage:
    parsed = message_from_bytes(written(message, ORIGIN, at=AT).content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def raw(message: Message, name: str) -> str:
    return str(message_from_bytes(written(message, ORIGIN, at=AT).content)[name])


def test_headers_of_a_notice() -> None:
    """All that a mailing's messages say of themselves."""
    text, html = bodies("Dobrý den,\n\npřijde dopis.", language="cs", unsubscribe_url=URL)
    mail = sent(a_message(text=text, html=html, unsubscribe_url=URL))
    assert str(mail["From"]) == '"Konference po telefonu s.r.o." <info@example.org>'
    assert str(mail["To"]) == "Žaneta Šťastná <zaneta@example.cz>"
    assert mail["Subject"] == "Změna ceníku od 1. ledna 2027"
    assert mail["Date"].datetime == AT
    assert (mail["Auto-Submitted"], mail["Precedence"], mail["X-Campaign"]) == ("auto-generated", "bulk", "c7")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = URL.rpartition("/")[2]
    mailto = f"mailto:odhlasit@example.org?subject=unsubscribe%20{token}"
    assert raw(a_message(unsubscribe_url=URL), "List-Unsubscribe") == f"<{URL}>,\r\n <{mailto}>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content().replace("\r", "") for part in mail.iter_parts()] == [text, html]
    assert max(map(len, written(a_message(text="x" * 5000), ORIGIN, at=AT).content.split(b"\r\n"))) < 998


def test_contractual_message_has_no_unsubscribing() -> None:
    """Where there is no link nothing speaks of one, and no header is there that isn't listed."""
    assert set(sent(a_message()).keys()) == HEADERS


def test_same_message_is_the_same_bytes() -> None:
    """So a folder has one file of it, and a server may see that it has it."""
    message = a_message(html="<p>Dopis</p>")
    assert written(message, ORIGIN, at=AT) == written(message, ORIGIN, at=AT)


def test_return_path_has_the_message_id() -> None:
    """VERP; a Message-ID that is too long for it leaves the plain address."""
    assert written(a_message(), ORIGIN, at=AT).return_path == "bounces+c7-12@example.org"
    assert written(a_message(name="c" * 60), ORIGIN, at=AT).return_path == "bounces@example.org"


INJECTIONS = [
    "Jan\r\nBcc: all@example.cz",
    "Jan\nBcc: all@example.cz",
    "Jan\rBcc: all@example.cz",
    "Jan\u2028Bcc: all@example.cz",
    "Jan\u0085Bcc: all@example.cz\x0b\x0c\x1c\x00",
    'Jan" <all@example.cz>, "Eva',
    "Jan <all@example.cz>",
    "Jan, all@example.cz",
    "=?utf-8?q?Jan=0D=0ABcc=3A_all@example.cz?=",
    "Jan\r\n\r\nThe body begins here",
    "\u202ezc.elpmaxe@lla\u202c Jan",
    "Jan \ud800 Novák",
    "x" * 5000,
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_is_injected(text: str) -> None:
    """Whatever stands in a name, a subject, a campaign or a body: the same headers, one recipient."""
    message = a_message(recipient_name=text, subject=text, campaign=text, text=text)
    mail = sent(message)
    assert set(mail.keys()) == HEADERS
    assert [address for _, address in getaddresses([raw(message, "To")])] == ["zaneta@example.cz"]
    assert "\r" not in mail["Subject"]
    assert "\n" not in str(make_header(decode_header(raw(message, "Subject").replace("\r\n", ""))))


@pytest.mark.parametrize(
    "more",
    [
        {"message_id": "<a@b>\r\nBcc: x@example.cz"},
        {"message_id": "c7-1@mail.example.org"},
        {"message_id": "<../../etc/passwd@mail example>"},
        {"unsubscribe_url": "https://graph.example.org/u\r\nBcc: x@example.cz"},
        {"unsubscribe_url": "http://graph.example.org/unsubscribe/a.b"},
        {"unsubscribe_url": "https://graph.example.org/>,<mailto:x@example.cz"},
        {"sender": "info@example.org\r\nBcc: x@example.cz"},
        {"text": "x" * 2_000_001},
    ],
)
def test_what_must_be_exact_is_refused(more: dict[str, str]) -> None:
    """Nobody guesses what was meant."""
    with pytest.raises(MessageRefused):
        written(a_message(**more), ORIGIN, at=AT)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=120))
def test_every_name_comes_through(name: str) -> None:
    """As one line of it, for one recipient, for whoever decodes as RFC 2047 says."""
    message = a_message(recipient_name=name)
    ((shown, address),) = getaddresses([raw(message, "To").replace("\r\n", "")])
    assert address == "zaneta@example.cz"
    assert str(make_header(decode_header(shown))) == one_line(name)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" jan.novak@Example.CZ ", "jan.novak@example.cz"),
        ("o'brien+a_b@example.co.uk", "o'brien+a_b@example.co.uk"),
        ('"jan novak"@example.cz', '"jan novak"@example.cz'),
        ("info@háčky.example", "info@xn--hky-ela4t.example"),
        ("žaneta@example.cz", "žaneta@example.cz"),
    ],
)
def test_address_is_taken(text: str, address: str) -> None:
    """As SMTP servers take it."""
    assert checked(text).address == address


REFUSED = [
    "",
    "jan",
    "@example.cz",
    "jan@",
    "jan@host",
    "jan@example.cz.",
    "jan@-a.cz",
    "a..b@example.cz",
    ".a@example.cz",
]
REFUSED += [
    ".a@example.cz",
    "a b@example.cz",
    "a@b@example.cz",
    "a@[127.0.0.1]",
    "a@exam ple.cz",
    "a,b@example.cz",
    "<a@example.cz>",
]
REFUSED += ["a\r\nRCPT TO:<b@example.cz>@example.cz", "a@example.cz\n", "a@example.cz\x00", "a\u200b@example.cz"]
REFUSED += [f"{'a' * 65}@example.cz", f"a@{'b' * 64}.cz", f"a@{'b.' * 130}cz", "a\ud800@example.cz", "a@\ud800.cz"]


@pytest.mark.parametrize("text", REFUSED)
def test_address_is_refused(text: str) -> None:
    """With why."""
    with pytest.raises(AddressRefused, match="address"):
        checked(text)


def test_text_is_no_markup() -> None:
    """What somebody wrote is shown as they wrote it; pages' addresses are links."""
    _, html = bodies('<script>alert(1)</script>\n& "x" https://a.cz/?a=1&b="', language="en")
    assert "<script>" not in html
    assert '<a href="https://a.cz/?a=1&amp;b=">https://a.cz/?a=1&amp;b=</a>' in html


def files_in(folder: Path) -> list[str]:
    return [each.name for each in folder.rglob("*.*")]


async def test_folder_has_one_file_of_each(tmp_path: Path) -> None:
    """Whole, by its Message-ID, however often it is sent; one that is refused stops nobody."""
    mailer = folder_mailer(tmp_path / "out", origin=ORIGIN)
    odd = a_message(message_id="<a/../../b%@mail.example.org>")
    messages = [a_message(), a_message(recipient="nobody"), odd, a_message()]
    outcomes = [each.outcome for each in await mailer.send(messages)]
    assert outcomes == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.REFUSED, Outcome.ACCEPTED]
    assert files_in(tmp_path) == ["c7-12@mail.example.org.eml"]


def test_file_name_is_one_whatever_the_id() -> None:
    """No path, and not too long."""
    assert file_name("<a/b@c>") == "a%2Fb@c.eml"
    assert len(file_name(f"<{'/' * 200}@c>")) < 255


async def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """As of any system that is down."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemUnavailable, match="its folder can't be written"):
        await folder_mailer(tmp_path / "file", origin=ORIGIN).send([a_message()])
