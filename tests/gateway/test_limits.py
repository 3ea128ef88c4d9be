"""A document's size and depth are known before it is parsed."""

import time

import pytest
from graphql import get_introspection_query
from graphql.language import Lexer, Source, TokenKind
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import OverLimit
from gateway.limits import Limits, check_body, check_document

EXAMPLES = [
    "{ a }",
    'query Q($i: [Int!]! = [1, -2.5e+3]) @d { a(b: $i, c: {d: "x\\"{ y", e: """ { " \\""" } """}) { ...F } }',
    "{a...F}fragment F on T{b}",
    "# {{{{ only a comment\n{ a } # }}",
    'type T implements A & B { "text" f(a: Int = 1): [T!] | }',
    "",
]


def _tokens_by_the_lexer(document: str) -> int:
    lexer = Lexer(Source(document))
    while lexer.advance().kind is not TokenKind.EOF:
        pass
    token, count = lexer.token, 0
    while (token := token.prev) is not None:  # type: ignore[assignment]
        count += token.kind is not TokenKind.SOF
    return count


def _is_refused(document: str, limits: Limits) -> bool:
    try:
        check_document(document, limits)
    except OverLimit:
        return True
    return False


def _tokens_by_the_scan(document: str) -> int:
    return next(
        n
        for n in range(10_000)
        if not _is_refused(document, Limits(document_tokens=n, document_depth=10_000, document_aliases=10_000))
    )


@pytest.mark.parametrize("document", [*EXAMPLES, get_introspection_query()])
def test_scan_counts_the_tokens_that_the_lexer_finds(document: str) -> None:
    """The scan agrees with graphql-core on every document that can be lexed; comments count."""
    assert _tokens_by_the_scan(document) == _tokens_by_the_lexer(document)


PIECES = ["{", "}", "(", ")", "[", "]", "...", "name", "_x9", " ", "\n", ",", "$", "1", '"s"', '"{"', '"""b"""', "#c\n"]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_scan_and_lexer_agree_on_any_sequence_of_tokens(document: str) -> None:
    """Whatever order tokens come in, both count the same."""
    assert _tokens_by_the_scan(document) == _tokens_by_the_lexer(document)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ a " * 31 + "}" * 31, "DOCUMENT_TOO_DEEP"),
        ("{ a(x: " + "[" * 30 + "]" * 30 + ") }", "DOCUMENT_TOO_DEEP"),
        ("query ($a: " + "[" * 40 + "Int" + "]" * 40 + ") { a }", "DOCUMENT_TOO_DEEP"),
        ("{ " + "a " * 4_000 + "}", "DOCUMENT_TOO_LARGE"),
        ("#\n" * 4_001 + "{ a }", "DOCUMENT_TOO_LARGE"),
        ("{ " + " ".join(f"a{n}: b(c: {n})" for n in range(101)) + "}", "QUERY_TOO_COMPLEX"),
    ],
)
def test_deep_and_large_documents_are_refused_by_code(document: str, code: str) -> None:
    """Depth counts selections, arguments and types alike, since the parser recurses into each."""
    with pytest.raises(OverLimit) as refusal:
        check_document(document, Limits())
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "document",
    [
        "{ a " * 30 + "}" * 30,
        "{ " + "a " * 3_998 + "}",
        "{ " + " ".join(f"a{n}: b(c: {{d: {n}, e: 1}})" for n in range(100)) + "}",
        "query(" + " ".join(f"$v{n}: Int" for n in range(300)) + ") { a }",
        get_introspection_query(),
    ],
)
def test_documents_within_the_limits_pass(document: str) -> None:
    """The limit itself is still allowed."""
    check_document(document, Limits())


@pytest.mark.parametrize("filler", ['"', '"""', '"""a', "#", '\\"', "-", "1.", "a" * 7, "é"])
def test_no_text_makes_the_scan_slow(filler: str) -> None:
    """A megabyte of anything is scanned in linear time."""
    document = filler * (1024 * 1024 // len(filler))
    started = time.perf_counter()
    _is_refused(document, Limits())
    assert time.perf_counter() - started < 2


def test_body_of_one_byte_too_many_is_refused() -> None:
    """The body's limit is inclusive."""
    check_body(10, Limits(body_bytes=10))
    with pytest.raises(OverLimit, match="larger than 10 bytes") as refusal:
        check_body(11, Limits(body_bytes=10))
    assert refusal.value.code == "BODY_TOO_LARGE"
