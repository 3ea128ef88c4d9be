"""Where the command `spojka` begins.

`spojka serve --supergraph` needs nothing of the company, whose rooms take longer to import than a gateway may take to
answer; so it alone goes its own way (gateway/commands/serving.py), and all the rest through gateway/cli.py.
"""

import importlib
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main() -> None:
    """Runs the command that was typed."""
    if is_standalone(sys.argv[1:]):
        importlib.import_module("gateway.commands.serving").serve.main(args=sys.argv[2:], prog_name="spojka serve")
    else:
        importlib.import_module("gateway.cli").main()


def is_standalone(arguments: Sequence[str]) -> bool:
    """Whether a supergraph is to be served, and no company."""
    return arguments[:1] == ["serve"] and any(each.partition("=")[0] == "--supergraph" for each in arguments)
