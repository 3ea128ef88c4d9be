"""The profile page in a real browser: what a salesperson and a billing specialist do with it, and what they see when a
system is down or a door is shut."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from playwright.sync_api import Page, expect

from sources.demo.cast import AMBIGUOUS_ACCOUNT, EURO, MAIN
from tests.browser.conftest import ROOT, SPOJKA, OpenPage, Site, serving

DOCUMENTS = sorted((ROOT / "resolvers" / "profile_page" / "documents").glob("*.graphql"))
service = pytest.mark.service


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_page_asks_only_what_the_graph_has(document: Path) -> None:
    """The page's documents hold against the API schema, so a change there that breaks the page is seen here."""
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    assert validate(schema, parse(document.read_text(encoding="utf-8"))) == []


def become(page: Page, role: str) -> None:
    page.get_by_label("Role").select_option(role)


def search(page: Page, text: str) -> None:
    page.get_by_role("searchbox").press_sequentially(text, delay=20)


@service
def test_salesperson_finds_a_client_and_sees_how_things_are(open_page: OpenPage, site: Site) -> None:
    """Found by part of the name without diacritics: contracts, accounts, current period, open invoices, last calls."""
    page = open_page(site, "/app/")
    become(page, "salesperson")
    search(page, "novak konf")
    page.get_by_role("link", name=MAIN.name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MAIN.name)
    expect(page.locator("main")).to_contain_text(MAIN.contracts[0])
    expect(page.get_by_role("link", name=f"Account {MAIN.accounts[0]}")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Not billed yetCZK")
    expect(page.get_by_role("heading", name="Open invoices")).to_be_visible()
    calls = page.locator("section", has=page.get_by_role("heading", name="Last calls"))
    expect(calls.locator(".calls > li")).to_have_count(10)
    calls.get_by_text("participants").first.click()
    expect(calls.locator("details[open] li").first).to_contain_text("dial-")
    expect(page.locator(".note")).to_have_count(0)


@service
def test_client_is_found_by_company_number_too(open_page: OpenPage, site: Site) -> None:
    """The search's address can be kept and shared."""
    page = open_page(site, "/app/#/find/27604977")
    expect(page.get_by_role("link", name=MAIN.name)).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("27604977")


@service
def test_billing_specialist_makes_an_invoice_and_issues_it(open_page: OpenPage, site: Site) -> None:
    """From the account's number by way of a call that is not charged to a draft, and to an invoice with a number."""
    page = open_page(site, "/app/")
    become(page, "billing-specialist")
    search(page, EURO.accounts[0])
    page.get_by_role("link", name=f"Open account {EURO.accounts[0]}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(EURO.accounts[0])
    rates = page.locator("section", has=page.get_by_role("heading", name="Rates in force"))
    expect(rates).to_contain_text(EURO.contracts[0])
    expect(rates.get_by_role("row")).to_have_count(7)
    calls = page.locator("section", has=page.get_by_role("heading", name="Calls not charged yet"))
    expect(calls).to_contain_text(EURO.conference)
    calls.get_by_role("button", name="Put on invoice").click()
    expect(page.get_by_text("Draft of an invoice")).to_be_visible()
    page.get_by_role("button", name="Issue").click()
    page.get_by_role("dialog").get_by_role("button", name="Issue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("issued")
    expect(page.get_by_role("button", name="Issue")).to_have_count(0)
    number = page.get_by_role("heading", level=1).inner_text().split()[0]
    assert number.isdecimal()
    page.get_by_role("link", name=EURO.accounts[0]).click()
    expect(page.get_by_role("link", name=number)).to_be_visible()
    expect(page.locator("section", has_text="Calls not charged yet")).to_contain_text("none")


@service
def test_refusal_is_said_beside_the_button(open_page: OpenPage, site: Site) -> None:
    """A booking that names no account of two: nothing is guessed, and the page says what the graph says."""
    page = open_page(site, f"/app/#/account/{AMBIGUOUS_ACCOUNT.accounts[0]}")
    become(page, "billing-specialist")
    call = page.locator("li", has_text=AMBIGUOUS_ACCOUNT.conference)
    call.get_by_role("button", name="Put on invoice").click()
    expect(call.get_by_role("status")).to_contain_text("ambiguous-account")


@service
def test_salesperson_has_no_button_that_would_be_refused(open_page: OpenPage, site: Site) -> None:
    """What the token doesn't allow isn't offered."""
    page = open_page(site, f"/app/#/account/{MAIN.accounts[0]}")
    become(page, "salesperson")
    expect(page.get_by_role("heading", name="Rates in force")).to_be_visible()
    expect(page.get_by_role("button", name="Put on invoice")).to_have_count(0)


@service
@pytest.mark.parametrize("system", ["billing", "bridge", "links"])
def test_system_that_is_down_is_named_and_nothing_looks_empty(open_page: OpenPage, site: Site, system: str) -> None:
    """What the others know is there; what is missing says whose it is; when the system is back, so is everything."""
    page = open_page(site, f"/app/#/client/{MAIN.client}")
    become(page, "salesperson")
    expect(page.get_by_role("heading", name="Last calls")).to_be_visible()
    empty = page.get_by_text("none", exact=True).count()  # on some days the client has no open invoice
    with site.without(system):
        page.reload()
        expect(page.get_by_text(f"Not answering now: {system}.")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text(MAIN.name)
        expect(page.get_by_text(f"{system} is down").first).to_be_visible()
        assert page.get_by_text("none", exact=True).count() <= empty
        if system == "bridge":
            expect(page.get_by_text("no call records")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="Last calls")).to_be_visible()
    expect(page.locator(".note")).to_have_count(0)


@service
def test_client_of_another_salesperson_is_a_name_and_the_rest_not_allowed(open_page: OpenPage, site: Site) -> None:
    """Never as if there were none: neither a field, nor a list, nor an object. The manager sees the same page whole."""
    page = open_page(site, "/app/")
    become(page, "salesperson")
    search(page, EURO.name.split()[0])
    page.get_by_role("link", name=EURO.name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(EURO.name)
    expect(page.get_by_text("not allowed", exact=True).first).to_be_visible()
    expect(page.get_by_text("none", exact=True)).to_have_count(0)
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text(EURO.contracts[0])
    expect(page.locator("main")).not_to_contain_text(EURO.accounts[0])
    become(page, "manager")
    expect(page.locator("main")).to_contain_text(EURO.contracts[0])
    expect(page.get_by_text("not allowed", exact=True)).to_have_count(0)


@service
def test_page_speaks_czech_to_czechs(open_page: OpenPage, site: Site) -> None:
    """By the browser's language, and by a button."""
    page = open_page(site, f"/app/#/client/{MAIN.client}", locale="cs-CZ", color_scheme="dark")
    expect(page.get_by_role("heading", name="Poslední hovory")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Last calls")).to_be_visible()


@service
def test_page_works_with_a_pasted_token_and_listed_documents_alone(
    open_page: OpenPage, site: Site, tmp_path: Path
) -> None:
    """Where it is no demo there is no chooser; where only listed documents are answered, the page's are among them."""
    data = Path(shutil.copytree(site.data, tmp_path / "data"))
    (tmp_path / "persisted.json").write_text(json.dumps({"1": "{ __typename }"}))
    settings = '[doors]\nembedded = true\n[persisted]\nmanifest = "persisted.json"\nonly = true\n'
    with serving(data, tmp_path, settings=settings) as closed:
        page = open_page(closed, f"/app/#/client/{MAIN.client}")
        expect(page.get_by_label("Role")).to_have_count(0)
        command = [SPOJKA, "token", "--role", "manager", "--data", data]
        token = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        page.get_by_placeholder("paste a token").fill(token)
        page.get_by_role("button", name="Use").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(MAIN.name)
