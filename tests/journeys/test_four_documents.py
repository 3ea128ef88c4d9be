"""The salesperson's and the billing specialist's documents, as they stand in the repository, over all systems."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.company import Company
from tests.company import ask

SEARCHES = (None, "novak", "NOVÁK konf", "27604977", "no such client")
INVOICES = "query Invoices($id: ID!) { client(id: $id) { billingAccounts { invoices(last: 100) { id number } } } }"


async def test_salesperson_sees_the_current_billing_period(company_anywhere: Company) -> None:
    """Billing's facts stand on sales' client, through links' cross-reference."""
    answer = await ask(company_anywhere, "ClientProfile", id="CL-00417")
    assert answer.errors == []
    client = answer.data["client"]
    assert client["name"] == "Novák Konference s.r.o."
    assert [each["number"] for each in client["contracts"]] == ["SM-2024-0815"]
    (account,) = client["billingAccounts"]
    assert account["number"] == "7700123"
    period = account["currentPeriod"]
    assert (period["from"], period["to"]) == ("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z")
    assert period["status"] == "OPEN"
    assert len(account["invoices"]) == 3
    assert len(client["bookings"]) == 5


async def test_billing_specialist_pulls_the_latest_contract_rates(company_anywhere: Company) -> None:
    """Sales' rates stand on billing's account: the version in force now, and the next one flagged."""
    answer = await ask(company_anywhere, "LatestRates", number="7700123")
    assert answer.errors == []
    account = answer.data["billingAccount"]
    assert account["client"] == {"name": "Novák Konference s.r.o."}
    rates = account["contractRates"]
    assert (rates["contract"]["number"], rates["version"], rates["validFrom"]) == ("SM-2024-0815", 2, "2026-01-01")
    assert rates["next"] == {"version": 3, "validFrom": "2027-01-01"}
    peak = next(rate for rate in rates["rates"] if (rate["service"], rate["band"]) == ("dial-in", "peak"))
    assert peak["pricePerMinute"] == {"amount": "1.80", "currency": "CZK"}
    assert (peak["firstIncrement"], peak["nextIncrement"]) == (60, 6)


async def test_rates_at_an_earlier_instant_are_those_of_then(company: Company) -> None:
    """Version 1 was in force in 2025, and version 2 followed it."""
    answer = await ask(company, "LatestRates", number="7700123", at="2025-06-01T10:00:00Z")
    rates = answer.data["billingAccount"]["contractRates"]
    assert rates["version"] == 1
    assert rates["next"]["version"] == 2


async def test_rates_of_two_signed_contracts_are_refused_not_guessed(company: Company) -> None:
    """Which of two contracts in one currency holds is nobody's guess: a coded error at the field, the rest stands."""
    answer = await ask(company, "LatestRates", number="7700127")
    assert answer.codes == {"AMBIGUOUS_CONTRACT"}
    assert answer.errors[0]["path"] == ["billingAccount", "contractRates"]
    assert answer.data["billingAccount"]["client"] == {"name": "Dvojí smlouva s.r.o."}


async def test_every_invoice_of_a_client_can_be_traced(company_anywhere: Company) -> None:
    """I15: each line leads to its conference, booking, client and rate version; I3: lines add up to the total."""
    found = await ask(company_anywhere, INVOICES, id="CL-00417")
    invoices = [each for account in found.data["client"]["billingAccounts"] for each in account["invoices"]]
    assert len(invoices) > 10
    for invoice in invoices[-5:]:
        answer = await ask(company_anywhere, "TraceInvoice", id=invoice["id"])
        assert answer.errors == []
        traced = answer.data["invoice"]
        assert traced["account"]["client"]["id"] == "CL-00417"
        for charge in traced["trace"]:
            assert charge["conference"]["booking"]["client"] == {"name": "Novák Konference s.r.o."}
            assert charge["rateVersion"]["contract"]["number"] == "SM-2024-0815"
            assert charge["leg"]["displayName"]
            assert charge["leg"]["joinedAt"] <= charge["from"] < charge["to"] <= charge["leg"]["leftAt"]
        assert {charge["line"]["text"] for charge in traced["trace"]} == {line["text"] for line in traced["lines"]}
        net = sum(Decimal(line["net"]["amount"]) for line in traced["lines"])
        vat = sum(Decimal(each["amount"]["amount"]) for each in traced["vat"])
        assert Decimal(traced["total"]["amount"]) == net + vat


@pytest.mark.parametrize(
    ("document", "variables"),
    [("ClientProfile", {"id": "nobody"}), ("LatestRates", {"number": "0"}), ("TraceInvoice", {"id": "none"})],
)
async def test_unknown_ids_are_null_without_an_error(
    company: Company, document: str, variables: dict[str, str]
) -> None:
    """Nothing failed, there is just nothing."""
    answer = await ask(company, document, **variables)
    assert answer.errors == []
    assert list(answer.data.values()) == [None]


@pytest.mark.service
async def test_all_databases_give_the_same_answers(company: Company, company_on_server: Company) -> None:
    """The same company on SQLite and on a server can't be told apart through the graph."""
    for search in SEARCHES:
        ours = await ask(company, "Clients", search=search)
        theirs = await ask(company_on_server, "Clients", search=search)
        assert ours.errors == theirs.errors == []
        assert ours.data == theirs.data
    listed = await ask(company, "{ clients(first: 25) { edges { node { id billingAccounts { number } } } } }")
    for edge in listed.data["clients"]["edges"]:
        client = edge["node"]
        asked = [("ClientProfile", {"id": client["id"]})]
        asked += [("LatestRates", {"number": account["number"]}) for account in client["billingAccounts"]]
        for document, variables in asked:
            ours = await ask(company, document, **variables)
            theirs = await ask(company_on_server, document, **variables)
            assert (ours.data, ours.errors) == (theirs.data, theirs.errors)
