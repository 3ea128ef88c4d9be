"""Links: the cross-reference between sales' clients and billing's accounts."""

from sources.links.system import Links
from sources.links.tables import METADATA

__all__ = ["METADATA", "Links"]
