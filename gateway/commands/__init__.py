"""The commands that keep a Spojka running, which gateway/cli.py mounts: wiring, as cli.py itself."""
