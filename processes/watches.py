"""What the reconciler asks for, of every process that somebody or something may have failed to start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from processes.reconcile import Due, Watch
from processes.wire import instant_to_wire

__all__ = ["DOCUMENTS", "WATCHES"]

RETRY_AFTER = timedelta(minutes=10)

CONFERENCES_TO_RETRY = """
query ConferencesToRetry($notTriedSince: DateTime!) {
  conferencesToRetry(notTriedSince: $notTriedSince)
}
"""

DOCUMENTS = (CONFERENCES_TO_RETRY,)


def not_tried_lately(now: datetime) -> Mapping[str, Any]:
    return {"notTriedSince": instant_to_wire(now - RETRY_AFTER)}


def conferences_to_retry(data: Mapping[str, Any]) -> Iterable[Due]:
    return (Due(each) for each in data["conferencesToRetry"] or ())


WATCHES: tuple[Watch, ...] = (
    # A contract may have been signed, an account linked: what was held is rated again.
    Watch("invoice-call", CONFERENCES_TO_RETRY, 30.0, not_tried_lately, conferences_to_retry),
)
