"""The process that typst runs in: it opens nothing, and takes no more than it may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from sources.mailing.letters import Bounds, Template, TemplateRefused, Typesetter, read_template
from sources.mailing.letters.checking import SAMPLE
from sources.mailing.letters.typesetting import PROGRAM

TRIES = """
import importlib.util, socket, sys
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
program.confine(768 * 1024 * 1024)
import os
for what in (lambda: open("/etc/hostname"), lambda: os.listdir("/"), socket.socket, lambda: os.pipe()):
    try:
        what()
        print("opened")
    except OSError as error:
        print(error.errno)
"""


def test_the_process_can_open_nothing() -> None:
    """No file, no folder, no connection: EMFILE (24) is the kernel's answer, whoever asks in that process."""
    tried = subprocess.run([sys.executable, "-c", TRIES, str(PROGRAM)], capture_output=True, text=True, check=True)
    assert tried.stdout.split() == ["24"] * 4


BUSY = "#for i in range(5000) { let x = i; for j in range(5000) { x = calc.rem(x * 31 + j, 1009) } }"
HOSTILE = [
    ("#for i in range(100000000) { i }", "it takes more than"),
    ('#("a" * 2000000000)', "it takes more than 256 MB of memory"),
    (BUSY, "it takes more than 1 s of a processor's time"),
]


@pytest.mark.parametrize(("body", "reason"), HOSTILE)
def test_hostile_template_is_ended(body: str, reason: str) -> None:
    """Neither time nor memory of the machine is a template's; the next letter is made as if nothing had been."""
    with Typesetter(Bounds(seconds=1, memory=256 * 1024 * 1024)) as typesetter:
        refused = read_template(body, [], typesetter=typesetter)
        assert isinstance(refused, TemplateRefused)
        assert reason in refused.reason
        assert isinstance(read_template("Text.", [], typesetter=typesetter), Template)


def test_a_process_that_is_killed_is_begun_again() -> None:
    """A letter has no effect but its bytes, so it is simply made by another process: the same bytes."""
    with Typesetter() as typesetter:
        template = read_template("Text.", [], typesetter=typesetter)
        assert isinstance(template, Template)
        first = template.render(SAMPLE)
        assert typesetter._process is not None
        os.kill(typesetter._process.pid, signal.SIGKILL)
        assert template.render(SAMPLE) == first


def test_a_process_that_stands_still_is_ended() -> None:
    """By the clock, for what no processor's time runs out for."""
    with Typesetter(Bounds(clock_seconds=30)) as typesetter:
        template = read_template("Text.", [], typesetter=typesetter)
        assert isinstance(template, Template)
        typesetter.bounds = replace(typesetter.bounds, clock_seconds=0.3)
        assert typesetter._process is not None
        os.kill(typesetter._process.pid, signal.SIGSTOP)
        with pytest.raises(ValueError, match=r"longer than 0\.3 s"):
            template.render(SAMPLE)


def test_nothing_of_the_process_is_left(recwarn: pytest.WarningsRecorder) -> None:
    """A template that nobody holds any more takes its process along."""
    template = read_template("Text.", [])
    assert isinstance(template, Template)
    process = template.typesetter._process
    assert process is not None
    del template
    assert process.wait(10) == -signal.SIGKILL
    assert list(recwarn) == []
