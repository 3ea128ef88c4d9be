"""`/unsubscribe/TOKEN`: where a recipient unsubscribes, by the button of their mail program or of the page here.

    POST    RFC 8058: `List-Unsubscribe=One-Click`, from the mail program's servers, without cookies or questions. Done.
    GET     a page with one button, which posts the same. It changes nothing: scanners of mails follow every link.

The token is signed (sources/post/unsubscribing.py), so there is nothing to log in to. What it names is the caller's.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.http.reading import Disconnected, read_body
from gateway.http.refusals import Refusal
from gateway.limits import Limits

__all__ = ["Unsubscribing", "unsubscribe_routes"]

_log = logging.getLogger("spojka.http")

BODY_BYTES = 4096
_ONE_CLICK = b"List-Unsubscribe=One-Click"
_ONE_CLICK_IN_PARTS = (b'name="List-Unsubscribe"', b"One-Click")
_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}
_PAGE = """<!DOCTYPE html>
<html lang="cs">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body>
<h1>{title}</h1>
{content}
</body>
</html>
"""
_ASKS = """<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">
<p>Nechcete už dostávat naše nabídky? / You don't want our offers any more?</p>
<p><button type="submit">Odhlásit se / Unsubscribe</button></p></form>"""
_DONE = """<p>Naše nabídky už Vám posílat nebudeme.</p>
<p lang="en">We won't send you our offers any more.</p>"""
_UNKNOWN = """<p>Tento odkaz neznáme. Zkopírujte jej celý, nebo nám napište.</p>
<p lang="en">We don't know this link. Copy all of it, or write to us.</p>"""
_LATER = """<p>Teď to nejde. Zkuste to prosím za chvíli.</p>
<p lang="en">This isn't possible now. Please try again in a moment.</p>"""


class Links(Protocol):
    """Who knows the tokens."""

    def name(self, token: str) -> str | None: ...


class Turns(Protocol):
    """How many may come."""

    def try_turn(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribing:
    """`record` notes that whoever got what the name means wants no more; False where there is no such thing.

    It is called again when somebody clicks twice. `turns` bounds how often it is called at all.
    """

    links: Links
    record: Callable[[str], Awaitable[bool]]
    turns: Turns


def unsubscribe_routes(unsubscribing: Unsubscribing) -> list[BaseRoute]:
    """The endpoint; where nobody set it up there is none."""

    async def endpoint(request: Request) -> Response:
        name = unsubscribing.links.name(request.path_params["token"])
        if name is None:
            return _page(404, "Odkaz neznáme / Unknown link", _UNKNOWN)
        if request.method != "POST":
            return _page(200, "Odhlášení / Unsubscribe", _ASKS)
        try:
            announced = request.headers.get("content-length", "").encode("latin-1")
            body = await read_body(request.receive, announced=announced, limits=Limits(body_bytes=BODY_BYTES))
        except Refusal as refusal:
            return _page(refusal.status, "Odhlášení / Unsubscribe", f"<p>{escape(str(refusal))}</p>")
        except Disconnected:
            return Response(status_code=400)
        if not _is_one_click(body):
            return _page(400, "Odhlášení / Unsubscribe", _ASKS)
        if not unsubscribing.turns.try_turn():
            return _page(429, "Odhlášení / Unsubscribe", _LATER, retry_after="60")
        return await _recorded(unsubscribing, name)

    return [Route("/unsubscribe/{token}", endpoint, methods=["GET", "POST"])]


async def _recorded(unsubscribing: Unsubscribing, name: str) -> Response:
    try:
        is_known = await unsubscribing.record(name)
    except Exception:  # the edge: whatever is wrong in here, the recipient is asked to come again
        _log.exception("somebody couldn't be unsubscribed")
        return _page(503, "Odhlášení / Unsubscribe", _LATER, retry_after="300")
    if not is_known:
        return _page(404, "Odkaz neznáme / Unknown link", _UNKNOWN)
    return _page(200, "Hotovo / Done", _DONE)


def _is_one_click(body: bytes) -> bool:
    """RFC 8058, 3.2: as a form's fields or in parts (multipart/form-data)."""
    return body.strip() == _ONE_CLICK or all(each in body for each in _ONE_CLICK_IN_PARTS)


def _page(status: int, title: str, content: str, *, retry_after: str | None = None) -> Response:
    headers = _HEADERS if retry_after is None else {**_HEADERS, "retry-after": retry_after}
    return Response(
        _PAGE.format(title=title, content=content), status, media_type="text/html; charset=utf-8", headers=headers
    )
