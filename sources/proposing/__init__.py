"""Proposing how an existing database is mapped: it is looked at, and nothing is decided for anybody.

found = readable(engine, schema)
looking = Database(engine)
matches = matched(requirement, found, looking)
lines = proposal("sales", without_password(url), matches, looking)
"""

from sqlalchemy import make_url

from sources.proposing.looking import Database, readable
from sources.proposing.matching import matched
from sources.proposing.writing import proposal, undecided

__all__ = ["Database", "matched", "proposal", "readable", "undecided", "without_password"]


def without_password(url: str) -> str:
    """As it may stand in a file."""
    return make_url(url)._replace(password=None).render_as_string(hide_password=False)
