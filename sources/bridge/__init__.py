"""The system bridge: what in fact happened in the conference rooms, and the files that say so.

Nothing received is lost and nothing is taken twice. A leg is in one conference; which one is decided once (domain.md,
section 4, 5 and 26).
"""

from sources.bridge.system import Bridges
from sources.bridge.tables import METADATA

__all__ = ["METADATA", "Bridges"]
