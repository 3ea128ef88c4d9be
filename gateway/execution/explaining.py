"""The plan of one request as clients may see it: which subgraph is asked what, what waits for what, how long each took.

    {"requests": [{"id": 2, "service": "billing", "kind": "entities", "paths": ["client.billingAccounts.@"],
                   "waitsFor": [1], "document": "query($representations: ...", "sent": [
                       {"startMs": 4.1, "durationMs": 2.3, "entities": 1}]}]}

`sent` is None where nothing was executed, empty for a request that had nothing to ask for, and has several entries for
one whose calls had to be sent apart. Times count from the first call. Documents and paths tell how a company is built,
so the plan is for viewers with the scope plan:read alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.execution.executing import PreparedRequest
from gateway.planning.printing import place_of
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.protocol import RequestContext, Sent

__all__ = ["SCOPE", "beside", "instead"]

SCOPE = "plan:read"
_REFUSED = {"message": f"plans are for viewers with the scope {SCOPE}", "extensions": {"code": "FORBIDDEN"}}


def beside(request: GraphQLRequest, requests: Sequence[PreparedRequest], context: RequestContext) -> Mapping[str, Any]:
    """The extensions of an answer: the plan and how it went, if that was wanted by somebody who may see it."""
    if request.explain != "beside" or SCOPE not in context.viewer.scopes:
        return {}
    began = min((each.started for each in context.sent), default=0.0)
    sent = {
        each.request.id: [_sent(one, began) for one in context.sent if one.request == each.request.id]
        for each in requests
    }
    return {"plan": {"requests": [{**_request(each), "sent": sent[each.request.id]} for each in requests]}}


def instead(requests: Sequence[PreparedRequest], context: RequestContext) -> GraphQLResponse:
    """The plan alone: nothing is executed, so `data` is empty."""
    if SCOPE not in context.viewer.scopes:
        return GraphQLResponse(errors=(_REFUSED,), executed=False)
    plan = {"requests": [{**_request(each), "sent": None} for each in requests]}
    return GraphQLResponse(data={}, extensions={"plan": plan})


def _request(prepared: PreparedRequest) -> dict[str, Any]:
    request = prepared.request
    return {
        "id": request.id,
        "service": request.service,
        "kind": request.kind,
        "paths": [place_of(fetch) for fetch in request.fetches],
        "waitsFor": sorted(request.waits_for),
        "document": prepared.operation.text,
    }


def _sent(sent: Sent, began: float) -> dict[str, Any]:
    return {
        "startMs": round((sent.started - began) * 1000, 2),
        "durationMs": round(sent.seconds * 1000, 2),
        "entities": sent.representations,
    }
