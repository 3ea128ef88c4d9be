"""Requests that Schemathesis makes from the schema, against the real server: answers, or refusals with a reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

from tests.conformance.running import asked, free_port, running, spojka

ROOT = Path(__file__).parents[3]
EXAMPLES = 12  # for each field of Query and Mutation
# What a request that is valid on this schema may be told. Anything else is a fault of ours.
REASONS = {
    "AMBIGUOUS_CONTRACT",
    "BAD_USER_INPUT",
    "FORBIDDEN",
    "IDEMPOTENCY_KEY_REUSED",
    "NO_CDR_ZONE",
    "QUERY_TOO_COMPLEX",
    "DOCUMENT_TOO_LARGE",
    "DOCUMENT_TOO_DEEP",
    "UNKNOWN_BRIDGE",
    "UNKNOWN_LEG",
}
INTROSPECTION = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }"

scalar("Date", st.dates().map(lambda day: nodes.String(day.isoformat())))
scalar("DateTime", st.datetimes().map(lambda at: nodes.String(f"{at.isoformat(timespec='seconds')}Z")))
scalar("Decimal", st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: nodes.String(f"{number:f}")))


@pytest.fixture(scope="module")
def served(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The URL of the gateway on a company of its own, and the headers of its manager and of its processes."""
    folder = tmp_path_factory.mktemp("generated")
    data = Path(shutil.copytree(made, folder / "data"))
    port = free_port()
    with running(
        spojka("serve", "--port", str(port), "--data", str(data)), url=f"http://127.0.0.1:{port}/health", cwd=folder
    ):
        tokens = [
            subprocess.run(
                spojka("token", "--role", role, "--data", str(data)),
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            for role in ("manager", "processes")
        ]
        yield f"http://127.0.0.1:{port}/graphql", [{"authorization": f"Bearer {token}"} for token in tokens]


def test_generated_requests_are_answered_or_refused_for_a_reason(served: tuple[str, list[dict[str, str]]]) -> None:
    """No 5xx, no answer that the specification doesn't know, no fault of ours behind an error."""
    url, (headers, of_processes) = served
    roots = asked(url, INTROSPECTION, headers=headers)["data"]["__schema"].values()
    schema = schemathesis.graphql.from_url(url, headers=headers)
    tried = []
    for found in schema.get_all_operations():
        operation = found.ok()
        tried.append(operation.label)
        _try(operation, headers, of_processes)
    assert len(tried) == sum(len(root["fields"]) for root in roots)


def _try(operation: Any, headers: dict[str, str], of_processes: dict[str, str]) -> None:
    """As the manager; what is for processes alone is refused then, and tried as they."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def requests(case: Any) -> None:
        response = case.call(headers={**headers, "accept": "application/graphql-response+json"})
        if response.status_code == 403:
            response = case.call(headers={**of_processes, "accept": "application/graphql-response+json"})
        _check(response.status_code, response.headers["content-type"][0], response.content, case.body)

    requests()


def _check(status: int, content_type: str, content: bytes, sent: Any) -> None:
    answer = json.loads(content)
    assert content_type.startswith("application/graphql-response+json"), sent
    assert set(answer) <= {"data", "errors"}, sent
    assert "data" not in answer if status == 400 else status == 200, (sent, answer)
    for error in answer.get("errors", ()):
        assert set(error) <= {"message", "locations", "path", "extensions"}, (sent, error)
        assert error["extensions"]["code"] in REASONS, (sent, error)
