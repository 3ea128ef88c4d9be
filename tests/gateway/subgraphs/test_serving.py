"""One subgraph alone: what a federation gateway asks of it, and who may ask."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.federation import Schema
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from gateway.composition import SubgraphSdl, compose
from gateway.config import ConfigError, read_settings
from gateway.http.application import make_subgraph_app
from gateway.http.gate import Proof
from gateway.limits import Limits
from gateway.subgraphs.serving import ServedSubgraph, served_sdl

SECRET = "known to the tests alone"  # noqa: S105 - it opens nothing
NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)


@strawberry.federation.type(keys=["number"])
class Account:
    number: strawberry.ID

    @classmethod
    def resolve_reference(cls, number: strawberry.ID) -> "Account | None":
        if number == "broken":
            raise ValueError("the password is hunter2")
        return cls(number=number) if number != "absent" else None


@strawberry.federation.type(keys=["account { number } year"])
class Period:
    account: Account
    year: int

    @classmethod
    def resolve_reference(cls, account: dict[str, Any], year: int) -> "Period":
        return cls(account=Account(number=account["number"]), year=year)


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Client:
    id: strawberry.ID


@strawberry.type
class Query:
    @strawberry.field
    def whose(self, info: strawberry.Info) -> str:
        return str(info.context)

    @strawberry.field
    def client(self) -> Client:
        return Client(id=strawberry.ID("1"))


@strawberry.type
class Mutation:
    @strawberry.mutation
    def paid(self, amount: int) -> int:
        return amount


SCHEMA = Schema(Query, mutation=Mutation, types=[Account, Period], federation_version="2.9")
ENTITIES = (
    "query($of: [_Any!]!) { _entities(representations: $of) { ... on Account { number } ... on Period { year } } }"
)


def client(*, secret: str | None = SECRET, limits: Limits | None = None) -> httpx.AsyncClient:
    """Somebody who asks the subgraph over HTTP."""
    served = ServedSubgraph(
        "billing",
        SCHEMA._schema,
        sdl=SCHEMA.as_str(),
        make_context=lambda request: request.caller,
        clock=lambda: NOW,
        most_objects=(limits or Limits()).answer_objects,
    )

    async def ready() -> Mapping[str, str | None]:
        return {"billing": None}

    app = make_subgraph_app(served, proof=Proof(secret, by_certificate=False), readiness=ready, limits=limits)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def ask(
    query: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **options: Any
) -> httpx.Response:
    async with client(**options) as asking:
        return await asking.post(
            "/graphql",
            json={"query": query, "variables": variables or {}},
            headers={"spojka-secret": SECRET, **(headers or {})},
        )


async def test_sdl_composes_and_has_nothing_of_the_machinery() -> None:
    """A composer gets the types, the keys and the links, and neither `_entities` nor its types."""
    sdl = (await ask("{ _service { sdl } }")).json()["data"]["_service"]["sdl"]
    assert not any(word in sdl for word in ("_entities", "_service", "_Any", "_Entity", "_Service"))
    assert sdl.startswith("extend schema @link(")
    composed = compose([SubgraphSdl("billing", "", sdl)]).supergraph_sdl
    assert composed == compose([SubgraphSdl("billing", "", SCHEMA.as_str())]).supergraph_sdl


def test_query_type_without_fields_of_its_own_is_left_out() -> None:
    """A subgraph may have entities and nothing else."""
    sdl = served_sdl(Schema(types=[Account], federation_version="2.9").as_str())
    assert "type Query" not in sdl
    assert "type Account @key" in sdl


async def test_bad_representation_is_one_error_at_its_index() -> None:
    """The good ones are answered in their places, whatever stands beside them."""
    given: list[Any] = [
        {"__typename": "Account", "number": "1"},
        {"__typename": "Nobody", "number": "1"},
        {"__typename": "Account", "number": "2"},
        {"number": "1"},
        {"__typename": "Account"},
        {"__typename": "Account", "number": None},
        {"__typename": "Account", "number": {"is": "an object"}},
        "Account",
        {"__typename": "Client", "id": "1"},
        {"__typename": "Query"},
        {"__typename": "Period", "account": {"number": "1"}, "year": 2026},
        {"__typename": "Period", "account": {}, "year": 2026},
        {"__typename": "Period", "account": "1", "year": 2026},
        {"__typename": ["Account"], "number": "1"},
        {"__typename": "Account", "number": "absent"},
    ]
    answer = (await ask(ENTITIES, {"of": given})).json()
    assert [index for index, each in enumerate(answer["data"]["_entities"]) if each] == [0, 2, 10]
    refused = {each["path"][1]: each["message"] for each in answer["errors"]}
    assert sorted(refused) == [1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]
    assert refused[1] == "representations[1]: Nobody is not an entity that can be resolved here"
    assert refused[6] == "representations[6]: Account.number is not a value of ID"
    assert refused[12] == "representations[12]: Period.account is not an object"
    assert {each["extensions"]["code"] for each in answer["errors"]} == {"BAD_USER_INPUT"}


async def test_fault_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody raised on purpose stays inside, and costs the others nothing."""
    caplog.set_level(logging.ERROR)
    given = [{"__typename": "Account", "number": number} for number in ("1", "broken")]
    answer = await ask(ENTITIES, {"of": given})
    assert "hunter2" not in answer.text
    assert answer.json()["data"]["_entities"] == [{"number": "1"}, None]
    assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "service": "billing"}
    assert "hunter2" in caplog.text


async def test_mutations_and_limits_are_those_of_a_gateway() -> None:
    """A mutation goes by POST only, and a document has the same bounds."""
    assert (await ask("mutation { paid(amount: 3) }")).json() == {"data": {"paid": 3}}
    async with client() as asking:
        got = await asking.get(
            "/graphql", params={"query": "mutation { paid(amount: 3) }"}, headers={"spojka-secret": SECRET}
        )
    assert got.status_code == 405
    too_deep = (await ask("{ a " * 40 + "}" * 40)).json()
    assert too_deep["errors"][0]["extensions"]["code"] == "DOCUMENT_TOO_DEEP"
    bomb = "{ ...F0 }" + "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(20))
    refused = (await ask(f"{bomb} fragment F20 on Query {{ whose }}")).json()
    assert refused["errors"][0]["extensions"]["code"] == "DOCUMENT_TOO_LARGE"
    many = " ".join(f"a{n}: _entities(representations: []) {{ __typename }}" for n in range(11))
    refused = (await ask(f"{{ {many} }}", limits=Limits(answer_objects=100))).json()
    assert refused["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "data" in (await ask(f"{{ {many} }}", limits=Limits(answer_objects=110))).json()
    variable = (await ask("mutation($n: Int!) { paid(amount: $n) }", {"n": "x"})).json()
    assert "data" not in variable
    assert variable["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("sent", [None, "", "known to the tests alon", "Known to the tests"])
async def test_without_the_secret_nothing_is_told(sent: str | None) -> None:
    """Not even the schema; and nothing of the request is read."""
    async with client() as asking:
        headers = {} if sent is None else {"spojka-secret": sent.encode()}
        answer = await asking.post("/graphql", content=b"{", headers=headers)
        twice = await asking.post("/graphql", json={}, headers=[("spojka-secret", SECRET), ("spojka-secret", SECRET)])
        assert (await asking.get("/health")).status_code == 200
    assert (answer.status_code, twice.status_code) == (401, 401)
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_caller_is_who_the_gateway_says_and_nobody_else() -> None:
    """Idempotency keys are each caller's own, so the name counts only beside the secret."""
    said = {"spojka-caller": "jana.kralova", "authorization": "Bearer of a user"}
    assert (await ask("{ whose }", headers=said)).json() == {"data": {"whose": "jana.kralova"}}
    assert (await ask("{ whose }")).json() == {"data": {"whose": "gateway"}}
    assert (await ask("{ whose }", headers=said, secret=None)).json() == {"data": {"whose": "anonymous"}}
    assert (await ask("{ whose }", headers={"spojka-caller": "x" * 201})).status_code == 400


async def test_open_subgraph_answers_to_this_machines_names_only() -> None:
    """A page of another site can point a name of its own here; with a secret it gains nothing by it."""
    async with client(secret=None) as asking:
        foreign = await asking.post("/graphql", json={"query": "{ whose }"}, headers={"host": "evil.example"})
    assert foreign.status_code == 400
    assert (await ask("{ whose }", headers={"host": "billing.internal"})).status_code == 200


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('secret_env = "ABSENT"', "subgraph.secret_env: the secret there is not 16 or more"),
        ('secret_env = "SHORT"', "subgraph.secret_env: the secret there is not 16 or more"),
        ('secret_file = "absent"', "subgraph.secret_file: absent can't be read"),
        ('secret_env = "GOOD"\nsecret_file = "x"', "subgraph.secret_file: there is a secret_env too"),
        ('client_ca = "spojka.toml"', "subgraph.client_ca: TLS needs a certificate and its key"),
        ('certificate = "spojka.toml"\nkey = "absent"', "subgraph.key: there is no file absent"),
    ],
)
def test_wrong_settings_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, problem: str
) -> None:
    """A subgraph never stands open because a secret was misnamed."""
    monkeypatch.chdir(tmp_path)
    file = Path("spojka.toml")
    file.write_text(f"[subgraph]\n{written}\n")
    with pytest.raises(ConfigError, match=r"spojka\.toml:[23]: ") as refused:
        read_settings(tmp_path, {"SHORT": "short", "GOOD": SECRET}, systems=("billing",), file=file)
    assert problem in str(refused.value)
    assert SECRET not in str(refused.value)


def test_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    """It is never in the settings themselves, and never printed with them."""
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    file = tmp_path / "spojka.toml"
    for written in ('secret_env = "GOOD"', f'secret_file = "{tmp_path}/secret"'):
        file.write_text(f"[subgraph]\n{written}\n")
        settings = read_settings(tmp_path, {"GOOD": SECRET}, systems=("billing",), file=file)
        assert settings.subgraph.secret == SECRET
        assert settings.subgraph.is_closed
        assert SECRET not in repr(settings)
