"""The system processes: runs and their steps, who started them, who carries them out, what came of them."""

from sources.processes.system import Processes
from sources.processes.tables import METADATA

__all__ = ["METADATA", "Processes"]
