"""The two reference composers, which run in node: what each says of the same subgraphs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.composition import SubgraphSdl
from tests.conformance.running import install, node

__all__ = ["COMPOSERS", "Answer", "answers_of"]

HERE = Path(__file__).parent
COMPOSERS = ("apollo", "guild")

Answer = Mapping[str, Any]
"""{"supergraph": SDL} or {"errors": [{"code", "message"}]}"""


def answers_of(cases: Mapping[str, Sequence[SubgraphSdl]]) -> dict[tuple[str, str], Answer]:
    """What each composer says of each case, by (composer, case): one run of node for all. Skips without node."""
    install(HERE)
    given = [{"case": name, "subgraphs": list(map(asdict, subgraphs))} for name, subgraphs in cases.items()]
    ran = subprocess.run(
        node("compose.mjs"), cwd=HERE, input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return {(composer, said["case"]): said[composer] for said in json.loads(ran.stdout) for composer in COMPOSERS}
