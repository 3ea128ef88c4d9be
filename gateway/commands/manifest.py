"""What a backup says of itself, in `manifest.json`: what is in it with its sums, and what is not and why."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import click

__all__ = ["NAME", "BackedUp", "Manifest", "Sum", "read_manifest", "sum_of"]

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Sum:
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A system: its file, the kind of database it was in, and the rows of its tables."""

    file: str
    kind: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`left_out` says of each thing that is not there why, and what to do about it."""

    made_at: str
    systems: Mapping[str, BackedUp]
    left_out: Mapping[str, str]
    files: Mapping[str, Sum]
    spojka: str = version("spojka")
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / NAME).write_text(f"{text}\n", encoding="utf-8")

    def problems(self, folder: Path) -> list[str]:
        """What of the files isn't as it was."""
        return [problem for name in self.files if (problem := self.problem_of(folder, name))]

    def problem_of(self, folder: Path, name: str) -> str | None:
        was = self.files[name]
        try:
            now = sum_of(folder / name)
        except OSError as error:
            return f"{name} can't be read ({error.strerror})"
        if now == was:
            return None
        return f"{name} is not as it was written: {now.bytes} bytes, {was.bytes} then, or other ones by their SHA-256"


def sum_of(file: Path) -> Sum:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
        return Sum(opened.tell(), digest.hexdigest())


def read_manifest(folder: Path) -> Manifest:
    """Raises ClickException for what is no backup, or one of a Spojka to come."""
    file = folder / NAME
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise click.ClickException(
                f"{file}: Spojka {content['spojka']} made it, in format {content['format']}; this one, "
                f"{version('spojka')}, reads format {FORMAT}: restore it with that one"
            )
        return Manifest(
            made_at=content["made_at"],
            systems={name: BackedUp(**each) for name, each in content["systems"].items()},
            left_out=content["left_out"],
            files={_plain(name): Sum(**each) for name, each in content["files"].items()},
            spojka=content["spojka"],
        )
    except OSError as error:
        raise click.ClickException(f"{folder}: there is no backup: {NAME} can't be read ({error.strerror})") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise click.ClickException(f"{file}: it is no manifest of a backup ({error})") from error


def _plain(name: str) -> str:
    """A file beside the manifest, whatever somebody wrote there."""
    if Path(name).name != name:
        raise ValueError(f"{name} is not a file's name")
    return name
