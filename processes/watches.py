"""What the reconciler asks for, of every process that somebody or something may have failed to start."""

from __future__ import annotations

from processes.reconcile import Watch

__all__ = ["WATCHES"]

WATCHES: tuple[Watch, ...] = ()
