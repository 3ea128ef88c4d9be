"""GraphiQL in a real browser: as each role, with the plan of what is in the editor."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from resolvers.roles import ROLES
from tests.browser.conftest import OpenPage, Site

pytestmark = pytest.mark.service

PEOPLE = [role for role in ROLES if role != "processes"]
FIVE_SYSTEMS = {"sales", "links", "reservations", "bridge", "billing"}


def choose(page: Page, role: str) -> None:
    """Its tabs are open, and the first one's variables are there."""
    page.get_by_label("Ask as").select_option(role)
    expect(page.locator(".graphiql-query-editor")).to_contain_text("query")
    expect(page.locator(".graphiql-editor-tool")).to_contain_text('"')


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tablist").get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".graphiql-query-editor")).to_contain_text(name)
    expect(page.locator(".graphiql-editor-tool")).to_contain_text('"')


def run(page: Page) -> Any:
    """The answer to what is in the editor, once GraphiQL shows it."""
    with page.expect_response(lambda response: response.url.endswith("/graphql")) as answered:
        page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text('"data"')
    return answered.value.json()


def show_plan(page: Page) -> None:
    page.get_by_role("button", name="Show Query plan").click()


def test_every_role_has_tabs_of_its_own_and_runs_them(open_page: OpenPage, site: Site) -> None:
    """The chooser fills in the token; the examples of a role are what that role may ask."""
    page = open_page(site, "/")
    seen = set()
    for role in PEOPLE:
        choose(page, role)
        tabs = page.get_by_role("tab")
        expect(tabs.first).to_be_visible()
        seen.add(tuple(tabs.all_inner_texts()))
        answer = run(page)
        assert "errors" not in answer, role
        assert None not in answer["data"].values(), role
    assert len(seen) >= 5
    assert page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})").count("eyJ") == 0


def test_role_and_tab_are_there_again_after_a_reload(open_page: OpenPage, site: Site) -> None:
    """With the tab's variables; the token is fetched anew, as it was kept nowhere."""
    page = open_page(site, "/")
    choose(page, "billing-specialist")
    open_tab(page, "LatestRates")
    expect(page.locator(".graphiql-editor-tool")).to_contain_text("7700123")
    page.wait_for_timeout(1500)  # GraphiQL keeps its tabs a moment after a change
    page.reload()
    expect(page.get_by_label("Ask as")).to_have_value("billing-specialist")
    expect(page.locator(".graphiql-query-editor")).to_contain_text("LatestRates")
    expect(page.locator(".graphiql-editor-tool")).to_contain_text("7700123")
    assert "errors" not in run(page)


def test_plan_of_what_is_in_the_editor_is_drawn_before_and_after_a_run(open_page: OpenPage, site: Site) -> None:
    """Which system is asked what, what waits for what; after a run how long each took and for how many entities."""
    page = open_page(site, "/")
    choose(page, "manager")
    open_tab(page, "ClientProfile")
    show_plan(page)
    plan = page.get_by_role("region", name="Query plan")
    requests = plan.get_by_role("listitem")
    expect(requests).to_have_count(5)
    expect(plan).to_contain_text("Run it to see the times")
    assert {re.sub(r"\d+\. ", "", each) for each in plan.locator(".plan-service").all_inner_texts()} == FIVE_SYSTEMS
    answer = run(page)
    assert len(answer["extensions"]["plan"]["requests"]) == 5
    expect(plan).to_contain_text("the last run took")
    expect(plan.locator(".plan-bar")).to_have_count(5)
    expect(requests.nth(1)).to_contain_text(re.compile(r"1 entity · \d+\.\d ms"))
    expect(requests.nth(1)).to_contain_text("waits for 1")
    expect(page.locator(".result-window")).not_to_contain_text("extensions")
    requests.nth(1).get_by_role("button").click()
    expect(plan.get_by_role("figure")).to_contain_text("_entities(representations: $representations)")


def test_drawing_the_plan_of_a_mutation_executes_nothing(open_page: OpenPage, site: Site) -> None:
    """Only the button does."""
    page = open_page(site, "/")
    choose(page, "billing-specialist")
    open_tab(page, "InvoiceConference")
    show_plan(page)
    expect(page.get_by_role("region", name="Query plan")).to_contain_text("1. processes")
    token = httpx.get(f"{site.address}/demo/token", params={"role": "manager"}).json()["token"]
    query = '{ conference(id: "CF-2026-000127") { charges { seconds } invoicing { id } } }'
    asked = httpx.post(f"{site.address}/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"})
    assert asked.json() == {"data": {"conference": {"charges": [], "invoicing": None}}}


def test_plan_is_not_for_every_role(open_page: OpenPage, site: Site) -> None:
    """Who may not see it is told what is needed, and still gets answers."""
    page = open_page(site, "/")
    choose(page, "salesperson")
    show_plan(page)
    expect(page.get_by_role("region", name="Query plan")).to_contain_text("plan:read")
    assert "errors" not in run(page)


def test_mistake_in_the_editor_is_said_in_the_pane(open_page: OpenPage, site: Site) -> None:
    """While somebody types, the plan's pane says what is wrong instead of an old plan."""
    page = open_page(site, "/")
    choose(page, "manager")
    show_plan(page)
    page.locator(".graphiql-query-editor").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("{ nothing ")
    expect(page.get_by_role("region", name="Query plan")).to_contain_text("No plan: ")
