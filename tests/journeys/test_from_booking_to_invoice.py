"""From a booking to its invoice with nobody typing: programs as they are installed, a real Janus, RTP legs."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from facturx import get_xml_from_pdf, xml_check_xsd
from pypdf import PdfReader

from sources.bridge.switches.janus import JanusSettings, JanusSwitch
from tests.janus.callers import controlling
from tests.janus.server import Janus, StartJanus
from tests.postgresql import free_port

SPOJKA = Path(sys.executable).with_name("spojka")
SECONDS = 60
PRAGUE = ZoneInfo("Europe/Prague")
CLIENT, ACCOUNT = "CL-00418", "7700124"  # gets an invoice for each call

BOOK = """mutation ($input: BookConferenceInput!) {
  bookConference(input: $input, idempotencyKey: "a-booking") {
    ... on ConferenceBooked { booking { ref } }
    ... on Refused { code message }
  }
}"""
BOOKING = """query ($ref: ID!) {
  booking(ref: $ref) {
    status room pin bridge callState
    process { name state }
    bridgeRoom { bridge state }
    conference {
      id startedAt
      legs { id displayName endReason joinedAt leftAt }
      charges { leg { id } invoice { id status } }
    }
  }
}"""
INVOICE = """query ($id: ID!) {
  invoice(id: $id) {
    number client { name }
    base { amount } vat { rate amount { amount } } total { amount currency }
    lines { text net { amount } conference { id } }
    trace { leg { id } booking { ref } ruleVersion }
    documents { kind contentBase64 }
  }
}"""
RATES = """query ($account: ID!, $at: DateTime!) {
  billingAccount(number: $account) { tariff(at: $at) {
    ... on Tariff {
      holidays mergeGapsUnderSeconds
      rateVersion { rates { service band pricePerMinute { amount } firstIncrement nextIncrement
        minimumCharge { amount } } }
    }
  } }
}"""


class Served:
    """A served company, asked over HTTP by a manager."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)

    def ask(self, document: str, **variables: Any) -> Any:
        answer = self._client.post("/graphql", json={"query": document, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def close(self) -> None:
        self._client.close()

    async def until(self, is_so: Callable[[Any], bool], document: str, **variables: Any) -> Any:
        """The data, once it is so."""
        end = time.monotonic() + SECONDS
        while True:
            data = await asyncio.to_thread(partial(self.ask, document, **variables))
            if is_so(data):
                return data
            assert time.monotonic() < end, data
            await asyncio.sleep(0.05)


@contextmanager
def program(folder: Path, *arguments: str, says: str, **secrets: str) -> Iterator[None]:
    """One of Spojka's programs, at work until the block is left; it is told to stop, and stops by itself."""
    environment = {**os.environ, **secrets, "PYTHONUNBUFFERED": "1"}
    command = [str(SPOJKA), *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            assert says in running.stdout.readline()
            yield
        finally:
            running.terminate()


@contextmanager
def served(folder: Path, **secrets: str) -> Iterator[Served]:
    """`spojka serve` on a new company in `folder`, with the worker that it starts beside it."""
    port = free_port()
    with program(folder, "serve", "--port", str(port), says=f":{port}", **secrets):
        told = subprocess.run(
            [SPOJKA, "token", "--role", "manager"], cwd=folder, env={**os.environ, **secrets}, text=True,
            capture_output=True, check=True,
        )  # fmt: skip
        asked = Served(f"http://127.0.0.1:{port}", told.stdout.strip())
        try:
            yield asked
        finally:
            asked.close()


def order(now: datetime) -> dict[str, str]:
    starts, ends = now - timedelta(minutes=5), now + timedelta(hours=1)
    return {
        "client": CLIENT,
        "account": ACCOUNT,
        "title": "Porada vedení",
        "organiser": "Jana",
        "localStart": f"{starts:%Y-%m-%dT%H:%M}",
        "localEnd": f"{ends:%Y-%m-%dT%H:%M}",
        "timeZone": "Etc/UTC",
    }


@pytest.mark.service
async def test_booking_becomes_a_room_a_call_and_an_invoice(start_janus: StartJanus, tmp_path: Path) -> None:
    """Three callers with the booking's PIN, one kicked, one coming again; then nobody does anything but look.

    For a moment everybody is out, and that is no end of the call.
    """
    with ExitStack() as running:
        events = free_port()
        receiver = ["bridge-events", "--bridge", "bridge-1", "--listen", f"127.0.0.1:{events}", "--open"]
        running.enter_context(program(tmp_path, *receiver, says="are kept"))
        janus: Janus = await asyncio.to_thread(partial(start_janus, events_to=f"http://127.0.0.1:{events}/"))
        (tmp_path / "spojka.toml").write_text(
            f'[bridges.bridge-1]\nkind = "janus"\nadmin_url = "{janus.admin_url}"\n'
            'admin_secret_env = "JANUS_SECRET"\nadmin_key_env = "JANUS_KEY"\npause = "3 s"\n'
        )
        secrets = {"JANUS_SECRET": janus.admin_secret, "JANUS_KEY": janus.admin_key}
        company = await asyncio.to_thread(partial(running.enter_context, served(tmp_path, **secrets)))

        ref = company.ask(BOOK, input=order(datetime.now(UTC)))["bookConference"]["booking"]["ref"]
        told = {"name": "provision-conference", "state": "SUCCEEDED"}
        made = await company.until(lambda data: data["booking"]["process"] == told, BOOKING, ref=ref)
        assert made["booking"]["status"] == "PROVISIONED"
        assert made["booking"]["bridgeRoom"] == {"bridge": "bridge-1", "state": "OPEN"}

        hung_up = await a_call(company, janus, ref, made["booking"])
        done = await company.until(is_invoiced, BOOKING, ref=ref)
        print(f"from the last hang-up to the issued invoice: {time.monotonic() - hung_up:.2f} s")
        completed = await company.until(lambda data: data["booking"]["status"] == "COMPLETED", BOOKING, ref=ref)
        assert completed["booking"]["callState"] is None
        check_invoice(company, ref, done["booking"]["conference"], tmp_path)


async def a_call(company: Served, janus: Janus, ref: str, booking: Mapping[str, Any]) -> float:
    """Returns when the last one hung up, by a clock that only goes on."""
    room, pin = booking["room"], booking["pin"]
    async with controlling(janus) as controller:
        join = partial(controller.join, room, pin=pin)
        alice, bob, carol = [await join(id=f"p-{n}", display=name) for n, name in enumerate(("Alice", "Bob", "Carol"))]
        await company.until(lambda data: data["booking"]["status"] == "IN_CALL", BOOKING, ref=ref)
        await asyncio.sleep(2)
        await kick(janus, room, "p-0")
        await alice.told("kicked")
        await bob.leave()
        again = await join(id="p-3", display="Bob")
        await asyncio.sleep(1.5)
        await asyncio.gather(again.leave(), carol.leave())
        await asyncio.sleep(1)  # everybody is out, and comes back into one and the same call
        last = await join(id="p-4", display="Carol")
        await asyncio.sleep(1.5)
        await last.leave()
        return time.monotonic()


async def kick(janus: Janus, room: str, participant: str) -> None:
    """As an operator does, by the switch's own means."""
    settings = JanusSettings(admin_url=janus.admin_url, admin_secret=janus.admin_secret, admin_key=janus.admin_key)
    switch = JanusSwitch("bridge-1", settings)
    await switch.kick(room, participant)
    await switch.close()


def is_invoiced(data: Mapping[str, Any]) -> bool:
    conference = data["booking"]["conference"]
    charges = conference["charges"] if conference else []
    return bool(charges) and all(each["invoice"]["status"] == "ISSUED" for each in charges)


def check_invoice(company: Served, ref: str, conference: Mapping[str, Any], folder: Path) -> None:
    legs = conference["legs"]
    ends = sorted((leg["displayName"], leg["endReason"]) for leg in legs)
    assert ends == [("Alice", "kicked"), *[("Bob", "left")] * 2, *[("Carol", "left")] * 2]
    assert sorted(each["leg"]["id"] for each in conference["charges"]) == sorted(leg["id"] for leg in legs)
    (id,) = {each["invoice"]["id"] for each in conference["charges"]}
    invoice = company.ask(INVOICE, id=id)["invoice"]
    base, vat, total = by_hand(company, legs)
    assert (invoice["base"]["amount"], invoice["total"]) == (str(base), {"amount": str(total), "currency": "CZK"})
    assert invoice["vat"] == [{"rate": "21", "amount": {"amount": str(vat)}}]
    assert {line["conference"]["id"] for line in invoice["lines"]} == {conference["id"]}
    assert {each["booking"]["ref"] for each in invoice["trace"]} == {ref}
    documents = {each["kind"]: base64.b64decode(each["contentBase64"]) for each in invoice["documents"]}
    (folder / "invoice.pdf").write_bytes(documents["PDF"])
    check_documents(documents, invoice, {"vat": vat, "total": total})


def check_documents(documents: Mapping[str, bytes], invoice: Mapping[str, Any], sums: Mapping[str, Decimal]) -> None:
    """The page says who pays how much for what; both forms of EN 16931 are valid."""
    (page,) = PdfReader(io.BytesIO(documents["PDF"])).pages
    text = " ".join(page.extract_text().replace("\xa0", " ").split())
    amounts = [f"{amount:.2f}".replace(".", ",") for amount in sums.values()]
    for told in (invoice["number"], invoice["client"]["name"], *amounts):
        assert told in text, text
    assert xml_check_xsd(documents["UBL"], flavor="ubl-2.1-invoice")
    assert xml_check_xsd(documents["CII"], flavor="factur-x", level="en16931")
    assert get_xml_from_pdf(documents["PDF"], check_xsd=True)[1] == documents["CII"]


def by_hand(company: Served, legs: Sequence[Mapping[str, Any]]) -> tuple[Decimal, Decimal, Decimal]:
    """(base, VAT, total) as somebody with a pencil has it; each leg is short, so that it is in one band and one block.

    Base: for each band all its seconds x its price / 60, to the haléř.
    """
    tariff = company.ask(RATES, account=ACCOUNT, at=min(leg["joinedAt"] for leg in legs))["billingAccount"]["tariff"]
    rates = {rate["band"]: rate for rate in tariff["rateVersion"]["rates"] if rate["service"] == "dial-in"}
    assert {tariff["mergeGapsUnderSeconds"], *(rate["minimumCharge"] for rate in rates.values())} == {0, None}
    nets: dict[str, Decimal] = {}
    for leg in legs:
        joined, left = (datetime.fromisoformat(leg[name]) for name in ("joinedAt", "leftAt"))
        seconds = int(left.timestamp()) - int(joined.timestamp())
        band, rest = band_by_hand(joined, tariff["holidays"]), rates[band_by_hand(joined, tariff["holidays"])]
        assert band == band_by_hand(left, tariff["holidays"]), "the call went over a boundary: try again"
        assert 0 < seconds <= rest["firstIncrement"]
        price = Decimal(rest["pricePerMinute"]["amount"])
        nets[band] = nets.get(band, Decimal(0)) + rest["firstIncrement"] * price / 60
    base = sum((haler(net) for net in nets.values()), Decimal(0))
    vat = haler(base * 21 / 100)
    return base, vat, base + vat


def band_by_hand(at: datetime, holidays: Sequence[str]) -> str:
    local = at.astimezone(PRAGUE)
    is_workday = local.weekday() < 5 and f"{local:%Y-%m-%d}" not in holidays
    return "peak" if is_workday and 8 <= local.hour < 18 else "off-peak"


def haler(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
