"""The system billing: accounts, periods, the prices applied to calls, and invoices.

It stores and counts; how lines, sums, periods and dates come about are rules, which are handed in (`rules.py`).
"""

from sources.billing.hashing import content_hash
from sources.billing.rules import InvoiceRules
from sources.billing.system import Billing, TooManyToMake
from sources.billing.tables import METADATA

__all__ = ["METADATA", "Billing", "InvoiceRules", "TooManyToMake", "content_hash"]
