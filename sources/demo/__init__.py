"""The demo company: believable records of every system, the same ones every time for the same day.

    made = make_company(databases, today=date(2026, 11, 24), rules=rules)

`cast.py` names the few clients, accounts and bookings that documents and tests can rely on, whatever day it is.
"""

from sources.demo.cast import SELLER
from sources.demo.company import Company, company_of
from sources.demo.making import ADDED, SYSTEMS, make_company
from sources.demo.rules import DemoRules, Rated

__all__ = ["ADDED", "SELLER", "SYSTEMS", "Company", "DemoRules", "Rated", "company_of", "make_company"]
