"""Edge cases 1 to 26 of domain.md, section 4: where each of them is held.

1   call over midnight        test_edge_cases.py: test_edge_case_1_call_over_midnight_is_one_call
                              test_closing.py: test_edge_case_1_call_over_the_end_of_a_month
2   rate change in the call   test_edge_cases.py: test_edge_case_2_rate_change_during_the_call
3   no contract in force      test_exceptions.py: test_contract_signed_later_is_found_by_the_clock
4   unknown owner             test_exceptions.py: test_unknown_owner_is_named_by_hand
5   duplicate file or event   test_bridge.py: test_known_file_changes_nothing
                              test_bridge.py: test_changed_duplicate_is_quarantined
6   record after the period   test_closing.py: test_edge_case_6_call_record_after_the_period_is_closed
7   participant rejoins       test_tariff.py: test_a_rejoin_is_a_new_leg_with_its_own_minimum
8   clock skew                test_held_legs.py: test_leg_is_held_and_the_others_are_invoiced
                              test_watching.py: test_call_with_a_wrong_clock_is_held
9   bridge down at booking    test_provision_conference.py: test_edge_case_9_bridge_down_when_booking
10  bridge dies mid-call      test_traps.py: test_bridge_that_dies_ends_its_legs
                              test_folding.py: test_rejoin_after_a_restart_is_another_leg
11  booking changed, cancell  test_book_conference.py: test_edge_case_11_booking_moved_or_cancelled
                              test_fees.py: test_edge_case_11_late_cancellation_is_a_line_of_the_next_invoice
12  no-show                   test_settle_booking.py: test_edge_case_12_nobody_came
                              test_settle_booking.py: test_edge_case_12_system_that_is_down_is_never_a_no_show
13  never-ending leg          test_exceptions.py: test_phantom_is_held_and_its_conference_invoiced
                              test_traps.py: test_silent_leg_is_put_out_and_billed_to_where_it_was_heard
14  bad PIN attempts          test_callers.py: test_wrong_pin_and_taken_id_are_refused
                              test_freeswitch_xml.py: test_ghosts_recordings_and_rejected_attempts_are_not_billed
15  room destroyed            test_traps.py: test_destroyed_room_ends_all_its_legs_at_that_moment
16  printer out of paper      test_mailing_of_300.py: test_edge_case_16_out_of_paper_with_300_clients_to_write_to
                              test_printing.py: test_out_of_paper_is_waiting_with_its_reason
17  print server lost a job   test_mailing_faults.py: test_edge_case_17_a_print_server_lost_its_jobs
                              test_printing.py: test_an_answer_that_got_lost_is_no_reason_to_send_again
18  bounced e-mail            test_mailing_faults.py: test_edge_case_18_what_comes_back_is_tied_to_its_letter
                              test_notices.py: test_deferred_notices_are_tried_for_three_days
19  no e-mail, no address     test_campaigns.py: test_everybody_gets_a_letter_or_a_reason
20  equal address, opted out  test_campaigns.py: test_equal_addresses_are_merged_by_choice_alone
                              test_campaigns.py: test_marketing_asks_for_consent
21  address changes           test_campaigns.py: test_recipients_are_taken_anew_before_approval
22  two accounts, none named  test_book_conference.py: test_edge_case_22_two_billing_accounts_and_the_booking_names_none
23  one system down           test_system_down.py: test_what_the_others_know_is_still_shown
24  autumn double hour        test_from_call_to_invoice.py: test_autumn_double_hour_is_refused_not_guessed
25  late event, overlap       test_folding.py: test_late_event_for_a_leg_that_polls_inferred_is_the_same_leg
                              test_review.py: test_overlap_is_only_where_it_is_sure
26  legs from files           test_conferences.py: test_a_bookings_window
"""

from __future__ import annotations

import re
from pathlib import Path

from processes.invoice_conference import Prepared, invoice_conference
from tests.processes.test_invoice_conference import CONFERENCE, RUN, Company, a_leg

TESTS = Path(__file__).parents[1]
ROW = re.compile(r"^(?:(\d+) +[\w ,-]+?)? {2,}(test_\w+\.py): (test_\w+)$", re.MULTILINE)
WANTED = range(1, 27)


def test_each_case_has_a_test_that_is_there() -> None:
    """The table above names every case, and each test in it exists."""
    rows = ROW.findall(__doc__ or "")
    assert [int(number) for number, _, _ in rows if number] == list(WANTED)
    missing = [
        f"{file}: {name}"
        for _, file, name in rows
        if not any(f"def {name}(" in path.read_text(encoding="utf-8") for path in TESTS.rglob(file))
    ]
    assert missing == []


async def test_edge_case_1_call_over_midnight_is_one_call() -> None:
    """Rates by the conference's start; of a night from 17:00 to 09:00 each second is in its own band."""
    company = Company(legs=[a_leg("night", "17:00:00", "2026-11-25 09:00:00")])
    company.booking = {**(company.booking or {}), "endsAt": "2026-11-25T08:00:00Z"}
    graph = company.graph()
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Prepared("INV-1")
    assert graph.variables("TariffInForce")["at"] == "2026-11-24T16:00:00Z"
    (charge,) = graph.variables("RecordCharges")["input"]["charges"]
    seconds = {segment["band"]: segment["seconds"] for segment in charge["segments"]}
    assert seconds == {"peak": 2 * 3600, "off-peak": 14 * 3600}


async def test_edge_case_2_rate_change_during_the_call() -> None:
    """The version of the conference's start holds for every leg, for one that joins after the change as well."""
    legs = [
        a_leg("before", "2026-12-31 23:30:00", "2027-01-01 00:30:00"),
        a_leg("after", "2027-01-01 00:10:00", "2027-01-01 00:20:00"),
    ]
    company = Company(legs=legs)
    company.booking = {**(company.booking or {}), "endsAt": "2026-12-31T23:30:00Z"}
    graph = company.graph()
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Prepared("INV-1")
    assert graph.variables("TariffInForce")["at"] == "2026-12-31T22:30:00Z"
    told = graph.variables("RecordCharges")["input"]
    assert (told["rateVersion"], [charge["leg"] for charge in told["charges"]]) == (2, ["before", "after"])
