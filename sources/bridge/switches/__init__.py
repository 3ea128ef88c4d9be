"""The switches: what really mixes the calls. One protocol (`switch.py`), an adapter of each kind beside it."""
