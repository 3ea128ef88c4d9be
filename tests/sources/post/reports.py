"""What comes into a mailbox of bounces: reports of several servers, and what is none."""

from __future__ import annotations

__all__ = ["PLAIN", "REPLY", "VACATION", "a_report"]

VACATION = b"""Return-Path: <>
To: bounces+c7-1@example.org
From: jan@example.cz
Subject: Automaticka odpoved
Auto-Submitted: auto-replied
In-Reply-To: <c7-1@mail.example.org>

I am on holiday.
"""

REPLY = b"""To: bounces@example.org
From: eva@example.cz
Subject: Re: Zmena ceniku
References: <c7-1@mail.example.org>

What is this about? Status: 5.1.1
"""

PLAIN = b"""Return-Path: <>
To: bounces@example.org
Subject: failure notice

<jan@example.cz>: sorry, no mailbox here by that name.
"""


def a_report(
    *,
    to: str = "bounces@example.org",
    status: str = "5.1.1",
    action: str = "failed",
    returned: str | None = "<c7-1@mail.example.org>",
    more: str = "",
    kind: str = "message/delivery-status",
    recipient: str = "jan@example.cz",
) -> bytes:
    """A report of RFC 3464 about one recipient; `returned` is the Message-ID in the headers that come back."""
    headers = f"""--=_b
Content-Type: text/rfc822-headers

Message-ID: {returned}
Subject: =?utf-8?q?Zm=C4=9Bna?=

"""
    return f"""Return-Path: <>
From: MAILER-DAEMON@relay.example.cz
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

It didn't work.

--=_b
Content-Type: {kind}

Reporting-MTA: dns; relay.example.cz
{more}
Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}> user unknown

{headers if returned else ""}--=_b--
""".replace("\n", "\r\n").encode()
