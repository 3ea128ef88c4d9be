"""A real Janus for the tests: AudioBridge in a private folder, on free ports of this machine, thrown away afterwards.

    def test_something(janus: Janus): ...                  a running one, without anybody who hears its events
    def test_another(start_janus: StartJanus):
        janus = start_janus(events_to="http://127.0.0.1:6012/janus-events")
        janus.kill()                                       # kill -9: rooms, sessions and calls are gone
        janus.start()                                      # the same ports, the same settings, a new life
        janus.stop()                                       # SIGTERM: the event `shutdown`, and no `left`

Callers for it are in `tests/janus/callers.py`. `session_timeout` is 0, so that a call outlives its controller; another
value is for those who want to see it end.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.postgresql import free_port, missing

__all__ = ["Janus", "StartJanus", "running_janus"]

PROGRAM = Path("/usr/bin/janus")
SECONDS_TO_START = 20
OTHER_PLUGINS = "duktape echotest lua nosip recordplay sip streaming textroom videocall videoroom voicemail"
OTHER_TRANSPORTS = "mqtt nanomsg pfunix rabbitmq websockets"
OTHER_HANDLERS = "gelfevh mqttevh nanomsgevh rabbitmqevh wsevh"


@dataclass(slots=True)
class Janus:
    """One Janus. `name` is the emitter of its events; `url` the API of calls, `admin_url` the administration's."""

    folder: Path
    name: str = "bridge-1"
    events_to: str | None = None
    session_timeout: int = 0
    api_secret: str = "an-api-secret"  # noqa: S105 - of a server that lives for one test
    admin_secret: str = "an-admin-secret"  # noqa: S105
    admin_key: str = "an-admin-key"
    port: int = field(default_factory=free_port)
    admin_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/janus"

    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}/admin"

    def start(self) -> None:
        """Starts it, and waits until it answers (about 0.1 s)."""
        assert self.process is None, "it runs already"
        for name, text in settings_of(self).items():
            (self.folder / name).write_text(text)
        command = [PROGRAM, "-C", self.folder / "janus.jcfg", "-F", self.folder, "-o"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + SECONDS_TO_START
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                pytest.fail(f"Janus doesn't start: {self.log()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """SIGTERM, and waits for its end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: nothing is told to anybody."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP: its ports take connections and nothing is answered, until `thaw`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/info", timeout=5).close()  # noqa: S310 - a server of our own
        except OSError:
            return False
        return True

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


StartJanus = Callable[..., Janus]


@contextmanager
def running_janus(**settings: object) -> Iterator[Janus]:
    """Skips the test where Janus isn't installed; with REQUIRE_SERVICES=1 that is a failure."""
    if not PROGRAM.exists():
        missing(f"Janus is not installed: there is no {PROGRAM}")
    folder = Path(tempfile.mkdtemp(prefix="spojka-janus-"))
    janus = Janus(folder, **settings)  # type: ignore[arg-type]
    try:
        janus.start()
        yield janus
    finally:
        janus.kill()
        shutil.rmtree(folder, ignore_errors=True)


def settings_of(janus: Janus) -> dict[str, str]:
    """Its files of settings, by name."""
    there = installed()
    # Below the range that the system itself gives ports from. Two servers may share it: taken ports are passed over.
    first = random.randrange(20_000, 32_000, 2)
    backend = janus.events_to or "http://127.0.0.1:9/nobody"
    return {
        "janus.jcfg": f"""
general: {{
  configs_folder = "{janus.folder}"
  plugins_folder = "{there}/plugins"
  transports_folder = "{there}/transports"
  events_folder = "{there}/events"
  loggers_folder = "{there}/loggers"
  interface = "127.0.0.1"
  server_name = "{janus.name}"
  api_secret = "{janus.api_secret}"
  admin_secret = "{janus.admin_secret}"
  session_timeout = {janus.session_timeout}
  debug_level = 4
  debug_colors = false
  hide_dependencies = true
}}
media: {{ rtp_port_range = "{first + 200}-{first + 260}" }}
nat: {{ ice_enforce_list = "127.0.0.1" }}
plugins: {{ disable = "{libraries(OTHER_PLUGINS)}" }}
transports: {{ disable = "{libraries(OTHER_TRANSPORTS)}" }}
loggers: {{ disable = "libjanus_jsonlog.so" }}
events: {{
  broadcast = {"true" if janus.events_to else "false"}
  disable = "{libraries(OTHER_HANDLERS)}"
}}
""",
        "janus.transport.http.jcfg": f"""
general: {{ json = "compact" base_path = "/janus" http = true port = {janus.port} ip = "127.0.0.1" https = false }}
admin: {{
  admin_base_path = "/admin" admin_http = true admin_https = false
  admin_port = {janus.admin_port} admin_ip = "127.0.0.1"
}}
""",
        "janus.plugin.audiobridge.jcfg": f"""
general: {{
  admin_key = "{janus.admin_key}" string_ids = true local_ip = "127.0.0.1" rtp_port_range = "{first}-{first + 198}"
}}
""",
        "janus.eventhandler.sampleevh.jcfg": f"""
general: {{
  enabled = {"true" if janus.events_to else "false"}
  events = "plugins,sessions,handles,core" grouping = true json = "compact" backend = "{backend}"
  max_retransmissions = 12 retransmissions_backoff = 100
}}
""",
    }


def libraries(names: str) -> str:
    return ",".join(f"libjanus_{name}.so" for name in names.split())


def installed() -> Path:
    """The folder of its plugins: of the machine's architecture."""
    found = sorted(Path("/usr/lib").glob("*/janus")) or [Path("/usr/lib/janus")]
    return found[0]
