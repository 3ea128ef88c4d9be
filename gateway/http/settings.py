"""What the HTTP edge is set to.

    [http]
    hosts = ["graph.example.org"]

    [http.cors]                                  # gateway/http/cors.py
    origins = ["https://app.example.org"]

A page of another site can point a name of its own at this machine; the Host header gives it away. So only the names of
this machine itself are answered to, and those that are listed.
"""

from dataclasses import dataclass, field

from gateway.http import cors
from gateway.http.cors import CorsSettings
from gateway.section import Section

__all__ = ["LOOPBACK_HOSTS", "HttpSettings", "read"]

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """`hosts` are the names that clients may call this server by, besides those of the machine itself."""

    hosts: tuple[str, ...] = ()
    cors: CorsSettings = field(default_factory=CorsSettings)


def read(section: Section) -> HttpSettings:
    """`[http]`. A host is a name without a port; `*.example.org` is every name below it."""
    hosts = section.texts("hosts")
    for host in hosts:
        if ":" in host.strip("[]") and not host.startswith("["):
            raise section.refused("hosts", f"{host} has a port: leave it out")
        if "/" in host or "*" in host.removeprefix("*."):
            raise section.refused("hosts", f"{host} is not a host's name, nor *. with one")
    return HttpSettings(hosts=hosts, cors=cors.read(section.table("cors")))
