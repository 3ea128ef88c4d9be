"""Asking the company so that it tells which documents its subgraphs were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.company import Company
from gateway.doors.viewer import Viewer
from gateway.request import GraphQLRequest

__all__ = ["NOT_ASKED", "Told", "told"]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer; `sent` is each document that a subgraph was really sent."""

    data: Any
    errors: tuple[Mapping[str, Any], ...]
    sent: tuple[str, ...]


NOT_ASKED = Told({}, (), ())


async def told(company: Company, text: str, asking: Viewer) -> Told:
    response = await company.gateway.answer(GraphQLRequest(query=text, explain="beside"), company.context(asking))
    plan = response.extensions.get("plan", {"requests": []})
    sent = (f"{each['service']}: {each['document']}" for each in plan["requests"] if each["sent"])
    return Told(response.data, response.errors, tuple(sorted(sent)))
