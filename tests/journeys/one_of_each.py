"""One of everything in the demo company, and the arguments that lead there: for tests that ask for every field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graphql import get_named_type, is_composite_type

from gateway.company import Company
from resolvers.nodes import node_id
from sources.bridge.receiving import digest_of
from sources.demo import cast
from tests.company import EVENING, ask
from tests.journeys.decisions import SCHEMA
from tests.journeys.mailings import mailings, mailings_made
from tests.live_calls import tell_calls

__all__ = ["OTHER_ARGUMENTS", "made_ready"]

MASTER = (Path(__file__).parents[2] / "examples" / "Master.csv").read_text(encoding="utf-8")
BRIDGE = "pbx-praha"
RECEIVE = """mutation ($bridge: ID!, $content: String!) {
  receiveCallRecords(bridge: $bridge, format: ASTERISK_CSV, content: $content, idempotencyKey: "made-ready") {
    ... on ReceivedCallRecords { legs { id } quarantined { line } }
  }
}"""
PROVISION = f"""mutation {{
  provisionRoom(booking: "{cast.EURO.booking}", room: "{cast.EURO.booking}", pin: "246813", revision: 1,
    idempotencyKey: "made-ready") {{
    ... on RoomProvisioned {{ room {{ bridge }} }}
  }}
}}"""
INVOICE = """mutation ($id: ID!) {
  invoiceConference(id: $id, idempotencyKey: $id) {
    ... on InvoicePrepared { invoice { id } }
    ... on Refused { code }
  }
}"""
LINK = f"""mutation {{
  linkAccount(account: "{cast.UNLINKED[0]}", client: "{cast.MAIN.client}", validFrom: "2027-01-01") {{
    ... on AccountLinked {{ link {{ validFrom }} }}
    ... on Refused {{ code }}
  }}
}}"""
NOT_THEIRS = f'{{account: "{cast.MAIN.accounts[0]}", client: "CL-00000", validFrom: "2026-01-01"}}'
CREDITED, WRONG = "2025000001", "2025000002"
"""Invoices of the demo company's: one is taken back here, so that there are a credit note and documents."""
OTHER_ARGUMENTS = {
    "CreditNote": {"Query.invoice": f'(number: "{CREDITED}")'},
    "InvoiceDocument": {"Query.invoice": f'(number: "{CREDITED}")'},
    "LinkChange": {"Query.billingAccount": f'(number: "{cast.UNLINKED[0]}")'},
    "LinkProblem": {"Mutation.linkAccounts": f"(links: [{NOT_THEIRS}])"},
    "LinksRefused": {"Mutation.linkAccounts": f"(links: [{NOT_THEIRS}])"},
    "PreviewRefused": {"Query.previewLetter": '(campaign: "ML-2026-000001", position: 99)'},
    "Refused": {"Query.billingAccount": f'(number: "{cast.NO_CONTRACT.accounts[0]}")'},
}
"""For the ways to some types."""
CALL = """query ($id: ID!) { conference(id: $id) { startedAt legs { id seconds } } }"""
WAITING = """{ ratingExceptions(first: 100) { id conference { id } } }"""
DECIDED = """mutation ($ids: [ID!]!) {
  recordResolution(
    ids: $ids, decidedBy: "made-ready", idempotencyKey: "made-ready",
    input: { resolution: RETRY, reason: "it is signed" }
  ) { __typename }
}"""
NOT_A_RECORD = "not,a,record\n"
PUBLISHED = f"{BRIDGE}:a-live-room:1"
PUBLISH = f"""mutation {{
  publishCall(call: "{PUBLISHED}", idempotencyKey: "made-ready") {{ __typename }}
}}"""
LIVE_CALLS = {
    "a-live-room": [("alice", 0, 60), ("bob", None, 60)],  # nobody told when Bob came: he is held
    "another-live-room": [("carol", 0, 60)],
}
INSIDE = {cast.EURO.booking: [("dora", 0, None)]}
NUMBERED = """query ($number: ID!) { invoice(number: $number) { id } }"""
CREDIT = """mutation ($id: ID!) {
  createCreditNote(invoice: $id, reason: "twice", idempotencyKey: "made-ready") { __typename }
}"""
BOOK = f"""mutation ($key: ID!) {{
  bookConference(
    idempotencyKey: $key, input: {{
      client: "{cast.EURO.client}", title: "a meeting", organiser: "Alice", localStart: "2027-02-01T10:00",
      localEnd: "2027-02-01T11:00"
    }}
  ) {{ ... on ConferenceBooked {{ booking {{ ref }} }} ... on Refused {{ code }} }}
}}"""
LEFT_OVER = f"""{{ unassembledLegs(bridge: "{BRIDGE}") {{ id room }} }}"""
ASSEMBLE = f"""mutation ($leg: ID!) {{
  assembleConferences(
    idempotencyKey: "made-ready", conferences: [{{ bridge: "{BRIDGE}", room: "a-live-room", legs: [$leg] }}]
  ) {{ __typename }}
}}"""
NOTE = f"""mutation {{
  noteInvoicingPosition(bridge: "{BRIDGE}", doneTo: 0, lookedTo: 1, lookAgainAt: "2027-01-01T00:00:00Z") {{ bridge }}
}}"""
RUN = """{ processes(first: 1) { id } }"""


async def made_ready(company: Company) -> dict[str, str]:
    """Makes what the demo company lacks, and gives the text of the arguments by coordinate.

    Made are a draft and its run, exceptions and a decision about them, a line in quarantine, legs that are in no
    conference, and two live calls that are over, one of them published with a leg that is held.
    """
    booked = await three_bookings(company)
    draft = await asked(company, INVOICE, id=cast.EURO.conference)
    refused = await asked(company, INVOICE, id=cast.NO_CONTRACT.conference)
    assert refused["invoiceConference"]["code"] == "no-contract"
    waiting = (await asked(company, WAITING))["ratingExceptions"]
    ids = [each["id"] for each in waiting if each["conference"]["id"] == cast.NO_CONTRACT.conference]
    assert (await asked(company, DECIDED, ids=ids))["recordResolution"]["__typename"] == "ResolutionRecorded"
    assert "link" in (await asked(company, LINK))["linkAccount"]
    assert (await asked(company, PROVISION))["provisionRoom"]["room"]
    received = await asked(company, RECEIVE, bridge=BRIDGE, content=NOT_A_RECORD + MASTER)
    legs = [leg["id"] for leg in received["receiveCallRecords"]["legs"]]
    await tell_calls(company.databases["bridge"], LIVE_CALLS, starts=EVENING)
    await tell_calls(company.databases["bridge"], INSIDE, starts=EVENING, bridge=cast.HOME_BRIDGE)
    assert (await asked(company, PUBLISH))["publishCall"]["__typename"] == "PublishedCall"
    credited, wrong = [(await asked(company, NUMBERED, number=each))["invoice"]["id"] for each in (CREDITED, WRONG)]
    assert (await asked(company, CREDIT, id=credited))["createCreditNote"]["__typename"] == "CreditNoteCreated"
    left = (await asked(company, LEFT_OVER))["unassembledLegs"]
    await asked(company, ASSEMBLE, leg=next(leg["id"] for leg in left if leg["room"] == "a-live-room"))
    await asked(company, NOTE)
    run = (await asked(company, RUN))["processes"][0]["id"]
    await mailings_made(company)
    call = (await asked(company, CALL, id=cast.AMBIGUOUS_CONTRACT.conference))["conference"]
    return {
        **roots(draft["invoiceConference"]["invoice"]["id"], run),
        **mutations(draft["invoiceConference"]["invoice"]["id"], call, legs, ids),
        "Mutation.createCreditNote": f'(invoice: "{wrong}", reason: "twice", idempotencyKey: "k")',
        **bookings(*booked),
        **mailings(),
    }


async def three_bookings(company: Company) -> list[str]:
    """The refs of bookings that are made here."""
    answers = [await asked(company, BOOK, key=f"made-ready-{n}") for n in range(3)]
    return [answer["bookConference"]["booking"]["ref"] for answer in answers]


async def asked(company: Company, text: str, **variables: Any) -> Any:
    answer = await ask(company, text, **variables)
    assert answer.errors == []
    return answer.data


def mutation(coordinate: str, arguments: str) -> str:
    """The shortest document with this mutation."""
    type_ = SCHEMA.mutation_type
    assert type_
    name = coordinate.removeprefix("Mutation.")
    selection = "{ __typename }" if is_composite_type(get_named_type(type_.fields[name].type)) else ""
    return f"mutation {{ {name}{arguments} {selection} }}"


def roots(draft: str, run: str) -> dict[str, str]:
    times = 'from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z"'
    return {
        "Query.bookingsToProvision": '(before: "2027-03-01T00:00:00Z")',
        "Query.bookingsToSettle": '(at: "2027-03-01T00:00:00Z")',
        "BillingAccount.tariff": '(at: "2026-11-24T12:00:00Z")',
        "Query.billingAccount": f'(number: "{cast.MAIN.accounts[0]}")',
        "Query.booking": f'(ref: "{cast.EURO.booking}")',
        "Query.bookingsOfRooms": f'(rooms: ["20260123"], {times})',
        "Query.client": f'(id: "{cast.MAIN.client}")',
        "Query.conference": f'(id: "{cast.EURO.conference}")',
        "Query.conferencesToRetry": '(notTriedSince: "2027-01-01T00:00:00Z")',
        "Query.ratingDecisions": f'(conferences: ["{cast.NO_CONTRACT.conference}"])',
        "Query.conferences": f'(bridge: "{cast.HOME_BRIDGE}", {times})',
        "Query.conferencesAfter": f'(bridge: "{BRIDGE}", position: 0)',
        "Query.billingAccountsNumbered": f'(numbers: ["{cast.MAIN.accounts[0]}"])',
        "Query.contract": f'(number: "{cast.MAIN.contracts[0]}")',
        "Query.invoice": f'(id: "{draft}")',
        "Query.node": f'(id: "{node_id("Client", (cast.MAIN.client,))}")',
        "Query.periodsToClose": '(at: "2027-01-01T00:00:00Z")',
        "Query.process": f"(id: {json.dumps(run)})",
        "Query.quarantinedLines": f'(bridge: "{BRIDGE}")',
        "Query.knownFiles": f'(bridge: "{BRIDGE}", digests: ["{digest_of("ASTERISK_CSV", NOT_A_RECORD + MASTER)}"])',
        "Query.quarantinedCalls": f'(bridge: "{BRIDGE}")',
        "Query.feedPosition": f'(bridge: "{BRIDGE}", source: "folder")',
        "Query.unassembledLegs": f'(bridge: "{BRIDGE}")',
    }


def mutations(draft: str, call: Any, unassembled: list[str], waiting: list[str]) -> dict[str, str]:
    """Each can be done again and again: the same key has the same answer, for the same caller."""
    figure = cast.AMBIGUOUS_CONTRACT
    segment = '{service: "dial-in", band: "peak", seconds: 60, price: "1.80", amount: "1.80"}'
    leg, *others = call["legs"]
    legs = ", ".join(f'{{leg: "{each["id"]}", durationSeconds: {each["seconds"]}}}' for each in others)
    charges = ", ".join(
        [
            f'account: "{figure.accounts[0]}", contract: "{figure.contracts[0]}", rateVersion: 1, currency: "CZK"',
            f'conference: "{figure.conference}", booking: "{figure.booking}"',
            f'conferenceStartedAt: "{call["startedAt"]}", excluded: [], ruleVersion: "test"',
            f'charges: [{{leg: "{leg["id"]}", durationSeconds: {leg["seconds"]}, segments: [{segment}]}}]',
        ]
    )
    fee = ", ".join(
        [
            f'booking: "{cast.MAIN.booking}", kind: LATE_CANCELLATION, account: "{cast.MAIN.accounts[0]}"',
            f'contract: "{cast.MAIN.contracts[0]}", rateVersion: 2, currency: "CZK", amount: "250.00"',
            'arisenAt: "2026-11-24T16:00:00Z"',
        ]
    )
    group = f'{{bridge: "{BRIDGE}", room: "20260123", legs: {json.dumps(unassembled)}, booking: "{cast.MAIN.booking}"}}'
    file = f'bridge: "{BRIDGE}", format: ASTERISK_CSV, content: {json.dumps(MASTER)}'
    link = f'account: "{cast.UNLINKED[0]}", client: "{cast.MAIN.client}", validFrom: "2027-01-01"'
    room = f'booking: "{cast.EURO.booking}", room: "{cast.EURO.booking}", pin: "246813", revision: 1'
    ended = f'account: "{cast.MAIN.accounts[0]}", client: "{cast.MAIN.client}", validTo: "2027-01-01"'
    ended_period = f'account: "{cast.MAIN.accounts[0]}", from: "2026-09-30T22:00:00Z", idempotencyKey: "k"'
    return {
        "Mutation.linkAccount": f"({link})",
        "Mutation.linkAccounts": f"(links: [{{{link}}}])",
        "Mutation.unlinkAccount": f"({ended})",
        "Mutation.provisionRoom": f'({room}, idempotencyKey: "k")',
        "Mutation.closeRoom": f'(booking: "{cast.MAIN.booking}", revision: 1, idempotencyKey: "k")',
        "Mutation.simulateCall": '(room: "a-room", participants: {displayName: "A", staysFor: 1}, idempotencyKey: "k")',
        "Mutation.assembleConferences": f'(conferences: [{group}], idempotencyKey: "k")',
        "Mutation.importCallRecords": f"({file})",
        "Mutation.retryProcess": f'(id: "invoice-call:{cast.NO_CONTRACT.conference}:1")',
        "Mutation.cancelProcess": f'(id: "invoice-call:{cast.NO_CONTRACT.conference}:1")',
        "Mutation.invoiceConference": f'(id: "{cast.EURO.conference}", idempotencyKey: "k")',
        "Mutation.invoiceBacklog": f'(bridge: "{BRIDGE}", idempotencyKey: "k")',
        "Mutation.closePeriod": f"({ended_period})",
        "Mutation.finishPeriod": f"({ended_period})",
        "Mutation.issueInvoice": f'(id: "{draft}", idempotencyKey: "k")',
        "Mutation.releaseHeldLegs": '(ids: ["nothing-held"], idempotencyKey: "k")',
        "Mutation.publishCall": f'(call: "{PUBLISHED}", idempotencyKey: "k")',
        "Mutation.receiveCallRecords": f'({file}, idempotencyKey: "k")',
        "Mutation.noteFeedPosition": f'(bridge: "{BRIDGE}", source: "folder", position: "1")',
        "Mutation.recordCharges": f'(input: {{{charges}}}, idempotencyKey: "k")',
        "Mutation.withdrawFee": f'(booking: "{cast.MAIN.booking}", kind: NO_SHOW, idempotencyKey: "k")',
        "Mutation.recordFee": f'(input: {{{fee}}}, idempotencyKey: "k")',
        "Mutation.recordChargesOfConferences": f'(inputs: [{{{charges}}}], idempotencyKey: "k")',
        "Mutation.recordRatingExceptionsOfConferences": f'(inputs: [{{conference: "{figure.conference}", '
        f'legs: [{legs}], code: "ambiguous-contract", message: "two of them"}}], idempotencyKey: "k")',
        "Mutation.noteInvoicingPosition": f'(bridge: "{BRIDGE}", doneTo: 1, lookedTo: 1)',
        "Mutation.assignException": f'(ids: {json.dumps(waiting)}, to: "eva", idempotencyKey: "k")',
        "Mutation.resolveException": f'(ids: {json.dumps(waiting)}, idempotencyKey: "k", '
        'decision: {resolution: RETRY, reason: "it is signed"})',
        "Mutation.recordResolution": f'(ids: {json.dumps(waiting)}, decidedBy: "eva", idempotencyKey: "k", '
        'input: {resolution: RETRY, reason: "it is signed"})',
        "Mutation.recordRatingExceptions": f'(conference: "{figure.conference}", legs: [{legs}], '
        'code: "ambiguous-contract", message: "two of them", idempotencyKey: "k")',
    }


def bookings(moved: str, cancelled: str, told: str) -> dict[str, str]:
    """What people say of bookings, and what processes record of them."""
    when = 'localStart: "2027-02-02T10:00", localEnd: "2027-02-02T11:00"'
    order = f'client: "{cast.EURO.client}", title: "a meeting", organiser: "Alice", {when}'
    whole = f'{order}, timeZone: "Europe/Prague", expectedParticipants: 2'
    revision = f'ref: "{told}", revision: 1'
    return {
        "Mutation.bookConference": f'(input: {{{order}}}, idempotencyKey: "k")',
        "Mutation.moveBooking": f'(ref: "{moved}", input: {{{when}}}, idempotencyKey: "k")',
        "Mutation.cancelBooking": f'(ref: "{cancelled}", idempotencyKey: "k")',
        "Mutation.createBooking": f'(input: {{{whole}}}, idempotencyKey: "k")',
        "Mutation.changeBooking": f'({revision}, input: {{}}, idempotencyKey: "k")',
        "Mutation.recordCancellation": f'({revision}, at: "2026-11-24T18:00:00Z", idempotencyKey: "k")',
        "Mutation.recordRoom": f'({revision}, bridge: "{BRIDGE}", room: "a-room", idempotencyKey: "k")',
        "Mutation.recordRoomClosed": f'({revision}, idempotencyKey: "k")',
        "Mutation.recordBookingState": f'(ref: "{told}", state: COMPLETED, idempotencyKey: "k")',
    }
