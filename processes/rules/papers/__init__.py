"""What an invoice or a credit note says on paper, to a bank and to machines: from what was stored when it was issued.

values    Paper, with its parties, lines and VAT
page      the page as text, in Czech: what the template draws
spayd     the payment code of Czech banks
en16931   the same content by the terms of EN 16931, which UBL and CII are made of
"""

from processes.rules.papers.en16931 import en16931
from processes.rules.papers.page import page
from processes.rules.papers.spayd import spayd
from processes.rules.papers.values import Line, Paper, Party, Vat

__all__ = ["Line", "Paper", "Party", "Vat", "en16931", "page", "spayd"]
