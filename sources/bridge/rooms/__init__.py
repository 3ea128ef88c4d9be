"""Rooms of bookings on the switches: which booking has which room where, and what was told to whose switch."""

from sources.bridge.rooms.rooms import Rooms

__all__ = ["Rooms"]
