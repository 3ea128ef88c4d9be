"""How a count is said to people: `1 account`, `2 accounts`, `no` form of its own for nothing: `0 accounts`."""

__all__ = ["counted"]


def counted(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun; `many` only where it isn't `one` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
