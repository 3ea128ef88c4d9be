"""A mailing on the demo company: prices change for whoever has a contract and an open account.

    python3 examples/first_mailing.py http://127.0.0.1:8000 "$(spojka token --role manager)" examples/audience.graphql

The letters are made and printed, and an e-mail announces each. Each document can be given in GraphiQL as well; there
you look at a letter before you approve the mailing: here that is done at once.
"""

import base64
import json
import sys
import time
import urllib.request
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

CREATE = """mutation ($input: CampaignInput!, $key: ID!) {
  createCampaign(input: $input, idempotencyKey: $key) {
    ... on CampaignRecorded { campaign { id } }
    ... on Refused { code message }
  }
}"""
TAKE = """mutation ($mailing: ID!, $key: ID!) {
  takeRecipients(campaign: $mailing, idempotencyKey: $key) {
    ... on RecipientsTaken { rows recipients }
    ... on Refused { code message }
  }
}"""
LOOK = """query ($mailing: ID!) {
  mailing(id: $mailing) {
    state round
    exclusions(first: 500) { code note }
    report { recipients letters notices exclusions failed open balanced }
  }
}"""
PREVIEW = """query ($mailing: ID!) {
  previewLetter(campaign: $mailing, position: 1) {
    ... on LetterPreview { pdfBase64 }
    ... on PreviewRefused { code message }
  }
}"""
APPROVE = """mutation ($mailing: ID!, $round: Int!, $key: ID!) {
  approveMailing(campaign: $mailing, round: $round, idempotencyKey: $key) {
    ... on CampaignRecorded { campaign { state } }
    ... on Refused { code message }
  }
}"""
SECONDS = 300


def main(url: str, token: str, audience: str) -> None:
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
        [found] = answer["data"].values()
        if "code" in found:
            sys.exit(f"{found['code']}: {found['message']}")
        return found

    def until(mailing: str, *states: str) -> dict:
        end = time.monotonic() + SECONDS
        while (found := ask(LOOK, mailing=mailing))["state"] not in states:
            if time.monotonic() > end:
                sys.exit(f"it never came to {states}: {found}")
            time.sleep(0.5)
        return found

    wanted = {
        "title": "New prices",
        "template": "price-change-cs",
        "version": 1,
        "audience": Path(audience).read_text(encoding="utf-8"),
        "conditions": [
            {"path": "contracts.contract", "operator": "EXISTS"},
            {"path": "billingAccounts.currentPeriod.status", "operator": "IS", "value": "OPEN"},
        ],
        "values": [
            {"name": "valid_from", "value": "2027-01-01"},
            {"name": "old_price", "value": "1.95 CZK"},
            {"name": "new_price", "value": "2.05 CZK"},
        ],
        "printer": "folder",
        "notifyAt": datetime.now(UTC).isoformat(),
    }
    mailing = ask(CREATE, input=wanted, key=uuid.uuid4().hex)["campaign"]["id"]
    taken = ask(TAKE, mailing=mailing, key=uuid.uuid4().hex)
    print(f"{mailing}: {taken['recipients']} of {taken['rows']} clients meet the conditions")
    rendered = until(mailing, "RENDERED")
    for code, number in Counter(each["code"] for each in rendered["exclusions"]).items():
        note = next(each["note"] for each in rendered["exclusions"] if each["code"] == code)
        print(f"   {code} {number}: {note}" + (" ..." if number > 1 else ""))
    letter = Path("first-letter.pdf")
    letter.write_bytes(base64.b64decode(ask(PREVIEW, mailing=mailing)["pdfBase64"]))
    print(f"the letters are rendered; the first one is {letter}")
    ask(APPROVE, mailing=mailing, round=rendered["round"], key=uuid.uuid4().hex)
    print("approved: they are being printed, and announced by e-mail")
    print(until(mailing, "DONE")["report"])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1].rstrip("/"), *sys.argv[2:])
