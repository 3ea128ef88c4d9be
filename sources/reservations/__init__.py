"""Reservations: bookings of conferences."""

from sources.reservations.system import Reservations
from sources.reservations.tables import METADATA

__all__ = ["METADATA", "Reservations"]
