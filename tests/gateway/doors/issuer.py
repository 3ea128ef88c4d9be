"""An issuer of tokens: its keys, tokens of every kind, and its JWKS on a real server of this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.doors.settings import DoorsSettings

__all__ = ["ISSUER", "NOW", "SETTINGS", "Server", "claims", "ec_key", "okp_key", "rsa_key", "serving", "signed"]

NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
ISSUER = "https://login.example.org"
SETTINGS = DoorsSettings(issuer=ISSUER, audience="spojka", jwks="https://login.example.org/keys", chosen=True)


class _Anything(JWSRegistry):
    """Signs in whatever way a forger likes."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


def rsa_key(kid: str = "rsa") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


def ec_key(kid: str = "ec") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


def okp_key(kid: str = "okp") -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid})


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims, with what is changed; None takes a claim out."""
    stamp = int(NOW.timestamp())
    good = {"iss": ISSUER, "aud": "spojka", "sub": "jana.kralova", "iat": stamp, "exp": stamp + 600}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(key: Key, content: dict[str, Any] | None = None, *, alg: str, **header: Any) -> bytes:
    """A token; `header` goes on top of alg and the key's id."""
    head = {"alg": alg, "kid": key.kid, **header}
    head = {name: value for name, value in head.items() if value is not None}
    registry = _Anything(strict_check_header=False)
    return jwt.encode(head, claims() if content is None else content, key, registry=registry).encode()


@dataclass
class Server:
    """What is served, and how often it was asked for."""

    url: str
    keys: list[Key] = field(default_factory=list)
    raw: bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()


@contextmanager
def serving(*keys: Key) -> Iterator[Server]:
    """The issuer's keys at `Server.url`, until it is over."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked += 1
            body = told.body()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Server(f"http://127.0.0.1:{server.server_address[1]}/keys", list(keys))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
