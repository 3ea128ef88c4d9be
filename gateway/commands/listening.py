"""Where a server listens, and what has to be decided before other machines may come."""

import ipaddress
import os
import socket

import click

from gateway.config import Settings

__all__ = ["check_doors", "is_loopback", "listening"]


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can come there."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_doors(host: str, settings: Settings) -> None:
    """Where other machines can come, somebody has decided who signs tokens, and what this server is called."""
    if not settings.doors.chosen:
        raise click.UsageError(
            f"--host {host}: it can be reached from other machines, and nobody has chosen who signs tokens: "
            "set [doors] jwks or embedded = true in spojka.toml, or use 127.0.0.1"
        )
    if not settings.http.hosts:
        raise click.UsageError(
            f"--host {host}: it can be reached from other machines: list the names they call it by in [http] hosts"
        )


def listening(host: str, port: int) -> socket.socket:
    """A socket there. ClickException where there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise click.ClickException(
            f"{host}:{port} can't be listened on ({_reason(error)}): choose another with --port"
        ) from error


def _reason(error: OSError) -> str:
    """In a few words: `strerror` of a socket that can't be bound says the address once more."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
