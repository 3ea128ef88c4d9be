"""The company's sketch: it composes, and the traps that its design avoids are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphql import build_schema

from gateway.composition import CompositionError, Problem, SubgraphSdl, compose
from tests.gateway.composition.tables import sketch


def changed(name: str, *changes: tuple[str, str]) -> list[SubgraphSdl]:
    """The sketch with texts of one subgraph replaced; each must be there."""
    subgraphs = {subgraph.name: subgraph for subgraph in sketch()}
    sdl = subgraphs[name].sdl
    for old, new in changes:
        assert old in sdl
        sdl = sdl.replace(old, new)
    return [*(subgraphs | {name: replace(subgraphs[name], sdl=sdl)}).values()]


def refused(subgraphs: list[SubgraphSdl]) -> list[Problem]:
    with pytest.raises(CompositionError) as refusal:
        compose(subgraphs)
    return list(refusal.value.problems)


def test_sketch_composes_without_hints() -> None:
    """The sketch composes to a valid schema, without hints."""
    composition = compose(sketch())
    schema = build_schema(composition.supergraph_sdl)
    assert schema.query_type is not None
    assert composition.hints == ()


def test_sales_must_let_itself_be_entered() -> None:
    """A @requires field needs a resolvable key: without one, nothing leads to it."""
    old = 'type BillingAccount @key(fields: "number")'
    (problem,) = refused(changed("sales", (old, 'type BillingAccount @key(fields: "number", resolvable: false)')))
    assert problem.code == "SATISFIABILITY_ERROR"
    assert problem.coordinate == "BillingAccount.contractRates"
    assert "`query { billingAccount { contractRates } }`" in problem.message
    assert "sales has it but has no resolvable @key for BillingAccount" in problem.message
    assert "billing doesn't have BillingAccount.contractRates" in problem.message


def test_links_must_keep_the_arguments_that_sales_knows() -> None:
    """An external field has the arguments of what it stands for, so a field with a new one is a new field."""
    (problem,) = refused(
        changed("links", ("client: Client", "client(at: DateTime): Client"), ("type C", "scalar DateTime type C"))
    )
    assert problem.code == "EXTERNAL_ARGUMENT_MISSING"
    assert problem.coordinate == "BillingAccount.client(at:)"
    assert problem.subgraphs == ("sales",)
    assert problem.line == sketch_line("sales", "client: Client @external")


def test_contract_rates_must_ask_what_they_require() -> None:
    """A @requires field asks no less than what it requires."""
    imports = ('"@requires"]', '"@requires", "@requiresScopes"]')
    subgraphs = changed(
        "sales", imports, ("RateVersion @requires", 'RateVersion @requiresScopes(scopes: [["sales"]]) @requires')
    )
    links = changed("links", imports, ("client: Client", 'client: Client @requiresScopes(scopes: [["links"]])'))
    names = {subgraph.name: subgraph for subgraph in subgraphs}
    names["links"] = next(subgraph for subgraph in links if subgraph.name == "links")
    (problem,) = refused([*names.values()])
    assert problem.code == "MISSING_TRANSITIVE_AUTH_REQUIREMENTS"
    assert problem.coordinate == "BillingAccount.contractRates"
    assert '@requiresScopes(scopes: [["links"]])' in problem.message


def test_several_problems_are_told_at_once() -> None:
    """One run shows the problems of all subgraphs, each with its line."""
    old = 'type Client @key(fields: "id")'
    broken = {subgraph.name: subgraph for subgraph in changed("links", (old, 'type Client @key(fields: "nr")'))}
    broken["sales"] = next(
        subgraph
        for subgraph in changed("sales", (old, 'type Client @key(fields: "number")'))
        if subgraph.name == "sales"
    )
    problems = refused([*broken.values()])
    assert [(problem.code, problem.subgraphs, problem.line) for problem in problems] == [
        ("KEY_INVALID_FIELDS", ("links",), sketch_line("links", old)),
        ("KEY_INVALID_FIELDS", ("sales",), sketch_line("sales", old)),
    ]


def sketch_line(name: str, text: str) -> int:
    (subgraph,) = (subgraph for subgraph in sketch() if subgraph.name == name)
    return next(number for number, line in enumerate(subgraph.sdl.splitlines(), 1) if text in line)
