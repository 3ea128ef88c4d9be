"""One of everything in the demo company, and the arguments that lead there: for tests that ask for every field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.company import Company
from resolvers.nodes import node_id
from sources.demo import cast
from tests.company import ask

__all__ = ["OTHER_ARGUMENTS", "made_ready"]

MASTER = (Path(__file__).parents[2] / "examples" / "Master.csv").read_text(encoding="utf-8")
BRIDGE = "pbx-praha"
RECEIVE = """mutation ($bridge: ID!, $content: String!) {
  receiveCallRecords(bridge: $bridge, format: ASTERISK_CSV, content: $content, idempotencyKey: "made-ready") {
    ... on ReceivedCallRecords { legs { id } quarantined { line } }
  }
}"""
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
OTHER_ARGUMENTS = {
    "LinkChange": {"Query.billingAccount": f'(number: "{cast.UNLINKED[0]}")'},
    "LinkProblem": {"Mutation.linkAccounts": f"(links: [{NOT_THEIRS}])"},
    "LinksRefused": {"Mutation.linkAccounts": f"(links: [{NOT_THEIRS}])"},
    "Refused": {"Query.billingAccount": f'(number: "{cast.NO_CONTRACT.accounts[0]}")'},
}
"""For the ways to some types."""
CALL = """query ($id: ID!) { conference(id: $id) { startedAt legs { id seconds } } }"""
RUN = """{ processes(first: 1) { id } }"""


async def made_ready(company: Company) -> dict[str, str]:
    """Makes what the demo company lacks, and gives the text of the arguments by coordinate.

    Made are a draft and its run, an exception, a line in quarantine, and legs that are in no conference.
    """
    draft = await asked(company, INVOICE, id=cast.EURO.conference)
    refused = await asked(company, INVOICE, id=cast.NO_CONTRACT.conference)
    assert refused["invoiceConference"]["code"] == "no-contract"
    assert "link" in (await asked(company, LINK))["linkAccount"]
    received = await asked(company, RECEIVE, bridge=BRIDGE, content=f"not,a,record\n{MASTER}")
    legs = [leg["id"] for leg in received["receiveCallRecords"]["legs"]]
    run = (await asked(company, RUN))["processes"][0]["id"]
    call = (await asked(company, CALL, id=cast.AMBIGUOUS_CONTRACT.conference))["conference"]
    return {
        **roots(draft["invoiceConference"]["invoice"]["id"], run),
        **mutations(draft["invoiceConference"]["invoice"]["id"], call, legs),
    }


async def asked(company: Company, text: str, **variables: Any) -> Any:
    answer = await ask(company, text, **variables)
    assert answer.errors == []
    return answer.data


def roots(draft: str, run: str) -> dict[str, str]:
    times = 'from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z"'
    return {
        "BillingAccount.tariff": '(at: "2026-11-24T12:00:00Z")',
        "Query.billingAccount": f'(number: "{cast.MAIN.accounts[0]}")',
        "Query.booking": f'(ref: "{cast.EURO.booking}")',
        "Query.bookingsOfRooms": f'(rooms: ["20260123"], {times})',
        "Query.client": f'(id: "{cast.MAIN.client}")',
        "Query.conference": f'(id: "{cast.EURO.conference}")',
        "Query.conferences": f'(bridge: "{cast.HOME_BRIDGE}", {times})',
        "Query.contract": f'(number: "{cast.MAIN.contracts[0]}")',
        "Query.invoice": f'(id: "{draft}")',
        "Query.node": f'(id: "{node_id("Client", (cast.MAIN.client,))}")',
        "Query.process": f"(id: {json.dumps(run)})",
        "Query.quarantinedLines": f'(bridge: "{BRIDGE}")',
        "Query.unassembledLegs": f'(bridge: "{BRIDGE}")',
    }


def mutations(draft: str, call: Any, unassembled: list[str]) -> dict[str, str]:
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
    group = f'{{bridge: "{BRIDGE}", room: "20260123", legs: {json.dumps(unassembled)}, booking: "{cast.MAIN.booking}"}}'
    file = f'bridge: "{BRIDGE}", format: ASTERISK_CSV, content: {json.dumps(MASTER)}'
    link = f'account: "{cast.UNLINKED[0]}", client: "{cast.MAIN.client}", validFrom: "2027-01-01"'
    ended = f'account: "{cast.MAIN.accounts[0]}", client: "{cast.MAIN.client}", validTo: "2027-01-01"'
    return {
        "Mutation.linkAccount": f"({link})",
        "Mutation.linkAccounts": f"(links: [{{{link}}}])",
        "Mutation.unlinkAccount": f"({ended})",
        "Mutation.assembleConferences": f'(conferences: [{group}], idempotencyKey: "k")',
        "Mutation.importCallRecords": f"({file})",
        "Mutation.invoiceConference": f'(id: "{cast.EURO.conference}", idempotencyKey: "k")',
        "Mutation.issueInvoice": f'(id: "{draft}", idempotencyKey: "k")',
        "Mutation.receiveCallRecords": f'({file}, idempotencyKey: "k")',
        "Mutation.recordCharges": f'(input: {{{charges}}}, idempotencyKey: "k")',
        "Mutation.recordRatingExceptions": f'(conference: "{figure.conference}", legs: [{legs}], '
        'code: "ambiguous-contract", message: "two of them", idempotencyKey: "k")',
    }
