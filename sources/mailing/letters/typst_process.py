"""The program that Typesetter runs: requests on standard input, what typst made of them on standard output.

It stands alone (nothing of ours is imported). Before the first request it gives up the right to have more open than its
three pipes, for good: whatever a template says, typst can't open a file, a folder or a connection. Each request has so
much processor time, after which the kernel ends the process, and so much memory, beyond which typst ends itself.

    request   one line of JSON {source, letter, timestamp, format, standard, seconds}
    answer    one line of JSON {sizes: [...]} and the bytes, or {message, diagnostic}
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
from typing import Any, BinaryIO

import typst

OUT_OF_MEMORY = 3


def main(memory: int) -> None:
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    with tempfile.TemporaryDirectory() as nothing:  # typst wants a root that is there at first
        compiler = typst.Compiler(
            root=nothing, ignore_system_fonts=True, package_path=nothing, package_cache_path=nothing
        )
    confine(memory)
    for line in requests:
        answer(compiler, json.loads(line), answers)


def confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(compiler: typst.Compiler, request: dict[str, Any], answers: BinaryIO) -> None:
    try:
        signal.setitimer(signal.ITIMER_PROF, request["seconds"])
        made = typeset(compiler, request)
    except typst.TypstError as error:
        tell(answers, {"message": error.message, "diagnostic": error.diagnostic})
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException as error:  # typst's own panic is none of Exception
        tell(answers, {"message": f"typst fails on it ({type(error).__name__})", "diagnostic": ""})
    else:
        tell(answers, {"sizes": [len(each) for each in made]}, made)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def typeset(compiler: typst.Compiler, request: dict[str, Any]) -> list[bytes]:
    drawn = compiler.compile(
        input=request["source"].encode(),
        format=request["format"],
        ppi=request.get("ppi"),
        sys_inputs={"letter": request["letter"]},
        pdf_standards=request["standard"] if request["format"] == "pdf" and request["standard"] else [],
        timestamp=request["timestamp"],
    )
    assert drawn is not None
    return drawn if isinstance(drawn, list) else [drawn]


def tell(answers: BinaryIO, head: dict[str, Any], parts: list[bytes] | None = None) -> None:
    answers.write(json.dumps(head).encode() + b"\n")
    for part in parts or ():
        answers.write(part)
    answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
