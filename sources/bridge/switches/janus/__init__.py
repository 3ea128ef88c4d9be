"""Janus AudioBridge as a switch. Everything is asked of its admin API, which needs no session that could be left over.

What Janus must be set to: `string_ids = true` and an `admin_key` in janus.plugin.audiobridge.jcfg, an admin API
(`admin_http = true`) and `admin_secret`. Tried with Janus 1.1.2.
"""

from sources.bridge.switches.janus.admin import AdminApi
from sources.bridge.switches.janus.switch import JanusSettings, JanusSwitch

__all__ = ["AdminApi", "JanusSettings", "JanusSwitch"]
