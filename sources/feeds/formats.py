"""The formats of call records by the names that the graph has for them, and what reads each."""

from collections.abc import Mapping
from types import MappingProxyType

from sources.feeds import asterisk, asterisk_table, freeswitch_csv, freeswitch_json, freeswitch_xml
from sources.feeds.parsed import Parser

__all__ = ["PARSERS"]

PARSERS: Mapping[str, Parser] = MappingProxyType(
    {
        "ASTERISK_CSV": asterisk.parse,
        "ASTERISK_TABLE": asterisk_table.parse,
        "FREESWITCH_CONFERENCE_XML": freeswitch_xml.parse,
        "FREESWITCH_CSV": freeswitch_csv.parse,
        "FREESWITCH_JSON": freeswitch_json.parse,
    }
)
