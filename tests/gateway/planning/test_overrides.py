"""Progressive overrides: two subgraphs have a field, and a label says which of them is asked."""

import pytest

from gateway.pipeline import Gateway
from gateway.planning.labels import Labels
from gateway.request import GraphQLRequest
from gateway.subgraphs.protocol import RequestContext
from tests.gateway.federation import NOW, World, thing

OLD = """
type Query { account: Account }
type Account @key(fields: "no") { no: ID! balance: Int limit: Int }
"""
NEW = """
type Account @key(fields: "no") { no: ID!
  balance: Int @override(from: "old", label: "percent(25)")
  limit: Int @override(from: "old", label: "limits-moved") }
"""


async def asked(labels: Labels, fields: str) -> list[str]:
    """Which subgraphs were asked for the account's fields."""
    account = thing("Account", no="1", balance=7, limit=9)
    world = World({"old": OLD, "new": NEW}, [account], query={"account": account}, active_labels=labels.always)
    world.drawn = labels.draw()
    found = await world.data(f"{{ account {{ {fields} }} }}")
    assert {**found["account"]} == {name: account.values[name] for name in fields.split()}
    return world.services


@pytest.mark.parametrize(("drawn", "services"), [(0.0, ["old", "new"]), (24.9, ["old", "new"]), (25.0, ["old"])])
async def test_share_of_requests_is_answered_by_the_new_subgraph(drawn: float, services: list[str]) -> None:
    """percent(25): below 25 of 100."""
    assert await asked(Labels(draw=lambda: drawn), "balance") == services


async def test_other_labels_are_active_where_somebody_says_so() -> None:
    """And only those: the draw has nothing to say about them."""
    assert await asked(Labels(draw=lambda: 0.0), "limit") == ["old"]
    assert await asked(Labels(frozenset({"limits-moved"}), draw=lambda: 99.0), "limit") == ["old", "new"]
    assert await asked(Labels(frozenset({"limits-moved"}), draw=lambda: 99.0), "balance") == ["old"]
    assert await asked(Labels(frozenset({"limits-moved"}), draw=lambda: 1.0), "balance limit") == ["old", "new"]


async def test_plans_are_kept_apart_by_what_is_active() -> None:
    """One document, drawn differently each time."""
    account = thing("Account", no="1", balance=7)
    world = World({"old": OLD, "new": NEW}, [account], query={"account": account})
    drawn = iter([1.0, 99.0, 1.0, 99.0])
    gateway = Gateway(world.supergraph, world.subgraphs, labels=Labels(draw=lambda: next(drawn)))
    counts = []
    for _ in range(4):
        world.asked.clear()
        await gateway.answer(GraphQLRequest(query="{ account { balance } }"), RequestContext(now=NOW))
        counts.append(len(world.asked))
    assert counts == [2, 1, 2, 1]


def test_one_draw_decides_all_shares() -> None:
    """Who is among 5 % is among 25 % too, so there are few plans; what is no percentage has no share."""
    labels = ["percent(5)", "percent(25)", "percent(0.5)", "percent(100)", "whatever", "percent(x)"]
    assert Labels(draw=lambda: 4.0).active(labels) == {"percent(5)", "percent(25)", "percent(100)"}
    assert Labels(draw=lambda: 99.99).active(labels) == {"percent(100)"}
    draws = {len(Labels().active(["percent(50)"])) for _ in range(200)}
    assert draws == {0, 1}
