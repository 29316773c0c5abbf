"""The best of several replies: each is tried where nothing is lost, and the tests decide.

The order of the criteria is Agentless's (Xia et al. 2024, arXiv 2407.01489): equal results are
merged, the fewest failures stay, then the most frequent result, then the earliest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from copilot.assist.check import Check, CheckCommand, check_in_copy
from copilot.assist.failures import failed_tests
from copilot.assist.propose import Attempt
from copilot.edits.changes import EXECUTABLE_MODE, ChangeSet
from copilot.errors import EditsRefused
from copilot.text import one_line
from copilot.workspace.model import Root

Standing = Literal["best", "level", "behind", "not placed"]


@dataclass(frozen=True)
class Candidate:
    """A reply that may be taken, and the name of who gave it."""

    name: str
    text: str


@dataclass(frozen=True)
class Account:
    """What became of a candidate.

    `votes` counts the candidates with the same result, itself among them; `check` is what the
    user's command said of it, and `failures` the failed tests, as far as it told; `why` says in
    words what the standing rests on.
    """

    name: str
    standing: Standing
    why: str
    votes: int = 0
    check: Check | None = None
    failures: int | None = None


@dataclass(frozen=True)
class Verdict:
    """The best candidates by number, from 0: one, or several that are level, the earliest first.

    `attempts` holds for each candidate what became of its edits, None where the reply is broken.
    Where no candidate could be placed, the best is the one with the fewest refused edits.
    """

    best: tuple[int, ...]
    attempts: tuple[Attempt | None, ...]
    accounts: tuple[Account, ...]

    @property
    def attempt(self) -> Attempt | None:
        """The attempt of the first of the best."""
        return self.attempts[self.best[0]]


@dataclass(frozen=True)
class Trial:
    """Where candidates are tried: a copy of the roots, with the user's command if there is one.

    `say` is told before each run, in one line.
    """

    roots: Sequence[Root]
    command: CheckCommand | None
    environment: Mapping[str, str]
    say: Callable[[str], None] = lambda _line: None


@dataclass(frozen=True)
class _Result:
    """A result that one or more candidates lead to."""

    members: tuple[int, ...]
    changes: ChangeSet
    check: Check | None = None
    failures: int | None = None

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """What comes first is better: something is changed, the check passes, few tests fail."""
        failed = self.check is not None and not self.check.passed
        known = math.inf if self.failures is None else self.failures
        return (not self.changes, failed, known if failed else 0)


def compare(
    candidates: Sequence[Candidate], interpret: Callable[[str], Attempt], trial: Trial
) -> Verdict:
    """Try each candidate and say which is best.

    A result without changes is only taken where no candidate changes anything: it breaks no test
    that passed before, and does nothing. The command is run on each result that differs from the
    others, unless there is but one. `interpret` takes a reply and places its edits. Raises
    UsageError if no copy can be made.
    """
    names = [candidate.name for candidate in candidates]
    attempts, broken = _interpreted(candidates, interpret)
    results = _results(attempts, broken)
    if len(results) > 1:
        results = [_tried(one, ", ".join(names[n] for n in one.members), trial) for one in results]
    best = _best(results) or (_nearest(attempts),)
    accounts = [
        _account(number, name, results, best, broken.get(number, ""))
        for number, name in enumerate(names)
    ]
    return Verdict(best, tuple(attempts), tuple(accounts))


def _best(results: Sequence[_Result]) -> tuple[int, ...]:
    """Return the first candidate of each of the best results, the earliest first."""
    rank = min((result.rank for result in results), default=None)
    foremost = [result for result in results if result.rank == rank]
    votes = max((len(result.members) for result in foremost), default=0)
    return tuple(result.members[0] for result in foremost if len(result.members) == votes)


def _nearest(attempts: Sequence[Attempt | None]) -> int:
    """Return the number of the first attempt with the fewest refused edits."""
    refusals = [math.inf if one is None else len(one.refusals) for one in attempts]
    return refusals.index(min(refusals))


def _interpreted(
    candidates: Sequence[Candidate], interpret: Callable[[str], Attempt]
) -> tuple[list[Attempt | None], dict[int, str]]:
    """Return each candidate's attempt, and why those that cannot be placed cannot."""
    attempts: list[Attempt | None] = []
    broken: dict[int, str] = {}
    for number, candidate in enumerate(candidates):
        made: Attempt | None = None
        try:
            made = interpret(candidate.text)
            made.proposal()
        except EditsRefused as refusal:
            broken[number] = refusal.message.partition("\n")[0]
        attempts.append(made)
    return attempts, broken


def _results(attempts: Sequence[Attempt | None], broken: Collection[int]) -> list[_Result]:
    """Return the different results, the earliest first, with the numbers that lead to each."""
    found: dict[Hashable, tuple[ChangeSet, list[int]]] = {}
    for number, made in enumerate(attempts):
        if made is not None and number not in broken:
            changes = made.placement.changes
            found.setdefault(_left_behind(changes), (changes, []))[1].append(number)
    return [_Result(tuple(numbers), changes) for changes, numbers in found.values()]


def _left_behind(changes: ChangeSet) -> Hashable:
    """Return what is equal for change sets that leave the same files behind."""
    files: dict[tuple[str, str], tuple[bytes | None, bool | None]] = {}
    for change in changes.changes:
        if change.old_path:
            files[change.repository, change.old_path] = (None, None)
    for change in changes.changes:
        has_mode = change.before is None or change.changes_mode
        executable = change.mode == EXECUTABLE_MODE if has_mode else None
        files[change.repository, change.path] = (change.after, executable)
    return frozenset(files.items())


def _tried(result: _Result, names: str, trial: Trial) -> _Result:
    """Run the user's command on a result, told of by the `names` of who gave it."""
    if trial.command is None:
        return result
    trial.say(f"trying the changes of {names}: {one_line(trial.command.command)}")
    check = check_in_copy(trial.roots, result.changes, trial.command, trial.environment)
    failures = None if check.passed else failed_tests(check.output)
    return replace(result, check=check, failures=failures)


def _account(
    number: int, name: str, tried: Sequence[_Result], best: Sequence[int], why_not: str
) -> Account:
    result = next((one for one in tried if number in one.members), None)
    if result is None:
        return Account(name, "not placed", why_not)
    standing: Standing = "behind"
    if result.members[0] in best:
        standing = "best" if len(best) == 1 else "level"
    votes = len(result.members)
    return Account(name, standing, _why(result), votes, result.check, result.failures)


def _why(result: _Result) -> str:
    count = len(result.changes.changes)
    said = [f"{count} file{'' if count == 1 else 's'} changed" if count else "nothing changed"]
    if result.check is not None and result.check.passed:
        said.append("the check passes")
    elif result.check is not None:
        tests = result.failures
        plural = "" if tests == 1 else "s"
        said.append("the check fails" if tests is None else f"{tests} test{plural} failed")
    if len(result.members) > 1:
        said.append(f"{len(result.members)} alike")
    return ", ".join(said)
