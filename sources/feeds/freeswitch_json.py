"""FreeSWITCH's mod_json_cdr: one JSON object for each leg, from its POST or its spool folder.

    {"core-uuid": ..., "channel_data": {"direction": "inbound", ...},
     "variables": {"uuid": ..., "answer_epoch": "1795537800", "end_epoch": ..., "conference_name": ..., ...},
     "app_log": {"applications": [{"app_name": "conference", "app_data": "3001@default"}]},
     "callflow": [{"caller_profile": {"caller_id_name": ..., "uuid": ...}, "times": {...}}, ...]}

What is taken:
  * A leg is a channel that was answered and was in a conference: `variables.conference_name`, else the argument of the
    last application conference in `app_log`. Members who only listen in unseen (`conference_ghost`) are skipped.
  * Its identity is bridge + uuid. It joins at `answer_epoch`: the file doesn't say when it entered the room.
  * An outbound channel was called by the bridge: its service is dial-out. All others are dial-in.
  * `variables` are URL-encoded by default (encode-values), all else isn't. Every record has a `start_stamp` with a
    space in it; where a space stands as it is, nothing was encoded.
The module's spool of what it couldn't post holds the text as it would have been posted: with `encode` URL-encoded or in
base64 as a whole. A form's field `cdr=` before it is taken off too.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from urllib.parse import unquote

from sources.feeds.json_lines import BrokenJson, Document, documents
from sources.feeds.local_times import TimeRefused
from sources.feeds.parsed import ParsedFile, Read, Skipped, instant_of_epoch, judged, leg, parsed_file
from sources.feeds.rooms import room_of_argument
from sources.records.bridge import Leg, QuarantinedLine

__all__ = ["parse", "unwrapped"]

Fields = Mapping[str, object]

FORM_FIELD = "cdr="
NEVER_ENCODED = re.compile(r"[^!-~]")
CONFERENCE = "conference"


def parse(content: str, *, bridge: str, zone: tzinfo) -> ParsedFile:
    """The legs of `bridge`. Times are seconds since 1970, so its `zone` doesn't matter."""
    return parsed_file(read_all(unwrapped(content), bridge))


def unwrapped(content: str) -> str:
    """The JSON of a body or of a spooled one, whichever way it was encoded; what is neither stays as it is."""
    text = content.strip()
    if text.startswith(FORM_FIELD):
        text = text[len(FORM_FIELD) :].strip()
    if text[:3].upper() == "%7B":
        return unquote(text)
    if text.startswith("eyJ"):  # `{"`
        try:
            # The module gives base64 a few bytes too many, which were zero.
            return base64.b64decode(unquote(text), validate=True).rstrip(b"\0").decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return content
    return content if text == content.strip() else text


def read_all(content: str, bridge: str) -> Iterator[Read]:
    for document in documents(content):
        match document:
            case BrokenJson(line, message, text):
                yield QuarantinedLine(line, "malformed", message, text)
            case Document(line, text, fields):
                yield read_leg(line, text, fields, bridge)


def read_leg(line: int, text: str, fields: Fields, bridge: str) -> Read:
    found = decoded(fields.get("variables"))
    if not found:
        return QuarantinedLine(line, "malformed", "it has no variables: it is no record of mod_json_cdr", text)
    room = room_of(found, fields)
    if room is None or found.get("answer_epoch", "0") == "0" or found.get("conference_ghost") == "true":
        return Skipped()
    return judged(line, text, lambda: leg_of(found, fields, room, bridge))


def decoded(variables: object) -> dict[str, str]:
    """The variables that are text. All of them are encoded, or none is."""
    texts = {name: value for name, value in members(variables).items() if isinstance(value, str)}
    if any(NEVER_ENCODED.search(value) for value in texts.values()):
        return texts
    return {name: unquote(value) for name, value in texts.items()}


def room_of(variables: Mapping[str, str], fields: Fields) -> str | None:
    """None: it was in no conference."""
    if name := variables.get("conference_name"):
        return name
    applications = members(fields.get("app_log")).get("applications")
    arguments = [
        str(each.get("app_data", ""))
        for each in map(members, listed(applications))
        if str(each.get("app_name", "")).casefold() == CONFERENCE
    ]
    return room_of_argument(arguments[-1]) if arguments else None


def leg_of(variables: Mapping[str, str], fields: Fields, room: str, bridge: str) -> Leg:
    joined_at = instant_of_epoch(variables, "answer_epoch")
    left_at = instant_of_epoch(variables, "end_epoch")
    assert joined_at is not None  # "0" was skipped
    if left_at is None:
        raise TimeRefused("no-end", "end_epoch is 0: when the leg left is not known")
    profile = caller_profile(fields)
    uuid = variables.get("uuid") or str(profile.get("uuid") or "")
    if not uuid:
        raise ValueError("it has no uuid: the record has no identity")
    outbound = members(fields.get("channel_data")).get("direction") == "outbound"
    return leg(
        f"{bridge}:{uuid}",
        bridge=bridge,
        room=room.strip(),
        where="conference_name",
        joined_at=joined_at,
        left_at=left_at,
        display_name=str(profile.get("caller_id_name") or variables.get("caller_id_name") or ""),
        caller_number=str(profile.get("caller_id_number") or variables.get("caller_id_number") or ""),
        service="dial-out" if outbound else "dial-in",
    )


def caller_profile(fields: Fields) -> Fields:
    """Of the call's last turn; older switches write one `callflow`, newer ones a list of them, the newest first."""
    callflow = fields.get("callflow")
    turns = listed(callflow) or [callflow]
    return members(members(turns[0]).get("caller_profile"))


def members(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
