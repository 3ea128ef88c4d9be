"""Which of several ways is the best: a search that goes on with the few best so far."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.planning.solution import Cost, Step
from gateway.selections import Selections, leaves

__all__ = ["KEPT", "Way", "best_way"]

_DEPTH = 0.75  # the weight of one more level against one more request
_CARRIED = 0.001  # the weight of one selected leaf against one request
KEPT = 4  # how many ways are followed at once


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Some steps, what they leave, and what they cost."""

    steps: tuple[Step, ...]
    left: Selections
    cost: Cost
    open: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "open", leaves(self.left))

    def then(self, other: "Way") -> "Way":
        """Both, where the other was found for what this one left."""
        return Way(self.steps + other.steps, other.left, self.cost | other.cost)

    @property
    def weight(self) -> float:
        """Requests, levels that wait for one another, and what is carried, each with its weight."""
        return len(self.cost.calls) + _DEPTH * self.cost.depth + _CARRIED * self.cost.carried

    @property
    def rank(self) -> tuple[int, float]:
        """What leaves least is better, then what costs least."""
        return self.open, self.weight


def best_way(start: Way, further: Callable[[Selections], Iterable[Way]], *, kept: int = KEPT) -> Way:
    """The best that steps of `further` lead to, one after the other until nothing is left or nothing helps."""
    ended: list[Way] = []
    followed = [start]
    while followed:
        found: dict[object, Way] = {}
        for way in followed:
            more = [way.then(each) for each in further(way.left)]
            if not more:
                ended.append(way)
            for each in more:
                if not each.left:
                    ended.append(each)
                    continue
                same = (each.open, each.cost.calls)
                known = found.get(same)
                if known is None or each.rank < known.rank:
                    found[same] = each
        done = min((each.weight for each in ended if not each.left), default=None)
        going = (each for each in found.values() if done is None or each.weight < done)
        followed = sorted(going, key=lambda each: each.rank)[:kept]
    return min(ended, key=lambda each: each.rank)
