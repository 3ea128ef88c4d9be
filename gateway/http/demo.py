"""In the demo anybody at this machine may be anybody: tokens for the company's roles, for GraphiQL's chooser.

Routes only while the company is the made-up one; `gateway/app.py` decides. A page of another site can't read them: they
say nothing of other origins, and a browser tells where the question comes from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

__all__ = ["Demo", "demo_routes"]

_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Demo:
    """Whom one may be: for each role the name of who has it; `token` gives one for a role and a name."""

    subjects: Mapping[str, str]
    token: Callable[[str, str], str]


def demo_routes(demo: Demo) -> list[BaseRoute]:
    """`/demo/roles` -> [{role, subject}], `/demo/token?role=R[&subject=S]` -> {token, role, subject}."""

    async def roles(request: Request) -> Response:
        listed = [{"role": role, "subject": subject} for role, subject in demo.subjects.items()]
        return JSONResponse(listed, headers=_HEADERS)

    async def token(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return _refused(403, "FORBIDDEN", "tokens are for this server's own pages")
        role = request.query_params.get("role", "")
        if role not in demo.subjects:
            return _refused(404, "BAD_REQUEST", f"there is no such role; there are {', '.join(demo.subjects)}")
        subject = request.query_params.get("subject") or demo.subjects[role]
        made = {"token": demo.token(role, subject), "role": role, "subject": subject}
        return JSONResponse(made, headers=_HEADERS)

    return [Route("/demo/roles", roles), Route("/demo/token", token)]


def _refused(status: int, code: str, message: str) -> Response:
    content = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(content, status_code=status, headers=_HEADERS)
