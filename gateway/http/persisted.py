"""Documents that are known here by an id, so that a frontend sends the id instead of the text.

    [persisted]
    manifest = "persisted.json"        # Apollo's persisted query manifest, or Relay's {id: text}
    only = true                        # nothing but the manifest's documents is answered

    {"documentId": "sha256:6f1c...", "variables": {...}}                            # GraphQL over HTTP, appendix A
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "6f1c..."}}}     # Apollo's clients

Automatic persisted queries (APQ): a hash that isn't known is answered with PERSISTED_QUERY_NOT_FOUND, the client sends
it once more with the text, and from then on the hash will do, while it is among the last that were used. They save
bytes and protect nothing; a manifest with `only` is what keeps strangers' documents out.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import DocumentRefused
from gateway.http.refusals import Refusal
from gateway.section import ConfigError, Section

__all__ = ["PersistedDocuments", "PersistedSettings", "open_documents", "read", "read_manifest"]

_PREFIX = "sha256:"
_MOST_DOCUMENTS = 1000
_MOST_CHARACTERS = 4_000_000
_LONGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistedSettings:
    """`only`: whether nothing but listed documents is answered; `automatic`: whether clients may add some (APQ)."""

    manifest: Path | None = None
    only: bool = False
    automatic: bool = True


def read(section: Section) -> PersistedSettings:
    """`[persisted]`."""
    manifest = section.text("manifest")
    only = section.boolean("only", default=False)
    if only and manifest is None:
        raise section.refused("only", "there is no manifest: name the file that lists the documents")
    automatic = section.boolean("automatic", default=not only)
    if only and automatic:
        raise section.refused("automatic", "clients can't add documents where only those of the manifest are answered")
    return PersistedSettings(manifest=Path(manifest) if manifest else None, only=only, automatic=automatic)


def open_documents(settings: PersistedSettings, *, own: Iterable[Path] = ()) -> "PersistedDocuments":
    """The manifest's documents, and our own pages' (`own`: a page that isn't built has none). Raises ConfigError."""
    listed: dict[str, str] = {}
    for manifest in [*(path for path in own if path.exists()), *([settings.manifest] if settings.manifest else [])]:
        for name, text in read_manifest(manifest).items():
            if listed.setdefault(name, text) != text:
                raise ConfigError(f"{manifest.name}: {name}: there is another document with this id")
    return PersistedDocuments(listed, only=settings.only, automatic=settings.automatic)


def read_manifest(path: Path) -> dict[str, str]:
    """The texts by id. Raises ConfigError for what is no manifest."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"persisted.manifest: {path.name} can't be read ({error.strerror})") from error
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"persisted.manifest: {path.name} is not JSON ({error})") from error
    pairs = _pairs(content)
    if pairs is None or not all(isinstance(each, str) and each for pair in pairs for each in pair):
        raise ConfigError(
            f"persisted.manifest: {path.name} is neither Apollo's manifest nor an object {{id: document}}"
        )
    return {name.removeprefix(_PREFIX): text for name, text in pairs}


def _pairs(content: Any) -> list[tuple[Any, Any]] | None:
    """(id, text) of each document; None where the form is another."""
    match content:
        case {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [*operations]}:
            return [
                (each.get("id"), each.get("body")) if isinstance(each, dict) else (None, None) for each in operations
            ]
        case {"format": "apollo-persisted-query-manifest"}:
            return None
        case dict():
            return list(content.items())
        case _:
            return None


class PersistedDocuments:
    """Finds the text of a request's document: in the request, in the manifest, or among those that clients added."""

    def __init__(self, listed: Mapping[str, str], *, only: bool = False, automatic: bool = True) -> None:
        self._listed = listed
        self._only = only
        self._added: _Added | None = _Added() if automatic and not only else None

    def text(self, parameters: Mapping[str, Any]) -> str:
        """The document of a request with these parameters. Raises DocumentRefused, and Refusal for malformed ones."""
        query, document_id = _text(parameters, "query"), _text(parameters, "documentId")
        sha256 = _hash(parameters.get("extensions"))
        if document_id is not None:
            if query is not None:
                raise Refusal(400, "BAD_REQUEST", '"query" and "documentId" are both there: send one of them')
            return self._of_id(document_id)
        if self._only:
            return self._of_listed(sha256)
        if sha256 is not None:
            return self._of_hash(sha256) if query is None else self._add(sha256, query)
        if query is None:
            raise Refusal(400, "BAD_REQUEST", '"query" is missing or not a string: send the document\'s text there')
        return query

    def _of_id(self, document_id: str) -> str:
        text = self._listed.get(document_id.removeprefix(_PREFIX))
        if text is None:
            message = "there is no document with this id: list it in the server's manifest"
            raise DocumentRefused(message, code="PERSISTED_DOCUMENT_NOT_FOUND")
        return text

    def _of_listed(self, sha256: str | None) -> str:
        text = self._listed.get(sha256) if sha256 else None
        if text is None:
            message = "only the documents of the server's manifest are answered: send the documentId of one of them"
            raise DocumentRefused(message, code="PERSISTED_DOCUMENT_REQUIRED")
        return text

    def _of_hash(self, sha256: str) -> str:
        """The messages are what Apollo's and other clients look for."""
        text = self._listed.get(sha256) or (self._added.get(sha256) if self._added else None)
        if text is not None:
            return text
        if self._added is None:
            raise DocumentRefused("PersistedQueryNotSupported", code="PERSISTED_QUERY_NOT_SUPPORTED")
        raise DocumentRefused("PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND")

    def _add(self, sha256: str, query: str) -> str:
        if self._added is not None:
            if hashlib.sha256(query.encode()).hexdigest() != sha256:
                message = "provided sha does not match query: send the SHA-256 of the text in UTF-8, in hexadecimal"
                raise DocumentRefused(message, code="PERSISTED_QUERY_HASH_MISMATCH")
            self._added.put(sha256, query)
        return query


class _Added:
    """The documents that clients added, bounded; the one that was not used for longest goes first."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def get(self, sha256: str) -> str | None:
        text = self._texts.get(sha256)
        if text is not None:
            self._texts.move_to_end(sha256)
        return text

    def put(self, sha256: str, text: str) -> None:
        if self.get(sha256) is not None or len(text) > _LONGEST:
            return
        self._texts[sha256] = text
        self._characters += len(text)
        while len(self._texts) > _MOST_DOCUMENTS or self._characters > _MOST_CHARACTERS:
            _, gone = self._texts.popitem(last=False)
            self._characters -= len(gone)


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(400, "BAD_REQUEST", f'"{name}" is not a string: send text there, or leave it out')
    return value


def _hash(extensions: Any) -> str | None:
    """`sha256Hash` of the extension `persistedQuery`; None where there is none."""
    match extensions:
        case {"persistedQuery": {"version": 1, "sha256Hash": str(sha256)}}:
            return sha256.lower()
        case {"persistedQuery": value} if value is not None:
            message = 'the extension "persistedQuery" is not {"version": 1, "sha256Hash": "..."}'
            raise Refusal(400, "BAD_REQUEST", message)
        case _:
            return None
