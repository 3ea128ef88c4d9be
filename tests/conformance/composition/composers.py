"""The two reference composers, which run in node: what each says of the same subgraphs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.composition import SubgraphSdl
from tests.conformance.running import missing

__all__ = ["COMPOSERS", "Answer", "answers_of"]

HERE = Path(__file__).parent
COMPOSERS = ("apollo", "guild")

Answer = Mapping[str, Any]
"""{"supergraph": SDL} or {"errors": [{"code", "message"}]}"""


def answers_of(cases: Mapping[str, Sequence[SubgraphSdl]]) -> dict[tuple[str, str], Answer]:
    """What each composer says of each case, by (composer, case): one run of node for all. Skips without node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing("node and npm are not installed: the reference composers need them")
    assert node is not None
    assert npm is not None
    if not _is_installed():
        installed = subprocess.run([npm, "ci"], cwd=HERE, capture_output=True, text=True, check=False)
        if installed.returncode != 0:
            missing(f"npm could not install the reference composers: {installed.stderr[-500:]}")
    given = [{"case": name, "subgraphs": list(map(asdict, subgraphs))} for name, subgraphs in cases.items()]
    ran = subprocess.run(
        [node, "compose.mjs"], cwd=HERE, input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return {(composer, said["case"]): said[composer] for said in json.loads(ran.stdout) for composer in COMPOSERS}


def _is_installed() -> bool:
    """Whether what is installed is what the lock file says."""
    installed = HERE / "node_modules" / ".package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime
