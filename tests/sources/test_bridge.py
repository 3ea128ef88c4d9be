"""The system bridge: nothing is lost, nothing is taken twice, a leg is in one conference."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from sources.bridge import METADATA, Bridges
from sources.bridge.receiving import digest_of
from sources.bridge.tables import QUARANTINE
from sources.errors import KeyReused, SourceError, SystemUnavailable
from sources.records.bridge import Conference, ConferenceGroup, Leg, ReceivedFile
from sources.records.refusal import Refusal
from tests.calls import BRIDGES, START, a_leg, master_csv
from tests.conftest import MakeDatabase


@pytest.fixture
def bridges(database: MakeDatabase) -> Bridges:
    fill = partial(Bridges.fill, bridges=BRIDGES, conferences=(), legs=())
    return Bridges(database("bridge", METADATA, fill))


async def receive(
    bridges: Bridges, content: str, *, key: str = "k", bridge: str = "pbx-praha"
) -> ReceivedFile | Refusal:
    return await bridges.receive_call_records(
        bridge, content, format="ASTERISK_CSV", caller="tests", key=key, now=START
    )


async def taken(bridges: Bridges, content: str, *, key: str = "k") -> ReceivedFile:
    file = await receive(bridges, content, key=key)
    assert isinstance(file, ReceivedFile)
    return file


async def assembled(bridges: Bridges, *groups: ConferenceGroup, key: str = "k") -> list[Conference]:
    return await bridges.assemble_conferences(groups, caller="tests", key=key)


def a_group(*legs: Leg, booking: str | None = None) -> ConferenceGroup:
    return ConferenceGroup("pbx-praha", "20260123", booking, tuple(leg.id for leg in legs))


ALICE, BOB = a_leg("pbx-praha:1.1"), a_leg("pbx-praha:1.2", joined=310, seconds=31)


async def test_legs_of_a_file_are_kept(bridges: Bridges) -> None:
    """A file's good lines are legs that wait for their conference."""
    file = await taken(bridges, master_csv(ALICE, BOB))
    assert (file.received, file.duplicates, file.quarantined) == (2, 0, ())
    assert file.legs == (ALICE.id, BOB.id)
    assert await bridges.unassembled_legs("pbx-praha", limit=10) == [ALICE, BOB]
    assert sorted(await bridges.legs([ALICE.id, BOB.id, "none"]), key=lambda leg: leg.id) == [ALICE, BOB]


async def test_known_file_changes_nothing(bridges: Bridges) -> None:
    """Edge case 5: file hash known -> no-op, all its legs are duplicates."""
    content = master_csv(ALICE, BOB) + "broken\n"
    first = await taken(bridges, content, key="1")
    again = await taken(bridges, content, key="2")
    assert (again.received, again.duplicates) == (0, 2)
    assert again.quarantined == first.quarantined
    assert again.legs == first.legs
    assert await quarantine_count(bridges) == 1


async def test_known_leg_in_another_file_is_a_duplicate(bridges: Bridges) -> None:
    """Edge case 5: same identity and content -> counted duplicate; Master.csv grows, its beginning comes again."""
    await taken(bridges, master_csv(ALICE), key="1")
    file = await taken(bridges, master_csv(ALICE, BOB, BOB), key="2")
    assert (file.received, file.duplicates, file.quarantined) == (1, 2, ())
    assert len(await bridges.unassembled_legs("pbx-praha", limit=10)) == 2


async def test_bad_line_of_a_growing_file_is_kept_once(bridges: Bridges) -> None:
    """It is told each time, as it isn't taken; of two that are the same both are kept."""
    longer = replace(ALICE, left_at=ALICE.left_at + timedelta(seconds=5))
    beginning = master_csv(ALICE, longer) + "broken\nbroken\n"
    for key, content, kept in (
        ("1", beginning, 3),
        ("2", beginning + master_csv(BOB), 3),
        ("3", beginning + master_csv(BOB) + "broken\nworse\n", 5),
        ("4", "worse\n", 5),
    ):
        file = await taken(bridges, content, key=key)
        assert await quarantine_count(bridges) == kept, key
        assert len(file.quarantined) == {"1": 3, "2": 3, "3": 5, "4": 1}[key]


async def test_text_given_in_another_format_is_another_file(bridges: Bridges) -> None:
    """Who named the wrong format first isn't told that the file is known: its legs would be lost."""
    content = master_csv(ALICE, BOB)
    wrong = await bridges.receive_call_records(
        "pbx-praha", content, format="FREESWITCH_JSON", caller="tests", key="1", now=START
    )
    assert isinstance(wrong, ReceivedFile)
    assert (wrong.received, len(wrong.quarantined)) == (0, 2)
    assert (await taken(bridges, content, key="2")).received == 2


async def test_letter_that_was_no_utf_8_is_quarantined(bridges: Bridges) -> None:
    """It was taken with another letter in its place; another room or name may have stood there."""
    odd = replace(BOB, display_name="Bob Nov\N{REPLACEMENT CHARACTER}[e1]k")
    file = await taken(bridges, master_csv(ALICE, odd))
    assert [(line.line, line.reason) for line in file.quarantined] == [(2, "not-utf-8")]
    assert file.legs == (ALICE.id,)


async def test_known_files_are_told_by_format_and_text(bridges: Bridges) -> None:
    """So that whoever feeds them need not send again what is there; of this bridge alone."""
    await taken(bridges, master_csv(ALICE))
    known = digest_of("ASTERISK_CSV", master_csv(ALICE))
    others = [digest_of("ASTERISK_CSV", master_csv(BOB)), digest_of("FREESWITCH_CSV", master_csv(ALICE))]
    assert await bridges.known_files("pbx-praha", [*others, known]) == [known]
    assert await bridges.known_files("pbx-brno", [known]) == []


async def test_assembled_leg_is_a_duplicate_too(bridges: Bridges) -> None:
    """What is known later about a leg (its conference) doesn't make its record another one."""
    await taken(bridges, master_csv(ALICE), key="1")
    await assembled(bridges, a_group(ALICE))
    assert (await taken(bridges, master_csv(ALICE) + "\n", key="2")).duplicates == 1


async def test_changed_duplicate_is_quarantined(bridges: Bridges) -> None:
    """Edge case 5: same identity, other content -> quarantined; the first record stands. Also within one file."""
    longer = replace(ALICE, left_at=ALICE.left_at + timedelta(seconds=5))
    await taken(bridges, master_csv(ALICE), key="1")
    file = await taken(bridges, master_csv(BOB, longer, replace(BOB, display_name="Bob")), key="2")
    assert [(line.line, line.reason) for line in file.quarantined] == [
        (2, "changed-duplicate"),
        (3, "changed-duplicate"),
    ]
    assert "left_at" in file.quarantined[0].message
    assert await bridges.legs([ALICE.id]) == [ALICE]
    assert await quarantine_count(bridges) == 2


@pytest.mark.parametrize(("bridge", "code"), [("pbx-unknown", "unknown-bridge"), ("pbx-old", "no-cdr-zone")])
async def test_file_that_cannot_be_read_is_refused_whole(bridges: Bridges, bridge: str, code: str) -> None:
    """Edge case 26: without a declared zone the times of a file mean nothing."""
    refusal = await receive(bridges, master_csv(ALICE), bridge=bridge)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, bridge in refusal.message) == (code, True)


async def test_same_key_gives_the_first_answer(bridges: Bridges) -> None:
    """Same key and input: the first answer again; other input: refused."""
    first = await taken(bridges, master_csv(ALICE), key="1")
    assert await taken(bridges, master_csv(ALICE), key="1") == first
    with pytest.raises(KeyReused):
        await taken(bridges, master_csv(BOB), key="1")
    assert await bridges.unassembled_legs("pbx-praha", limit=10) == [ALICE]


async def test_what_no_database_can_store_is_spelled_out(bridges: Bridges) -> None:
    """A file is text from anywhere: NUL characters and lone surrogates are kept in quarantine as escapes."""
    file = await taken(bridges, "a\0b\n\ud800\n" + master_csv(ALICE))
    assert [line.text for line in file.quarantined] == ["a\\x00b", "\\ud800"]
    assert file.received == 1


async def test_same_file_at_once_is_taken_once(bridges: Bridges) -> None:
    """However many bring it at the same moment."""
    content = master_csv(ALICE, BOB)
    files = await asyncio.gather(*(taken(bridges, content, key=str(key)) for key in range(6)))
    assert sorted(file.received for file in files) == [0, 0, 0, 0, 0, 2]
    assert len(await bridges.unassembled_legs("pbx-praha", limit=10)) == 2


async def test_statements_do_not_grow_with_the_file(bridges: Bridges) -> None:
    """A thousand lines are taken in as many statements as ten."""
    costs = []
    for size in (10, 1000):
        before = bridges.database.statements
        await taken(bridges, master_csv(*(a_leg(f"pbx-praha:{size}.{n}") for n in range(size))), key=str(size))
        costs.append(bridges.database.statements - before)
    assert costs[0] == costs[1]


async def test_booked_conference_is_named_after_its_booking(bridges: Bridges) -> None:
    """One conference per booking, whose id doesn't change when a later file adds a leg, even an earlier one."""
    early = a_leg("pbx-praha:0.9", joined=-60)
    await taken(bridges, master_csv(ALICE, BOB, early))
    [first] = await assembled(bridges, a_group(BOB, booking="BK-2026-000123"), key="1")
    [second] = await assembled(bridges, a_group(early, ALICE, booking="BK-2026-000123"), key="2")
    assert first.id == second.id == "CF-2026-000123"
    assert (second.started_at, second.ended_at) == (early.joined_at, ALICE.left_at)
    assert await bridges.conferences_of_bookings(["BK-2026-000123"]) == [second]
    assert [leg.id for leg in await bridges.legs_of_conferences([first.id])] == [early.id, ALICE.id, BOB.id]
    assert await bridges.unassembled_legs("pbx-praha", limit=10) == []


async def test_unbooked_conference_keeps_the_name_of_its_first_join(bridges: Bridges) -> None:
    """`CF-<bridge>-<room>-<first join>`; what overlaps it later joins it."""
    early = a_leg("pbx-praha:0.9", joined=-60)
    await taken(bridges, master_csv(ALICE, early))
    [first] = await assembled(bridges, a_group(ALICE), key="1")
    [second] = await assembled(bridges, a_group(early), key="2")
    assert first.id == second.id == "CF-pbx-praha-20260123-20261124T163000Z"
    assert second.started_at == early.joined_at


async def test_unbooked_leg_joins_the_conference_it_is_grouped_with(bridges: Bridges) -> None:
    """A rule may group new legs with those of a conference that is known."""
    late = a_leg("pbx-praha:9.9", joined=9000)
    await taken(bridges, master_csv(ALICE, late))
    [first] = await assembled(bridges, a_group(ALICE), key="1")
    [second] = await assembled(bridges, a_group(ALICE, late), key="2")
    assert first.id == second.id
    assert second.ended_at == late.left_at


async def test_separate_unbooked_legs_are_separate_conferences(bridges: Bridges) -> None:
    """Also when they are told of in one call."""
    late = a_leg("pbx-praha:9.9", joined=9000)
    await taken(bridges, master_csv(ALICE, late))
    conferences = await assembled(bridges, a_group(late), a_group(ALICE))
    assert [conference.started_at for conference in conferences] == [ALICE.joined_at, late.joined_at]


async def test_leg_stays_in_its_conference(bridges: Bridges) -> None:
    """A leg belongs to one conference; who assembles it again is told which."""
    await taken(bridges, master_csv(ALICE))
    first = await assembled(bridges, a_group(ALICE, booking="BK-2026-000123"), key="1")
    again = await assembled(bridges, a_group(ALICE, booking="BK-2026-000999"), key="2")
    assert again == first
    assert await bridges.conferences_of_bookings(["BK-2026-000999"]) == []
    assert await bridges.conferences_of_legs([ALICE.id]) == first


async def test_assembling_at_once_makes_one_conference(bridges: Bridges) -> None:
    """Two imports that end at the same time find the same legs unassembled."""
    await taken(bridges, master_csv(ALICE, BOB))
    groups = [a_group(ALICE, BOB), a_group(BOB), a_group(ALICE, BOB, booking=None)]
    answers = await asyncio.gather(*(assembled(bridges, group, key=str(key)) for key, group in enumerate(groups)))
    assert len({conference.id for answer in answers for conference in answer}) == 1


async def test_foreign_leg_is_an_error(bridges: Bridges) -> None:
    """A group names legs of its own bridge and room; nothing of the call is done otherwise."""
    await taken(bridges, master_csv(ALICE, BOB))
    with pytest.raises(SourceError, match="none") as raised:
        await assembled(bridges, a_group(ALICE), replace(a_group(BOB), legs=("none",)))
    assert raised.value.code == "UNKNOWN_LEG"
    assert len(await bridges.unassembled_legs("pbx-praha", limit=10)) == 2


async def test_conferences_between_two_instants(bridges: Bridges) -> None:
    """By their start, [earliest, end)."""
    await taken(bridges, master_csv(ALICE))
    [conference] = await assembled(bridges, a_group(ALICE))

    async def between(earliest: datetime, end: datetime) -> list[Conference]:
        return await bridges.conferences_between("pbx-praha", earliest, end, limit=10)

    assert await between(START, START + timedelta(seconds=1)) == [conference]
    assert await between(START - timedelta(days=1), START) == []
    assert await between(START + timedelta(seconds=1), START + timedelta(days=1)) == []


async def test_missing_database_is_a_system_that_is_down(database: MakeDatabase) -> None:
    """Never an empty system."""
    with pytest.raises(SystemUnavailable, match="bridge"):
        await Bridges(database("bridge")).legs(["x"])


async def quarantine_count(bridges: Bridges) -> int:
    return await bridges.database.read(lambda connection: len(connection.execute(QUARANTINE.select()).all()))
