"""The commands of this room, which gateway/cli.py mounts: they ask and tell the graph, in this process or elsewhere."""

from processes.commands.importing import import_cdr, pieces
from processes.commands.linking import link
from processes.commands.opening import OpenGraph

__all__ = ["OpenGraph", "import_cdr", "link", "pieces"]
