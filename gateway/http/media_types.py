"""Which media type an answer has, and which a request may have (GraphQL over HTTP, "Media Types" and "Body")."""

from enum import Enum
from functools import lru_cache

from gateway.http.refusals import Refusal

__all__ = ["MediaType", "accepted", "check_content_type", "parameters_of"]


class MediaType(Enum):
    """What an answer may be; with the legacy type a client can trust no status but 200, so it hardly gets another."""

    GRAPHQL = "application/graphql-response+json"
    LEGACY = "application/json"


# What a range of the Accept header admits. Who leaves the choice may know nothing of GraphQL and gets plain JSON,
# as the audits of GraphQL over HTTP want it.
_ADMITTED = {
    "application/graphql-response+json": MediaType.GRAPHQL,
    "application/json": MediaType.LEGACY,
    "application/*": MediaType.GRAPHQL,
    "*/*": MediaType.LEGACY,
}


@lru_cache(maxsize=256)
def accepted(header: bytes) -> MediaType:
    """The media type to answer with; a header with none of ours is refused with 406.

    The highest `q` wins; of equal ones the first that is named. No header at all is the same as */*.
    """
    if not header.strip():
        return MediaType.LEGACY
    best: tuple[float, MediaType] | None = None
    for entry in header.decode("latin-1").split(","):
        name, parameters = parameters_of(entry)
        media_type = _ADMITTED.get(name)
        weight = _weight(parameters.get("q", "1"))
        if media_type is not None and _is_utf8(parameters) and weight > (best[0] if best else 0):
            best = (weight, media_type)
    if best is None:
        offered = " or ".join(media_type.value for media_type in MediaType)
        raise Refusal(406, "NOT_ACCEPTABLE", f"answers are {offered}: accept one of them")
    return best[1]


@lru_cache(maxsize=256)
def check_content_type(header: bytes, encoding: bytes) -> None:
    """Refuse with 415 what is not JSON in UTF-8, sent as it is.

    Refusing forms and text/plain keeps other sites' pages out too: a browser asks first before it sends JSON elsewhere.
    """
    name, parameters = parameters_of(header.decode("latin-1"))
    if name != "application/json" or not _is_utf8(parameters):
        given = header.decode("latin-1") or "no Content-Type"
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", f"the body is {given}: send application/json in UTF-8")
    if encoding.strip().lower() not in (b"", b"identity"):
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "the body is compressed: send it as it is")


def parameters_of(header: str) -> tuple[str, dict[str, str]]:
    """`Application/JSON; charset="utf-8"` -> ("application/json", {"charset": "utf-8"})."""
    name, *rest = header.split(";")
    pairs = (parameter.partition("=") for parameter in rest)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs}


def _is_utf8(parameters: dict[str, str]) -> bool:
    return parameters.get("charset", "utf-8") in ("utf-8", "utf8")


def _weight(text: str) -> float:
    try:
        return min(1.0, float(text))
    except ValueError:
        return 0.0
