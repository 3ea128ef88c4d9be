"""What subgraphs elsewhere are set to: for all of them in `[subgraphs]`, for one in `[subgraphs.NAME]`, which wins.

[subgraphs]
timeout = "10 s"

[subgraphs.billing]
url = "https://billing.internal/graphql"          # in place of the supergraph's
secret_env = "BILLING_SECRET"                     # or secret_file: what a `spojka subgraph` asks for
forward = ["accept-language"]                     # headers of the client's that go along
returned = ["x-served-by"]                        # headers of the answer that come back

[subgraphs.billing.headers]
x-tenant = "acme"                                 # sent with each request
authorization = { env = "BILLING_TOKEN" }         # or { file = "billing.token" }: secrets aren't written here
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from gateway.section import Section

__all__ = ["RemoteSettings", "RemotesSettings", "problem_of_url", "read"]

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
# What belongs to one connection or one body, or is for the gateway alone to say.
_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "expect",
        "content-length",
        "content-type",
        "content-encoding",
        "accept",
        "accept-encoding",
        "accept-charset",
    ]
)
_OWN = frozenset({"x-request-id", "spojka-secret", "spojka-caller", "spojka-plan"})
_OWN_OF_ANSWERS = frozenset({"cache-control", "vary", "x-content-type-options", "location", "x-request-id", "date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    """One subgraph. `mask`: clients aren't told its errors' messages, and of its codes the usual ones and `codes`.

    `retries` are for queries alone. After `break_after` failures in a row it is left alone for `break_for`; 0 is never.
    `dedupe`: equal queries in flight share one request. `ca` is trusted beside the usual authorities.
    """

    url: str | None = None
    timeout: timedelta = timedelta(seconds=30)
    retries: int = 2
    break_after: int = 10
    break_for: timedelta = timedelta(seconds=5)
    dedupe: bool = False
    connections: int = 256
    answer_bytes: int = 16_777_216
    mask: bool = True
    codes: tuple[str, ...] = ()
    forward: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str | None = field(default=None, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotesSettings:
    """`usual` holds for each subgraph that `named` doesn't have; `places` says where those are written."""

    usual: RemoteSettings = field(default_factory=RemoteSettings)
    named: Mapping[str, RemoteSettings] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> RemoteSettings:
        """What the subgraph `name` is set to."""
        return self.named.get(name, self.usual)


_SETTINGS = {each.name for each in fields(RemoteSettings)} - {"secret"} | {"secret_env", "secret_file"}


def read(section: Section, environment: Mapping[str, str]) -> RemotesSettings:
    """`[subgraphs]`. What is a setting's name can't be a subgraph's."""
    if section.value("url") is not None:
        raise section.refused("url", "each subgraph has its own: put it into [subgraphs.NAME]")
    usual = _one(section, RemoteSettings(), environment)
    tables = {name: section.table(name) for name in section.names() if name not in _SETTINGS}
    return RemotesSettings(
        usual=usual,
        named={name: _one(table, usual, environment) for name, table in tables.items()},
        places={name: table.place("") for name, table in tables.items()},
    )


def problem_of_url(url: str) -> str | None:
    """Why a subgraph can't be asked there; the sentence never has the URL in it."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        return "it is not an http or https URL"
    if parts.username is not None or parts.password is not None:
        return "there is a name or password in it, and URLs end up in logs: send it as a header"
    return "it has a fragment (#), which is never sent: leave it out" if parts.fragment else None


def _one(section: Section, usual: RemoteSettings, environment: Mapping[str, str]) -> RemoteSettings:
    url = section.text("url")
    if url is not None and (problem := problem_of_url(url)):
        raise section.refused("url", problem)
    certificate, key = (_file(section, name, getattr(usual, name)) for name in ("certificate", "key"))
    if (certificate is None) != (key is None):
        raise section.refused("certificate" if certificate else "key", "a certificate and its key go together")
    return replace(
        usual,
        url=url,
        timeout=section.duration("timeout", usual.timeout),
        retries=section.integer("retries", usual.retries, least=0, most=10),
        break_after=section.integer("break_after", usual.break_after, least=0),
        break_for=section.duration("break_for", usual.break_for),
        dedupe=section.boolean("dedupe", usual.dedupe),
        connections=section.integer("connections", usual.connections),
        answer_bytes=section.integer("answer_bytes", usual.answer_bytes),
        mask=section.boolean("mask", usual.mask),
        codes=section.texts("codes", usual.codes),
        forward=_names(section, "forward", usual.forward, closed=_HOP | _OWN),
        returned=_names(section, "returned", usual.returned, closed=_HOP | _OWN_OF_ANSWERS),
        headers={**usual.headers, **_headers(section.table("headers"), environment)},
        secret=_secret(section, environment) or usual.secret,
        ca=_file(section, "ca", usual.ca),
        certificate=certificate,
        key=key,
    )


def _names(section: Section, name: str, usual: tuple[str, ...], *, closed: frozenset[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(each.lower() for each in section.texts(name, usual)))
    for each in names:
        if not _NAME.fullmatch(each):
            raise section.refused(name, f"{each!r} is not a header's name")
        if each in closed or each.startswith("access-control-"):
            raise section.refused(name, f"{each} is this gateway's own to say: leave it out")
    return names


def _headers(section: Section, environment: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name in section.names():
        if not _NAME.fullmatch(name.lower()):
            raise section.refused(name, "it is not a header's name")
        if name.lower() in _HOP | _OWN:
            raise section.refused(name, "it is this gateway's own to say: leave it out")
        found[name.lower()] = _value(section, name, environment)
    return found


def _value(section: Section, name: str, environment: Mapping[str, str]) -> str:
    """Written there, or named: what is secret is in the environment or a file."""
    if isinstance(section.value(name), dict):
        source = section.table(name)
        variable, file = source.text("env"), source.text("file")
        if (variable is None) == (file is None):
            raise section.refused(name, "it comes from env or from file: name one of them")
        return _fitting(source, "env" if variable else "file", _named(source, variable, file, environment))
    return _fitting(section, name, section.required(name, section.text(name)))


def _secret(section: Section, environment: Mapping[str, str]) -> str | None:
    variable, file = section.text("secret_env"), section.text("secret_file")
    if variable is not None and file is not None:
        raise section.refused("secret_file", "there is a secret_env too: the secret comes from one of them")
    if variable is None and file is None:
        return None
    place = "secret_env" if variable else "secret_file"
    return _fitting(section, place, _named(section, variable, file, environment, key="secret_file"))


def _named(
    section: Section, variable: str | None, file: str | None, environment: Mapping[str, str], *, key: str = "file"
) -> str:
    if variable is not None:
        return environment.get(variable, "")
    try:
        return Path(file or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise section.refused(key, f"{file} can't be read") from error


def _fitting(section: Section, name: str, value: str) -> str:
    if not value or not value.isascii() or not value.isprintable():
        raise section.refused(name, "what is there is empty, or not printable ASCII characters alone")
    return value


def _file(section: Section, name: str, usual: Path | None) -> Path | None:
    written = section.text(name)
    if written is None:
        return usual
    file = Path(written)
    if not file.is_file():
        raise section.refused(name, f"there is no file {file}")
    return file
