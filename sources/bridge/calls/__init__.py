"""Calls on live switches: observed by events and polls, folded into legs, published as call records.

spooling/      the switch's events, on disk
events.py      what they say, as observations        watch.py       reads the spool and polls the rooms
recording.py   observations are written down         folding.py     observations -> legs, a pure function
settling.py    when a call is over                   publishing.py  its legs become call records for good
"""
