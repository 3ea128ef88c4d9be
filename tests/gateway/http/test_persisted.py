"""Persisted documents: by id from a manifest, by hash as Apollo's clients do, and nothing else where config says so."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import DocumentRefused
from gateway.http import persisted
from gateway.http.persisted import PersistedDocuments, PersistedSettings, open_documents
from gateway.http.refusals import Refusal
from gateway.section import ConfigError, read_file

QUERY = "{ cats { name } }"
HASH = hashlib.sha256(QUERY.encode()).hexdigest()
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": HASH, "name": "Cats", "type": "query", "body": QUERY}],
}


def by_hash(sha256: Any = HASH, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256}}, **more}


def code(documents: PersistedDocuments, parameters: dict[str, Any]) -> str:
    with pytest.raises((DocumentRefused, Refusal)) as refused:
        documents.text(parameters)
    return refused.value.code


def settings_of(text: str, folder: Path) -> PersistedSettings:
    file = folder / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    section = read_file(file)
    settings = persisted.read(section.table("persisted"))
    section.refuse_unread()
    return settings


@pytest.mark.parametrize("content", [APOLLO, {HASH: QUERY}, {f"sha256:{HASH}": QUERY}])
@pytest.mark.parametrize("parameters", [{"documentId": HASH}, {"documentId": f"sha256:{HASH}"}, by_hash()])
def test_document_of_a_manifest_is_found(content: Any, parameters: dict[str, Any], tmp_path: Path) -> None:
    """Apollo's manifest and Relay's, by any of the ways in which clients name a document."""
    manifest = tmp_path / "persisted.json"
    manifest.write_text(json.dumps(content))
    assert open_documents(PersistedSettings(manifest=manifest)).text(parameters) == QUERY


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"query": QUERY}, "PERSISTED_DOCUMENT_REQUIRED"),
        ({"query": "{ other }"}, "PERSISTED_DOCUMENT_REQUIRED"),
        (by_hash("0" * 64), "PERSISTED_DOCUMENT_REQUIRED"),
        (by_hash(hashlib.sha256(b"{ x }").hexdigest(), query="{ x }"), "PERSISTED_DOCUMENT_REQUIRED"),
        ({}, "PERSISTED_DOCUMENT_REQUIRED"),
        ({"documentId": "0" * 64}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        ({"documentId": HASH, "query": QUERY}, "BAD_REQUEST"),
    ],
)
def test_only_listed_documents_are_answered(parameters: dict[str, Any], expected: str) -> None:
    """Whoever sends a text, or a hash that isn't listed, is refused; nothing can be added."""
    documents = PersistedDocuments({HASH: QUERY}, only=True)
    assert code(documents, parameters) == expected
    assert documents.text({"documentId": HASH}) == QUERY
    assert documents.text(by_hash()) == QUERY


def test_automatic_persisted_query_is_known_after_it_was_sent_once() -> None:
    """Hash alone: not found; hash and text: answered and kept; hash alone: found."""
    documents = PersistedDocuments({})
    assert code(documents, by_hash()) == "PERSISTED_QUERY_NOT_FOUND"
    assert documents.text(by_hash(query=QUERY)) == QUERY
    assert documents.text(by_hash()) == QUERY
    assert documents.text(by_hash(HASH.upper())) == QUERY


def test_hash_of_another_text_is_refused_and_kept_by_nobody() -> None:
    """Else one client could give another's hash a meaning of its own."""
    documents = PersistedDocuments({})
    assert code(documents, by_hash(query="{ other }")) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert code(documents, by_hash()) == "PERSISTED_QUERY_NOT_FOUND"


def test_automatic_persisted_queries_can_be_off() -> None:
    """Clients are told so in the words they know, and send the text from then on."""
    documents = PersistedDocuments({}, automatic=False)
    assert code(documents, by_hash()) == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert documents.text(by_hash("any", query=QUERY)) == QUERY
    assert documents.text({"query": QUERY}) == QUERY


def test_documents_that_clients_add_are_bounded_in_number_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one not used for longest goes; a huge one is answered and not kept."""
    monkeypatch.setattr(persisted, "_MOST_DOCUMENTS", 3)
    monkeypatch.setattr(persisted, "_MOST_CHARACTERS", 100)
    monkeypatch.setattr(persisted, "_LONGEST", 90)
    documents = PersistedDocuments({})

    def add(text: str) -> str:
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        assert documents.text(by_hash(sha256, query=text)) == text
        return sha256

    first, second, third = add("{ a }"), add("{ b }"), add("{ c }")
    documents.text(by_hash(first))
    add("{ d }")
    assert documents.text(by_hash(first)) == "{ a }"
    assert code(documents, by_hash(second)) == "PERSISTED_QUERY_NOT_FOUND"
    huge = add("{ " + "x" * 90 + " }")
    assert code(documents, by_hash(huge)) == "PERSISTED_QUERY_NOT_FOUND"
    assert documents.text(by_hash(third)) == "{ c }"
    add("{ " + "y" * 80 + " }")
    add("{ " + "z" * 80 + " }")
    assert code(documents, by_hash(third)) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": 1},
        {"documentId": 1},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": HASH}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": HASH}},
        {},
    ],
)
def test_malformed_request_is_a_bad_request(parameters: dict[str, Any]) -> None:
    """It names what is wrong, and nothing is guessed."""
    assert code(PersistedDocuments({HASH: QUERY}), parameters) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "[]",
        '{"a": 1}',
        '{"a": ""}',
        json.dumps({**APOLLO, "version": 2}),
        json.dumps({**APOLLO, "operations": [1]}),
    ],
)
def test_file_that_is_no_manifest_is_refused_at_the_start(content: str, tmp_path: Path) -> None:
    """A manifest that can't be read may not turn into one that lists nothing."""
    manifest = tmp_path / "persisted.json"
    manifest.write_text(content)
    with pytest.raises(ConfigError, match=r"persisted\.json"):
        open_documents(PersistedSettings(manifest=manifest))
    with pytest.raises(ConfigError, match=r"absent\.json can't be read"):
        open_documents(PersistedSettings(manifest=tmp_path / "absent.json"))


def test_own_pages_bring_their_documents_and_a_clash_is_refused(tmp_path: Path) -> None:
    """A page that isn't built has none; two texts can't have one id."""
    own, manifest = tmp_path / "own.json", tmp_path / "persisted.json"
    own.write_text(json.dumps({HASH: QUERY}))
    manifest.write_text(json.dumps({"1": "{ dogs }"}))
    documents = open_documents(PersistedSettings(manifest=manifest, only=True), own=[own, tmp_path / "absent"])
    assert documents.text({"documentId": HASH}) == QUERY
    assert documents.text({"documentId": "1"}) == "{ dogs }"
    manifest.write_text(json.dumps({HASH: "{ dogs }"}))
    with pytest.raises(ConfigError, match="another document with this id"):
        open_documents(PersistedSettings(manifest=manifest), own=[own])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[persisted]\nonly = true", r"spojka.toml:2: persisted.only: there is no manifest"),
        ('[persisted]\nmanifest = "m"\nonly = true\nautomatic = true', r":4: persisted.automatic: clients can't add"),
        ("[persisted]\nmanifest = 1", r"persisted.manifest: it is not a text"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(text: str, message: str, tmp_path: Path) -> None:
    """With their place."""
    with pytest.raises(ConfigError, match=message):
        settings_of(text, tmp_path)


def test_settings(tmp_path: Path) -> None:
    """`only` turns automatic persisted queries off."""
    assert settings_of("", tmp_path) == PersistedSettings()
    written = settings_of('[persisted]\nmanifest = "m.json"\nonly = true', tmp_path)
    assert written == PersistedSettings(manifest=Path("m.json"), only=True, automatic=False)
