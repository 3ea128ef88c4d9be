"""Messages with good defaults, and where they are from."""

from __future__ import annotations

from typing import Any

from sources.post import Message, Origin

__all__ = ["ORIGIN", "a_message"]

ORIGIN = Origin(domain="mail.example.org", return_path="bounces@example.org", unsubscribe_mailto="odhlasit@example.org")


def a_message(*, name: str = "c7-12", **more: Any) -> Message:
    """A notice of a letter; `name` is the left of its Message-ID."""
    usual: dict[str, Any] = {
        "message_id": ORIGIN.message_id(name),
        "sender": "Konference po telefonu s.r.o. <info@example.org>",
        "recipient_name": "Žaneta Šťastná",
        "recipient": "zaneta@example.cz",
        "subject": "Změna ceníku od 1. ledna 2027",
        "text": "Vážená paní Šťastná,\n\nv nejbližších dnech Vám přijde dopis.\n",
        "campaign": "c7",
    }
    return Message(**{**usual, **more})
