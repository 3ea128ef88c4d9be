"""Which pages of other sites may ask: none, but those of the origins that are listed.

    [http.cors]
    origins = ["https://app.example.org"]

What keeps the others out, though their scripts run in a browser that can reach this server:

- There are no cookies. Who somebody is comes in the header Authorization alone, which a page must have a token for and
  which a browser never adds by itself; so a foreign page can only ask as nobody, and nobody is told anything.
- All the same a foreign page can't even ask. A POST must be application/json, and a cross-site GET must have a header
  that forms, links and images can't send. For both a browser asks first (a preflight); only listed origins get a yes.
- Credentials are never allowed (no Access-Control-Allow-Credentials), and no origin stands for all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from gateway.http.refusals import Refusal
from gateway.section import Section

__all__ = ["CorsSettings", "check_site", "open_to", "read"]

_METHODS = ("GET", "POST")
_HEADERS = ("authorization", "content-type", "accept", "graphql-require-preflight", "spojka-plan", "x-request-id")
_READABLE = ("retry-after", "www-authenticate", "x-request-id")
# A page of another origin has to ask before it sends one of these.
_FORCING = (b"authorization", b"graphql-require-preflight", b"apollo-require-preflight", b"x-requested-with")
_OWN = (b"same-origin", b"none")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsSettings:
    """`origins` are `scheme://host[:port]`, as browsers write them; `max_age` is how long a browser remembers a yes."""

    origins: tuple[str, ...] = ()
    max_age: timedelta = timedelta(minutes=10)


def read(section: Section) -> CorsSettings:
    """`[http.cors]`."""
    origins = section.texts("origins")
    for origin in origins:
        if problem := _problem_of(origin):
            raise section.refused("origins", f"{origin} {problem}")
    return CorsSettings(origins=origins, max_age=section.duration("max_age", CorsSettings().max_age))


def open_to(settings: CorsSettings, app: ASGIApp) -> ASGIApp:
    """`app`, for the pages of the listed origins too."""
    if not settings.origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=settings.origins,
        allow_methods=_METHODS,
        allow_headers=_HEADERS,
        expose_headers=_READABLE,
        allow_credentials=False,
        max_age=int(settings.max_age.total_seconds()),
    )


def check_site(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a GET that a page of another site sent without being asked whether it may (Fetch Metadata).

    Browsers say where a request comes from, and pages can't change that; other programs say nothing and may ask.
    """
    site = headers.get(b"sec-fetch-site")
    if site is None or site in _OWN or any(name in headers for name in _FORCING):
        return
    message = "a page of another site may not ask like this: send the header GraphQL-Require-Preflight, or POST JSON"
    raise Refusal(403, "CROSS_SITE_REQUEST", message)


def _problem_of(origin: str) -> str | None:
    if origin == "*":
        return "is every site there is: list the origins of your frontends"
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return "is not an origin"
    written = f"{parts.scheme}://{parts.hostname or ''}{f':{port}' if port else ''}"
    usual = port == {"http": 80, "https": 443}.get(parts.scheme)
    if parts.scheme not in ("http", "https") or not parts.hostname or "*" in origin or written != origin or usual:
        return "is not an origin as browsers write it: https://host or https://host:port, in lower case, no path"
    return None
