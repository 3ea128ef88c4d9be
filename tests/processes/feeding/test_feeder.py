"""A folder is fed: what is whole is imported once, whatever happens to its files; what isn't whole waits."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from processes.feeding.feeder import Feed, Feeder
from processes.graph import GraphError

NOW = 2_000_000_000.0
RECORD = '{"variables": {}}\n'


@dataclass
class Bridge:
    """Keeps each line it is given, positions and digests; `down_after` imports, the graph is down."""

    lines: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    positions: dict[str, str] = field(default_factory=dict)
    digests: set[str] = field(default_factory=set)
    down_after: int = 10**9

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if "noteFeedPosition" in document:
            self.positions[variables["source"]] = variables["position"]
            return {"noteFeedPosition": variables["position"]}
        if "feedPosition" in document:
            return {"feedPosition": self.positions.get(variables["source"])}
        if "knownFiles" in document:
            return {"knownFiles": [each for each in variables["digests"] if each in self.digests]}
        if len(self.contents) >= self.down_after:
            raise GraphError([{"message": "bridge is busy", "extensions": {"code": "SYSTEM_BUSY"}}])
        content = variables["content"]
        self.contents.append(content)
        self.digests.add(hashlib.sha256(f"{variables['format']}\n{content}".encode()).hexdigest())
        lines = content.splitlines()
        self.lines += lines
        bad = [{"line": n, "reason": "malformed", "message": "no"} for n, line in enumerate(lines, 1) if "bad" in line]
        counts = {"received": len(lines) - len(bad), "duplicates": 0, "skipped": 0}
        return {"importCallRecords": {**counts, "quarantined": bad}}


def feeder(folder: Path, bridge: Bridge, *, format: str = "ASTERISK_CSV", **more: Any) -> Feeder:
    return Feeder(Feed(folder, "pbx-praha", format, **more), bridge, clock=lambda: NOW)


def written(file: Path, content: str | bytes, *, mode: str = "wb", age: float = 0) -> Path:
    with file.open(mode) as opened:
        opened.write(content if isinstance(content, bytes) else content.encode())
    os.utime(file, (NOW - age, NOW - age))
    return file


async def test_growing_file_is_followed_by_its_whole_lines(tmp_path: Path) -> None:
    """A line is read once it ends, and never again."""
    bridge = Bridge()
    following = feeder(tmp_path, bridge)
    master = written(tmp_path / "Master.csv", "1\n2\nunfin")
    heard = await following.sweep()
    assert (bridge.lines, heard.waiting) == (["1", "2"], [f"{master}:3: its last line"])
    written(master, "ished\n4\n", mode="ab")
    assert (await following.sweep()).waiting == []
    assert (await following.sweep()).received == 0
    assert bridge.lines == ["1", "2", "unfinished", "4"]


async def test_large_file_goes_in_bounded_pieces(tmp_path: Path) -> None:
    """100,000 lines are not one mutation; quarantined lines are numbered as in the file."""
    bridge = Bridge()
    lines = ["bad" if n == 777 else f"line {n} " + "x" * 60 for n in range(1, 20_001)]
    written(tmp_path / "Master.csv", "\n".join(lines) + "\n")
    heard = await feeder(tmp_path, bridge).sweep()
    assert bridge.lines == lines
    assert max(content.count("\n") for content in bridge.contents) == 500
    assert (heard.received, heard.quarantined) == (19_999, ["Master.csv:777: malformed: no"])


async def test_a_feeder_that_starts_again_replays_nothing(tmp_path: Path) -> None:
    """What is done is known to the bridge: another feeder, on another machine, goes on."""
    bridge = Bridge()
    master = written(tmp_path / "Master.csv", "1\n2\n")
    await feeder(tmp_path, bridge).sweep()
    written(master, "3\n", mode="ab")
    await feeder(tmp_path, bridge).sweep()
    assert bridge.contents == ["1\n2\n", "3\n"]


async def test_graph_that_goes_down_costs_only_time(tmp_path: Path) -> None:
    """The piece that failed comes again; those before it don't."""
    bridge = Bridge(down_after=2)
    lines = [str(n) for n in range(1500)]
    written(tmp_path / "Master.csv", "\n".join(lines) + "\n")
    following = feeder(tmp_path, bridge)
    with pytest.raises(GraphError):
        await following.sweep()
    bridge.down_after = 10**9
    await following.sweep()
    assert bridge.lines == lines


async def test_rotated_file_is_known_by_its_new_name(tmp_path: Path) -> None:
    """And what was written to it last is read there; the new one is read from its beginning."""
    bridge = Bridge()
    following = feeder(tmp_path, bridge)
    master = written(tmp_path / "Master.csv", "1\n2\n")
    await following.sweep()
    written(master, "3\n", mode="ab")
    master.rename(tmp_path / "Master.csv.2026-11-24")
    written(master, "4\n")
    await following.sweep()
    await feeder(tmp_path, bridge).sweep()
    assert sorted(bridge.lines) == ["1", "2", "3", "4"]


async def test_file_that_was_cut_and_written_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Also where it has grown beyond the old position meanwhile, and where it begins alike."""
    bridge = Bridge()
    following = feeder(tmp_path, bridge)
    master = written(tmp_path / "Master.csv", "first\nold\n")
    await following.sweep()
    written(master, "first\nnew 1\nnew 2\n", age=5)
    await following.sweep()
    assert bridge.contents[1] == "first\nnew 1\nnew 2\n"


async def test_deleted_file_and_hidden_ones_are_no_trouble(tmp_path: Path) -> None:
    """Copying programs write hidden files first; others are of no format that was asked for."""
    bridge = Bridge()
    following = feeder(tmp_path, bridge)
    written(tmp_path / "Master.csv", "1\n").rename(tmp_path / "gone.csv")
    for name in (".Master.csv.x7", "Master.csv.gz", "notes.txt"):
        written(tmp_path / name, "hidden\n")
    await following.sweep()
    (tmp_path / "gone.csv").unlink()
    heard = await following.sweep()
    assert (bridge.lines, heard.troubles) == (["1"], {})


async def test_what_cannot_be_read_is_told_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A permission that is missing is named with its file; once it is there the file is read."""
    bridge = Bridge()
    locked = written(tmp_path / "locked.csv", "1\n", age=9)
    written(tmp_path / "open.csv", "2\n")
    really = Path.open

    def refused(path: Path, *arguments: Any, **more: Any) -> Any:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *arguments, **more)

    following = feeder(tmp_path, bridge)
    monkeypatch.setattr(Path, "open", refused)
    assert (await following.sweep()).troubles == {str(locked): "Permission denied"}
    assert bridge.lines == ["2"]
    monkeypatch.undo()
    await following.sweep()
    assert bridge.lines == ["2", "1"]


async def test_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """A mount that went away comes back."""
    heard = await feeder(tmp_path / "away", Bridge()).sweep()
    assert heard.troubles == {str(tmp_path / "away"): "No such file or directory"}


@pytest.mark.parametrize(
    ("format", "name", "torn", "whole"),
    [
        ("FREESWITCH_CONFERENCE_XML", "c.cdr.xml", "<cdr><conference>", "<cdr><conference></conference></cdr>"),
        ("FREESWITCH_JSON", "leg.cdr.json", '{"variables":', '{"variables":{}}'),
        ("FREESWITCH_JSON", "leg.cdr.json", "cdr=%7B", "cdr=%7B%7D\n"),
    ],
)
async def test_record_is_read_when_it_is_whole(tmp_path: Path, format: str, name: str, torn: str, whole: str) -> None:
    """At once; a torn one waits, and after it hasn't changed for long it is read as it is, to be seen."""
    bridge = Bridge()
    following = feeder(tmp_path, bridge, format=format)
    file = written(tmp_path / name, torn)
    assert (await following.sweep()).waiting == [str(file)]
    assert bridge.contents == []
    written(file, torn, age=61)
    await following.sweep()
    written(file, whole)
    await following.sweep()
    assert bridge.contents == [torn, whole]


async def test_records_that_are_known_are_not_sent_again(tmp_path: Path) -> None:
    """Hundreds are asked after at once; a copy under another name is known too."""
    bridge = Bridge()
    for n in range(600):
        written(tmp_path / f"{n}.cdr.json", f'{{"variables": {{"n": {n}}}}}\n')
    await feeder(tmp_path, bridge, format="FREESWITCH_JSON").sweep()
    written(tmp_path / "copy.json", '{"variables": {"n": 7}}\n')
    await feeder(tmp_path, bridge, format="FREESWITCH_JSON").sweep()
    assert len(bridge.contents) == 600


async def test_bytes_that_are_no_utf_8_are_marked(tmp_path: Path) -> None:
    """With their value, so that the bridge can quarantine the line and nothing of it is lost."""
    bridge = Bridge()
    written(tmp_path / "Master.csv", "Novák\n".encode() + "Novák\n".encode("cp1250"))
    await feeder(tmp_path, bridge).sweep()
    assert bridge.lines == ["Novák", "Nov\N{REPLACEMENT CHARACTER}[e1]k"]
    other = Bridge()
    await feeder(tmp_path, other, encoding="cp1250").sweep()
    assert other.lines[1] == "Novák"


async def test_every_piece_has_the_header_that_names_its_columns(tmp_path: Path) -> None:
    """The file's own first line, or the columns that were given; lines keep their numbers."""
    header = "uuid,answer_stamp,end_stamp"
    rows = ["bad" if n == 700 else str(n) for n in range(2, 1001)]
    bridge = Bridge()
    written(tmp_path / "Master.csv", "\n".join([header, *rows]) + "\n")
    heard = await feeder(tmp_path, bridge, format="FREESWITCH_CSV").sweep()
    assert [content.splitlines()[0] for content in bridge.contents] == [header, header]
    assert heard.quarantined == ["Master.csv:700: malformed: no"]
    other = Bridge()
    written(tmp_path / "Master.csv", "\n".join(rows) + "\n")
    heard = await feeder(tmp_path, other, format="FREESWITCH_CSV", columns=header).sweep()
    assert [content.splitlines()[0] for content in other.contents] == [header, header]
    assert heard.quarantined == ["Master.csv:699: malformed: no"]


async def test_quote_that_never_closes_keeps_nothing_waiting(tmp_path: Path) -> None:
    """A record may go on over a newline while it is written, but not for ever."""
    bridge = Bridge()
    following = feeder(tmp_path, bridge)
    master = written(tmp_path / "Master.csv", '1\n"a\n')
    await following.sweep()
    assert bridge.lines == ["1"]
    written(master, 'b"\n', mode="ab")
    await following.sweep()
    assert bridge.lines == ["1", '"a', 'b"']
    written(master, '"never\n' + "x\n" * 30, mode="ab")
    await following.sweep()
    assert len(bridge.lines) == 34
