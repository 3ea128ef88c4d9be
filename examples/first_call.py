"""From a booking to an invoice on the demo company: books a conference, has a call simulated, shows what came of it.

    python3 examples/first_call.py http://127.0.0.1:8000 "$(spojka token --role manager)" [TIMES]

Each document can be given in GraphiQL as well. With TIMES it is done so often, and the median time from a call's end to
its invoice is told.
"""

import json
import statistics
import sys
import time
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta

BOOK = """mutation ($input: BookConferenceInput!, $key: ID!) {
  bookConference(input: $input, idempotencyKey: $key) {
    ... on ConferenceBooked { booking { ref } }
    ... on Refused { code message }
  }
}"""
BOOKING = """query ($ref: ID!) {
  booking(ref: $ref) {
    status bridge
    conference { legs { displayName seconds endReason } charges { invoice { id status } } }
  }
}"""
# Alice stays for 20 minutes, Bob is put out and comes again; at this speed it is over in two seconds.
SIMULATE = """mutation ($booking: ID!, $key: ID!) {
  simulateCall(booking: $booking, speed: 600, idempotencyKey: $key, participants: [
    { displayName: "Alice", staysFor: 1200 }
    { displayName: "Bob", joinsAfter: 60, staysFor: 300, leaving: KICKED }
    { displayName: "Bob", joinsAfter: 400, staysFor: 790 }
  ]) {
    ... on CallSimulated { startsAt endsAt }
    ... on Refused { code message }
  }
}"""
INVOICE = """query ($id: ID!) {
  invoice(id: $id) { number total { amount currency } lines { text net { amount } } documents { kind size } }
}"""
CLIENT, ACCOUNT = "CL-00418", "7700124"  # gets an invoice for each call
SECONDS = 60


def main(url: str, token: str, times: int) -> None:
    """Prints what happens, step by step."""
    if not url.startswith(("http://", "https://")):
        sys.exit(f"{url}: it is no address of a gateway, like http://127.0.0.1:8000")

    def ask(document: str, **variables: object) -> dict:
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{url}/graphql", body, headers)  # noqa: S310 - looked at above
        with urllib.request.urlopen(request) as response:  # noqa: S310
            answer = json.load(response)
        if answer.get("errors"):
            sys.exit(f"{answer['errors']}")
        return answer["data"]

    def until(is_so, document: str, **variables: object) -> dict:
        end = time.monotonic() + SECONDS
        while not is_so(data := ask(document, **variables)):
            if time.monotonic() > end:
                sys.exit(f"it never came to it: {data}")
            time.sleep(0.02)
        return data

    took = [one_call(ask, until) for _ in range(times)]
    if times > 1:
        print(f"from a call's end to its invoice: {statistics.median(took):.2f} s at the median of {times}")


def one_call(ask, until) -> float:
    now, key = datetime.now(UTC), uuid.uuid4().hex
    starts, ends = now - timedelta(minutes=20), now + timedelta(minutes=40)
    order = {
        "client": CLIENT,
        "account": ACCOUNT,
        "title": "A first call",
        "organiser": "Alice",
        "localStart": f"{starts:%Y-%m-%dT%H:%M}",
        "localEnd": f"{ends:%Y-%m-%dT%H:%M}",
        "timeZone": "Etc/UTC",
    }
    ref = taken(ask(BOOK, input=order, key=key)["bookConference"], "booking")["ref"]
    booking = until(lambda data: data["booking"]["status"] == "PROVISIONED", BOOKING, ref=ref)["booking"]
    print(f"{ref} has its room on the bridge {booking['bridge']}")
    call = ask(SIMULATE, booking=ref, key=key)["simulateCall"]
    over_at = datetime.fromisoformat(taken(call, "endsAt"))
    conference = until(is_invoiced, BOOKING, ref=ref)["booking"]["conference"]
    took = (datetime.now(UTC) - over_at).total_seconds()
    for leg in conference["legs"]:
        print(f"  {leg['displayName']}: {leg['seconds']} s, {leg['endReason']}")
    invoice = ask(INVOICE, id=conference["charges"][0]["invoice"]["id"])["invoice"]
    for line in invoice["lines"]:
        print(f"  {line['text']}: {line['net']['amount']}")
    total = invoice["total"]
    print(f"invoice {invoice['number']}: {total['amount']} {total['currency']}, {took:.2f} s after the call's end")
    return took


def is_invoiced(data: dict) -> bool:
    conference = data["booking"]["conference"]
    charges = conference["charges"] if conference else []
    return bool(charges) and all(charge["invoice"]["status"] == "ISSUED" for charge in charges)


def taken(answer: dict, name: str):
    if name not in answer:
        sys.exit(f"{answer['code']}: {answer['message']}")
    return answer[name]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1)
