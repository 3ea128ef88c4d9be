"""How much one request may ask for: checked on the bare text, before anything is parsed.

Parsing and validating cost about fifty times what a scan of the tokens costs, and the parser recurses with the nesting,
so a hostile document is refused here. Fragments can hide depth from a scan of the text: the operation made ready is
measured once more after its fragments are inlined.
"""

import re
from dataclasses import dataclass

from gateway.errors import OverLimit
from gateway.section import Section

__all__ = ["Limits", "check_body", "check_document", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one request: bytes of the body; tokens of the document (comments count), levels of brackets, aliases.

    GraphiQL's introspection, the deepest document everybody sends, has 14 levels and some 300 tokens. Only by aliases
    can one field be asked again and again in one place. `answer_objects` is how many objects an operation may be
    estimated to make (gateway/cost.py); in an embedded subgraph each costs a few tenths of a millisecond.
    What isn't there after `answer_seconds` is left out of the answer (REQUEST_TIMEOUT); mutations go on to their end.
    """

    body_bytes: int = 1024 * 1024
    document_tokens: int = 4_000
    document_depth: int = 30
    document_aliases: int = 100
    answer_objects: int = 20_000
    answer_seconds: int = 60


def read(section: Section) -> Limits:
    """`[limits]`."""
    usual = Limits()
    return Limits(
        body_bytes=section.integer("body_bytes", usual.body_bytes),
        document_tokens=section.integer("document_tokens", usual.document_tokens),
        document_depth=section.integer("document_depth", usual.document_depth),
        document_aliases=section.integer("document_aliases", usual.document_aliases, least=0),
        answer_objects=section.integer("answer_objects", usual.answer_objects),
        answer_seconds=section.integer("answer_seconds", usual.answer_seconds),
    )


# The lexical grammar of GraphQL, one alternative per kind of token. Possessive throughout, and a string without its end
# is taken as one too: so no text is scanned twice. A stray character is skipped. The parser refuses such documents.
_TOKEN = re.compile(
    r"""
      [_A-Za-z][_0-9A-Za-z]*+
    | (?P<open>[{(\[])
    | (?P<close>[})\]])
    | (?P<colon>:)
    | [!$&=@|]
    | \.\.\.
    | -?+[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+
    | \"{3}(?:\\\"{3}|[^"]|"(?!""))*+(?:\"{3})?+
    | "(?:\\.|[^"\\\r\n])*+"?+
    | \#[^\r\n]*+
    """,
    re.VERBOSE,
)


def check_body(size: int, limits: Limits) -> None:
    """Refuse a body of `size` bytes with BODY_TOO_LARGE."""
    if size > limits.body_bytes:
        raise OverLimit(
            f"the request's body is larger than {limits.body_bytes} bytes: send less in one request",
            code="BODY_TOO_LARGE",
        )


def check_document(document: str, limits: Limits) -> None:
    """Refuse a document: DOCUMENT_TOO_LARGE, DOCUMENT_TOO_DEEP, QUERY_TOO_COMPLEX. Stops at the token too many."""
    depth = parentheses = aliases = 0
    for tokens, token in enumerate(_TOKEN.finditer(document), start=1):
        if tokens > limits.document_tokens:
            raise OverLimit(
                f"the document has more than {limits.document_tokens} tokens: ask for less, or in several requests",
                code="DOCUMENT_TOO_LARGE",
            )
        match token.lastgroup:
            case "open":
                depth += 1
                parentheses += token.group() == "("
                if depth > limits.document_depth:
                    raise OverLimit(
                        f"the document is nested more than {limits.document_depth} levels deep: ask for fewer levels",
                        code="DOCUMENT_TOO_DEEP",
                    )
            case "close":
                depth -= 1
                parentheses -= token.group() == ")"
            case "colon" if not parentheses:  # in parentheses it gives an argument its value, a variable its type
                aliases += 1
                if aliases > limits.document_aliases:
                    raise OverLimit(
                        f"the document has more than {limits.document_aliases} aliases: ask in several requests",
                        code="QUERY_TOO_COMPLEX",
                    )
            case _:
                pass
