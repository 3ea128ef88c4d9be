"""G.711 A-law, by hand: Python has had no `audioop` since 3.13. One byte is one sample, 8000 of them a second."""

from __future__ import annotations

import math

__all__ = ["RATE", "decoded", "encoded", "energy", "tone"]

RATE = 8000
_EVEN_BITS = 0x55  # inverted on the line, so that silence is no row of equal bits


def encoded(sample: int) -> int:
    """A signed sample of 16 bits as a byte: sign, segment (3 bits), step in it (4 bits)."""
    sign = 0x80 if sample >= 0 else 0
    size = min(sample if sample >= 0 else -sample - 1, 0x7FFF)
    segment = max(0, size.bit_length() - 8)
    return (sign | segment << 4 | (size >> max(4, segment + 3)) & 0x0F) ^ _EVEN_BITS


def decoded(byte: int) -> int:
    """The middle of what the byte stands for."""
    byte ^= _EVEN_BITS
    segment, step = byte >> 4 & 0x07, byte & 0x0F
    size = (step << 4) + 8 if segment == 0 else (step << 4) + 0x108 << segment - 1
    return size if byte & 0x80 else -size


_DECODED = [decoded(byte) for byte in range(256)]


def tone(frequency: float, *, loudness: int = 8000) -> bytes:
    """One second of a sine, to be repeated; a whole number of hertz has no click in it."""
    return bytes(encoded(round(loudness * math.sin(math.tau * frequency * n / RATE))) for n in range(RATE))


def energy(payload: bytes) -> float:
    """The root of the mean square of the samples: 0 to 8 is silence, 5657 a tone of loudness 8000."""
    return math.sqrt(sum(_DECODED[byte] ** 2 for byte in payload) / len(payload)) if payload else 0.0
