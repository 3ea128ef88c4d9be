"""What is a bounce, of which message, and whether it is for good; and that nothing in a mailbox is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.errors import SystemUnavailable
from sources.post import maildir_bounces
from sources.post.bounces import LARGEST, Bounce, NoBounce, read_report
from tests.sources.post.letters import ORIGIN
from tests.sources.post.reports import PLAIN, REPLY, VACATION, a_report

OURS = "<c7-1@mail.example.org>"


def read(content: bytes) -> list[Bounce]:
    return read_report(content, key="one", origin=ORIGIN)


def test_report_is_tied_to_its_message() -> None:
    """Who, why, and about which of our messages."""
    assert read(a_report()) == [
        Bounce(
            message_id=OURS,
            recipient="jan@example.cz",
            status="5.1.1",
            action="failed",
            text="550 5.1.1 <jan@example.cz> user unknown",
            key="one",
        )
    ]


TIES = [
    a_report(returned=None, to="bounces+c7-1@example.org"),
    a_report(returned="<another@relay.example.cz>", to='"Bounces" <BOUNCES+c7-1@EXAMPLE.org>'),
    a_report(returned=None, more="Original-Envelope-Id: c7-1@mail.example.org\n"),
    a_report(kind="message/global-delivery-status"),
    a_report().replace(b"text/rfc822-headers", b"message/rfc822"),
    a_report().replace(b"text/rfc822-headers", b"message/global-headers"),
    a_report().replace(
        b"Final-Recipient: rfc822;", b"Original-Recipient: rfc822;jan@example.cz\r\nFinal-Recipient: x;"
    ),
]


@pytest.mark.parametrize("content", TIES)
def test_each_way_to_its_message(content: bytes) -> None:
    """By what is returned, by the envelope's id, by the address it came to; in the kinds of RFC 3464 and RFC 6533."""
    assert [(each.message_id, each.recipient) for each in read(content)] == [(OURS, "jan@example.cz")]


@pytest.mark.parametrize(
    ("status", "action", "final"),
    [
        ("5.1.1", "failed", True),
        ("5.2.1 (closed)", "failed", True),
        ("4.4.7", "failed", True),
        ("4.2.2", "delayed", False),
        ("5.0.0", "delayed", False),
        ("nonsense", "failed", True),
        ("4.4.1", "waiting", False),
        ("4.4.1", "", False),
        ("5.1.1", "", True),
    ],
)
def test_for_good_or_for_now(status: str, action: str, final: bool) -> None:
    """A server that says it failed tries no more, whatever hindered it (RFC 3464, 2.3.3); else the status says it."""
    (bounce,) = read(a_report(status=status, action=action))
    assert bounce.is_final is final


@pytest.mark.parametrize(
    "content",
    [
        VACATION,
        REPLY,
        PLAIN,
        b"",
        b"\xff\xfe\x00 no mail at all",
        a_report(returned="<c7-1@another.example>"),
        a_report(returned=None),
        b"x" * (LARGEST + 1),
    ],
)
def test_what_is_no_bounce_of_ours(content: bytes) -> None:
    """A vacation answer, a person's, an old server's own way, rubbish, somebody else's, one that is too large."""
    with pytest.raises(NoBounce):
        read(content)


def test_report_that_all_went_well_is_no_bounce() -> None:
    """`relayed` and the like say that nothing is wrong."""
    assert read(a_report(action="delivered", status="2.0.0")) == []


def test_several_recipients_behind_one_address() -> None:
    """Each is told of."""
    end = b"\r\n--=_b\r\nContent-Type: text/rfc"
    second = b"\r\nFinal-Recipient: rfc822; eva@example.cz\r\nAction: failed\r\nStatus: 4.2.2\r\n"
    found = read(a_report().replace(end, second + end))
    expected = [("jan@example.cz", "5.1.1"), ("eva@example.cz", "4.2.2")]
    assert [(each.recipient, each.status) for each in found] == expected


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / part).mkdir(parents=True)
    return tmp_path / "bounces"


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.glob("*"))


async def test_mailbox_loses_nothing(maildir: Path) -> None:
    """Bounces stay until they are acknowledged; what is none goes aside at once, whole, and stops nobody."""
    contents = {"1.a": a_report(), "2.b": VACATION, "3.c": b"\xff\x00", "4.d": a_report(action="relayed")}
    for name, content in contents.items():
        (maildir / "new" / name).write_bytes(content)
    (maildir / "cur" / "5.e:2,S").write_bytes(a_report(returned="<c7-2@mail.example.org>"))
    (maildir / "tmp" / "6.f").write_bytes(a_report())
    reader = maildir_bounces(maildir, origin=ORIGIN)
    found = await reader.bounces()
    assert [each.message_id for each in found] == [OURS, "<c7-2@mail.example.org>"]
    assert list(await reader.bounces()) == found
    assert names(maildir / ".bounces-aside" / "cur") == ["2.b:2,", "3.c:2,"]
    assert (maildir / ".bounces-aside" / "cur" / "2.b:2,").read_bytes() == VACATION
    await reader.acknowledge(found[1:])
    assert await reader.bounces() == found[:1]
    (maildir / "new" / "1.a").rename(maildir / "cur" / "1.a:2,FS")  # a mail program's flags, in between
    await reader.acknowledge(found)
    assert await reader.bounces() == []
    assert names(maildir / ".bounces-kept" / "cur") == ["1.a:2,FS", "4.d:2,", "5.e:2,S"]
    assert names(maildir / "tmp") == ["6.f"]


async def test_mailbox_that_is_not_there(tmp_path: Path) -> None:
    """As of any system that is down."""
    with pytest.raises(SystemUnavailable, match="the mailbox of bounces can't be read"):
        await maildir_bounces(tmp_path / "none", origin=ORIGIN).bounces()
