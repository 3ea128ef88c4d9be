"""FreeSWITCH's conference CDR (`cdr-log-dir`): a whole conference in one file, written when its room is empty.

    cdr/conference{name, start_time, end_time}
       /members/member[@type]{join_time, leave_time, flags{is_ghost ...}, caller_profile{uuid, caller_id_name ...}}
       /rejected/attempt{reason, reject_time, caller_profile}

What is taken:
  * A leg is a member of type `caller` who is no ghost. Its room is the conference's name.
  * Times are whole seconds since 1970. A `leave_time` of 0 is a member who was there to the end: `end_time`.
  * Its identity is bridge + uuid of its channel. A channel that comes in again (sent off to a menu and back) keeps its
    uuid: its second stay of the file is bridge + uuid + `:` + join_time. The file has no other id.
What is skipped, and only counted: recordings, ghosts, and attempts that were rejected (a wrong PIN, a locked room).
What is quarantined: a member that can't be used, and the file as a whole where it is no such XML. A document type is
refused, so there are no entities that could grow or read files; so are depth and size beyond any conference's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from xml.parsers import expat  # the parser itself, told to refuse what makes XML dangerous

from sources.feeds.local_times import TimeRefused
from sources.feeds.parsed import ParsedFile, Read, Skipped, instant_of_epoch, judged, leg, parsed_file, storable
from sources.records.bridge import Leg, QuarantinedLine

__all__ = ["parse"]

DEEPEST = 32
LARGEST = 32 * 1024 * 1024
MOST_MEMBERS = 100_000
CALLER = "caller"
TRUE = "true"


class _Refused(ValueError):
    """It is no XML that is read here."""


@dataclass(slots=True)
class Member:
    """A stay as the file has it: `type` is that of the element, `values` the texts of the elements below, by name."""

    line: int
    text: str
    type: str
    values: dict[str, str]


@dataclass(slots=True)
class Document:
    values: dict[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    attempts: int = 0
    roots: list[str] = field(default_factory=list)


def parse(content: str, *, bridge: str, zone: tzinfo) -> ParsedFile:
    """The legs of a conference of `bridge`. Times are seconds since 1970, so its `zone` doesn't matter."""
    return parsed_file(read_all(content, bridge))


def read_all(content: str, bridge: str) -> Iterator[Read]:
    if not content.strip("\ufeff \t\r\n"):
        return
    try:
        document = read(content)
    except (_Refused, expat.ExpatError, UnicodeEncodeError) as error:
        yield QuarantinedLine(1, "malformed", storable(f"not a conference's XML: {error}")[:500], storable(content))
        return
    yield from (Skipped() for _ in range(document.attempts))
    seen: set[str] = set()
    # Members are listed newest first; the first stay of a channel is the one that is known by its uuid alone.
    for member in reversed(document.members):
        if member.type != CALLER or member.values.get("flags/is_ghost") == TRUE:
            yield Skipped()
        else:
            uuid = member.values.get("caller_profile/uuid", "")
            yield read_member(member, document.values, bridge, again=uuid in seen)
            seen.add(uuid)


def read_member(member: Member, conference: dict[str, str], bridge: str, *, again: bool) -> Read:
    return judged(member.line, member.text, lambda: leg_of(member.values, conference, bridge, again=again))


def leg_of(values: dict[str, str], conference: dict[str, str], bridge: str, *, again: bool) -> Leg:
    uuid = values.get("caller_profile/uuid", "")
    if not uuid:
        raise ValueError("its caller_profile has no uuid: the record has no identity")
    joined_at = instant_of_epoch(values, "join_time")
    if joined_at is None:
        raise TimeRefused("malformed", "join_time is 0: when the leg joined is not known")
    stay = f":{int(values['join_time'])}" if again else ""
    return leg(
        f"{bridge}:{uuid}{stay}",
        bridge=bridge,
        room=conference.get("name", ""),
        where="the conference",
        joined_at=joined_at,
        left_at=left(values, conference),
        display_name=values.get("caller_profile/caller_id_name"),
        caller_number=values.get("caller_profile/caller_id_number"),
    )


def left(values: dict[str, str], conference: dict[str, str]) -> datetime:
    at = instant_of_epoch(values, "leave_time") or instant_of_epoch(conference, "end_time")
    if at is None:
        raise TimeRefused("no-end", "leave_time and end_time are 0: when the leg left is not known")
    return at


# Reading XML


def read(content: str) -> Document:
    """_Refused or ExpatError says why it is no conference's."""
    if len(content) > LARGEST:
        raise _Refused(f"it is larger than {LARGEST} characters")
    reader = _Reader(content.removeprefix("\ufeff").encode())
    document = reader.read()
    if document.roots != ["cdr"] or "name" not in document.values:
        raise _Refused("it has no cdr with a conference that has a name")
    return document


class _Reader:
    """Walks the elements; `path` are the names from the root to the element that is open."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._path: list[str] = []
        self._text: list[str] = []
        self._document = Document()
        self._member: Member | None = None
        self._start = 0
        self._parser = expat.ParserCreate("utf-8")  # whatever the file declares: its text came as UTF-8
        self._parser.StartDoctypeDeclHandler = _no_document_type
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._text.append

    def read(self) -> Document:
        self._parser.Parse(self._content, True)
        return self._document

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path:
            self._document.roots.append(name)
        self._path.append(name)
        if len(self._path) > DEEPEST:
            raise _Refused(f"its elements are nested deeper than {DEEPEST}")
        self._text.clear()
        if self._path == ["cdr", "conference", "members", "member"]:
            self._member = Member(self._line(), "", attributes.get("type", ""), {})
            self._start = self._parser.CurrentByteIndex

    def _close(self, name: str) -> None:
        value = "".join(self._text).strip()
        self._text.clear()
        match self._path:
            case ["cdr", "conference", leaf]:
                self._document.values.setdefault(leaf, value)
            case ["cdr", "conference", "members", "member"] if self._member is not None:
                self._end_member(self._member)
            case ["cdr", "conference", "members", "member", *leaf] if self._member is not None:
                self._member.values.setdefault("/".join(leaf), value)
            case ["cdr", "conference", "rejected", "attempt"]:
                self._document.attempts += 1
            case _:
                pass
        self._path.pop()

    def _end_member(self, member: Member) -> None:
        end = self._content.find(b">", self._parser.CurrentByteIndex) + 1
        member.text = storable(self._content[self._start : end].decode())
        self._document.members.append(member)
        if len(self._document.members) > MOST_MEMBERS:
            raise _Refused(f"it has more than {MOST_MEMBERS} members")

    def _line(self) -> int:
        """A line of the quarantine is one record: of members that begin on one line each gets a number of its own."""
        before = self._document.members[-1].line if self._document.members else 0
        return max(before + 1, self._parser.CurrentLineNumber)


def _no_document_type(*_: object) -> None:
    raise _Refused("it has a document type (<!DOCTYPE>), which no switch writes")
