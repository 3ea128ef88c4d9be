"""The room in the argument of FreeSWITCH's application conference: `3001@default+1234+flags{mute}` is room 3001."""

import re

__all__ = ["room_of_argument"]

_REST = re.compile(r"[@+]")


def room_of_argument(argument: str) -> str:
    """Before its profile (`@default`) and PIN (`+1234`); `bridge:3001@default:user/1000` is a room too."""
    name = argument.strip()
    if name.casefold().startswith("bridge:"):
        name = name[len("bridge:") :].partition(":")[0]
    return _REST.split(name, maxsplit=1)[0].strip()
