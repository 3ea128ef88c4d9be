"""Decisions: pure functions on frozen values. No async, no clock, no I/O: time comes in as an argument."""
