"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from copilot.evals.heat import Heat
from copilot.evals.rows import Identity
from copilot.evals.statistics import ENOUGH, Mean, Speed

# The seed that is not worth telling: the command's own.
DEFAULT_SEED = 42
# Model, suite, examples, limit of the answers, whether haystacks are apart, seed, source.
SeriesKey = tuple[str, str, int, int, bool, int, str]
RULER_TASKS = (
    *("niah_single_1", "niah_single_2", "niah_single_3"),
    *("niah_multikey_1", "niah_multikey_2", "niah_multikey_3"),
    *("niah_multivalue", "niah_multiquery", "vt", "cwe", "fwe", "qa_1", "qa_2"),
)


@dataclass(frozen=True)
class Length:
    """What came of one length: scores are from 0 to 1.

    `average` is that of the tasks, each of the same weight. `f1` and `exact` are the measures of
    sets, `stale` the share of values that do not count any longer, `steps` the stages of edits.
    `cut` counts the prompts of which the server read less than was sent and did not say so: of the
    worst it read `cut_read` tokens of `cut_sent`, and `cut_share` is the median share. `room` is
    what its prompts may take, in our tokens.
    """

    tokens: int
    room: int
    tasks: Mapping[str, Mean]
    average: Mean
    speed: Speed
    f1: float | None = None
    exact: float | None = None
    stale: Mean | None = None
    steps: Mapping[str, Mean] = field(default_factory=dict)
    cut: int = 0
    cut_read: int = 0
    cut_sent: int = 0
    cut_share: float | None = None


@dataclass(frozen=True)
class Series:
    """One suite's rows of one model and one state of the files, with so many examples each.

    `reply_tokens` is the limit of all answers, 0 where each task has its own.
    `errors` counts the rows without an answer by their kind, `cut_off` the answers that ran into
    their limit. `ruler` is the effective length by RULER's rule, where all 13 tasks were asked;
    `relative` by the rule of 85 % of the score at the shortest. `weighted` are the averages with
    weights that rise, and fall, with the length. `apart`, `seed` and `source` are those of its
    recipes; `repository` names the source where a report has several.
    """

    model: Identity
    suite: str
    examples: int
    lengths: tuple[Length, ...]
    errors: Mapping[str, int]
    cut_off: int
    heat: Heat | None
    ruler: int | None = None
    relative: int | None = None
    weighted: tuple[float, float] | None = None
    findings: tuple[str, ...] = ()
    reply_tokens: int = 0
    apart: bool = False
    seed: int = DEFAULT_SEED
    source: str = ""
    repository: str = ""

    @property
    def key(self) -> SeriesKey:
        """What its rows have in common."""
        about = (self.model.digest, self.suite, self.examples, self.reply_tokens)
        return (*about, self.apart, self.seed, self.source)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks at any length, in the order of their first row."""
        return tuple(dict.fromkeys(task for length in self.lengths for task in length.tasks))

    @property
    def complete(self) -> tuple[Length, ...]:
        """The lengths that have all tasks: averages of others do not compare with theirs."""
        return tuple(one for one in self.lengths if len(one.tasks) == len(self.tasks))

    @property
    def is_whole_ruler(self) -> bool:
        """Whether all of RULER's tasks were asked, so that its rule can be applied."""
        return set(RULER_TASKS) <= set(self.tasks)

    @property
    def is_enough(self) -> bool:
        """Whether each task has answers enough at several lengths to tell one from another."""
        return len(self.complete) > 1 and all(_fewest(n) >= ENOUGH for n in self.complete)

    @property
    def scores(self) -> dict[int, float]:
        """The average of the tasks at each length that has them all, from 0 to 1."""
        return {length.tokens: length.average.value for length in self.complete}

    @property
    def title(self) -> str:
        plural = "" if self.examples == 1 else "s"
        more = f", {self.examples} example{plural}" if self.examples else ""
        limit = f", answers of up to {self.reply_tokens:,} tokens" if self.reply_tokens else ""
        apart = ", apart" if self.apart else ""
        seed = f", seed {self.seed}" if self.seed != DEFAULT_SEED else ""
        where = f", {self.repository}" if self.repository else ""
        return f"{self.suite}{more}{limit}{apart}{seed}{where}"


def _fewest(length: Length) -> int:
    return min((mean.count for mean in length.tasks.values()), default=0)


@dataclass(frozen=True)
class Report:
    """All series of some rows, those of one model together, with what went into them."""

    series: tuple[Series, ...]
    rows: int
    repositories: tuple[str, ...]
    seeds: tuple[int, ...]
    sources: tuple[str, ...]
