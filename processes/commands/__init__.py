"""The commands of this room, which gateway/cli.py mounts: they ask and tell the graph, in this process or elsewhere."""

from processes.commands.catching_up import invoice_backlog
from processes.commands.feeding import make_feed
from processes.commands.importing import import_cdr, pieces
from processes.commands.invoicing import invoice
from processes.commands.linking import link
from processes.commands.mailing import mailing
from processes.commands.opening import OpenGraph
from processes.commands.watching import processes

__all__ = [
    "OpenGraph",
    "import_cdr",
    "invoice",
    "invoice_backlog",
    "link",
    "mailing",
    "make_feed",
    "pieces",
    "processes",
]
