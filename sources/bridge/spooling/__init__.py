"""The spool: a switch's events are on disk before they are acknowledged, whatever becomes of the rest of Spojka.

`spool.py` keeps the files, `receiver.py` takes what the switch posts, `reading.py` reads from where it was left off.
"""
