"""What a subgraph that is served alone is set to: how the gateway before it proves who it is.

[subgraph]
secret_env = "SPOJKA_SUBGRAPH_SECRET"     # or secret_file: the secret itself is never written here
certificate = "billing.crt"               # TLS; with client_ca the gateway needs a certificate of its own
key = "billing.key"
client_ca = "gateways.crt"
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.section import Section

__all__ = ["SubgraphSettings", "Tls", "read"]

_LEAST_SECRET = 16


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM. With `client_ca` nobody comes in without a certificate that it signed."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphSettings:
    """`secret` is what the gateway sends with each request."""

    secret: str | None = field(default=None, repr=False)
    tls: Tls | None = None

    @property
    def is_closed(self) -> bool:
        """Whether anybody has to prove who they are."""
        return self.secret is not None or (self.tls is not None and self.tls.client_ca is not None)


def read(section: Section, environment: Mapping[str, str]) -> SubgraphSettings:
    """`[subgraph]`. A secret that is named and isn't there is refused: without it the subgraph would stand open."""
    variable, file = section.text("secret_env"), section.text("secret_file")
    if variable is not None and file is not None:
        raise section.refused("secret_file", "there is a secret_env too: the secret comes from one of them")
    secret = None
    if variable is not None:
        secret = _strong(section, "secret_env", environment.get(variable, ""))
    elif file is not None:
        secret = _strong(section, "secret_file", _content(section, Path(file)))
    return SubgraphSettings(secret=secret, tls=_tls(section))


def _content(section: Section, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise section.refused("secret_file", f"{file} can't be read") from error


def _strong(section: Section, name: str, secret: str) -> str:
    if len(secret) < _LEAST_SECRET or not secret.isascii() or not secret.isprintable():
        raise section.refused(name, f"the secret there is not {_LEAST_SECRET} or more printable ASCII characters")
    return secret


def _tls(section: Section) -> Tls | None:
    certificate, key, client_ca = (_file(section, name) for name in ("certificate", "key", "client_ca"))
    if certificate is None or key is None:
        for name, value in (("certificate", certificate), ("key", key), ("client_ca", client_ca)):
            if value is not None:
                raise section.refused(name, "TLS needs a certificate and its key")
        return None
    return Tls(certificate, key, client_ca)


def _file(section: Section, name: str) -> Path | None:
    written = section.text(name)
    if written is None:
        return None
    file = Path(written)
    if not file.is_file():
        raise section.refused(name, f"there is no file {file}")
    return file
