"""What composition has to say: problems refuse the supergraph, hints don't."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["CompositionError", "Hint", "Problem", "Report"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why the subgraphs don't compose.

    `code` is Apollo's where Apollo has one; `coordinate` is like "BillingAccount.client" or "Query.client(id:)", None
    when the problem is the whole subgraph's; `line` counts from 1 in the SDL of the first of `subgraphs`.
    """

    code: str
    message: str
    subgraphs: tuple[str, ...] = ()
    coordinate: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """Something worth knowing that doesn't stop composition; `coordinate` and `line` as in a Problem."""

    code: str
    message: str
    subgraphs: tuple[str, ...] = ()
    coordinate: str | None = None
    line: int | None = None


class CompositionError(Exception):
    """The subgraphs don't compose; `problems` says everything that is known to be wrong, in a stable order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{problem.code}: {problem.message}" for problem in self.problems))


@dataclass(slots=True)
class Report:
    """Collects what the stages find, so that one run shows as many problems as it can."""

    problems: list[Problem] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)

    def problem(
        self,
        code: str,
        message: str,
        *,
        subgraphs: Iterable[str] = (),
        coordinate: str | None = None,
        line: int | None = None,
    ) -> None:
        """Note a problem; a second one of the same code at the same place and with the same words is dropped."""
        found = Problem(code, message, tuple(subgraphs), coordinate, line)
        if found not in self.problems:
            self.problems.append(found)

    def hint(self, code: str, message: str, *, subgraphs: Iterable[str] = (), coordinate: str | None = None) -> None:
        """Note a hint once."""
        found = Hint(code, message, tuple(subgraphs), coordinate)
        if found not in self.hints:
            self.hints.append(found)

    def stop_if_refused(self) -> None:
        """End of a stage: later stages would only repeat or misread what this one found. Raises CompositionError."""
        if self.problems:
            raise CompositionError(self.problems)
