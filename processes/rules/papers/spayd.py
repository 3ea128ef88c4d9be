"""SPAYD, the payment code that Czech banking applications read from a QR code (version 1.0 of the standard)."""

from __future__ import annotations

import re

from processes.rules.papers.values import Paper

__all__ = ["spayd"]

LONGEST_SYMBOL = 10
LONGEST_AMOUNT = 10


def spayd(paper: Paper) -> str | None:
    """`SPD*1.0*ACC:CZ65...*AM:175.27*CC:CZK*X-VS:2026000001*DT:20261209*MSG:FAKTURA 2026000001`.

    None where nothing is to be paid by a transfer: a credit note, a seller without an account, a total that is not
    above zero or longer than the code has place for. Capitals and digits alone, so that the QR code stays small;
    nothing that a customer is called is in it.
    """
    iban = re.sub(r"\s", "", paper.seller.iban or "").upper()
    total = f"{paper.total:.2f}"
    if paper.is_credit_note or not iban or paper.total <= 0 or len(total) > LONGEST_AMOUNT:
        return None
    symbol = [f"X-VS:{paper.number}"] if paper.number.isdigit() and len(paper.number) <= LONGEST_SYMBOL else []
    parts = [
        "SPD*1.0",
        f"ACC:{iban}",
        f"AM:{total}",
        f"CC:{paper.currency}",
        *symbol,
        f"DT:{paper.due_on:%Y%m%d}",
        f"MSG:FAKTURA {paper.number}",
    ]
    return "*".join(parts)
