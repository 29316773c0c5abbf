"""Rows: one JSON object a line for each answer, in a file that a killed run leaves readable.

A line is written whole, with one call, behind what is there. What a kill cuts off is the last line
alone: it is dropped when the file is opened again, and its sample asked once more.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from copilot.errors import UsageError
from copilot.evals.model import Measure, Recipe, Score

# What a row's `error` says; a sample with one is asked again.
WINDOW, UNREACHABLE, REFUSED, INCOMPLETE = "window", "unreachable", "refused", "incomplete"


@dataclass(frozen=True)
class Identity:
    """Which model answered: `name` is the user's word for it, `id` the server's own.

    `base_url` holds no credentials. `digest` is that of provider, base_url and id.
    """

    name: str
    id: str
    provider: str
    base_url: str
    digest: str


@dataclass(frozen=True)
class Calibration:
    """How a server counts: `overhead` tokens for each request, and `ratio` for each of ours.

    `measured` is False where the server tells no usage, so that both are assumed.
    """

    overhead: float
    ratio: float
    measured: bool = True

    def served(self, own_tokens: int) -> float:
        """Return what the server should count of a prompt."""
        return own_tokens * self.ratio + self.overhead


@dataclass(frozen=True)
class Counted:
    """Tokens as the server counted them; `cached` is None where it does not say."""

    prompt: int
    reply: int
    cached: int | None = None


@dataclass(frozen=True)
class Row:
    """One sample and what came of asking; texts are UTF-8 with escapes for lone surrogates.

    `own_tokens` is our count of the prompt. `error` is empty, or says why there is no `score`:
    `window` (too long for the model), `unreachable`, `refused`, `incomplete`; `said` is then what
    the server said. Times are in seconds, `cost` is in `currency`. `repositories` are
    `alias@revision`, with a `+` for one that had changes.
    """

    recipe: Recipe
    model: Identity
    prompt_sha256: str
    haystack: str
    positions: tuple[int, ...]
    references: tuple[str, ...]
    forbidden: tuple[str, ...]
    measure: Measure
    reply_tokens: int
    own_tokens: int
    calibration: Calibration
    started: str
    answer: str = ""
    finish: str = ""
    score: Score | None = None
    usage: Counted | None = None
    seconds: float = 0.0
    first_token_seconds: float | None = None
    temperature: float | None = None
    cost: float | None = None
    currency: str = "USD"
    repositories: tuple[str, ...] = ()
    error: str = ""
    said: str = ""

    @property
    def key(self) -> tuple[str, Recipe]:
        """What a resumed run does not ask again."""
        return self.model.digest, self.recipe

    @property
    def read_share(self) -> float | None:
        """What the server counted of the prompt, of what it should have; None if that is unknown.

        Well below 1 where it cut the prompt and did not say so.
        """
        if self.usage is None or not self.calibration.measured:
            return None
        return self.usage.prompt / self.calibration.served(self.own_tokens)


# What every line begins with.
_BEGIN = b'{"suite":'


def identity_of(name: str, model: str, provider: str, base_url: str) -> Identity:
    """Return which model answers, without what a URL holds of credentials."""
    parts = urlsplit(base_url)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path, "", ""))
    digest = sha256("\0".join((provider, bare, model)).encode(errors="backslashreplace"))
    return Identity(harmless(name), harmless(model), provider, harmless(bare), digest.hexdigest())


def harmless(text: str) -> str:
    """Return a text that JSON can hold: lone surrogates become escapes."""
    return text.encode(errors="backslashreplace").decode()


def encode(row: Row) -> bytes:
    """Return a row as a line of JSON; what names the sample also stands at the top."""
    recipe = row.recipe
    top: dict[str, Any] = {"suite": recipe.suite, "task": recipe.task, "tokens": recipe.tokens}
    return msgspec.json.encode({**top, "depth": recipe.depth, **msgspec.to_builtins(row)}) + b"\n"


def decode(line: bytes) -> Row:
    """Return the row of a line. Raises ValueError for what is none."""
    return msgspec.json.decode(line, type=Row)


def holds_rows(data: bytes) -> bool:
    """Tell whether a text is a file of rows."""
    return data.startswith(_BEGIN)


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file; a last line without its end is none. Raises UsageError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "check the path") from error
    return _rows(data, path)


def numbered_row(path: Path, number: int) -> Row:
    """Return the row on a line, counted from 1. Raises UsageError."""
    rows = read_rows(path)
    if not 1 <= number <= len(rows):
        raise UsageError(f"{path} has no row {number}", f"it holds rows 1 to {len(rows)}")
    return rows[number - 1]


def settled(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each sample of each model: an answer if there is one, else the last."""
    last: dict[tuple[str, Recipe], Row] = {}
    for row in rows:
        before = last.get(row.key)
        if before is None or before.error or not row.error:
            last[row.key] = row
    return list(last.values())


def _rows(data: bytes, path: Path) -> list[Row]:
    lines = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(decode(line))
        except (msgspec.MsgspecError, ValueError) as error:
            raise UsageError(
                f"line {number} of {path} is no row: {error}",
                "name a file that copilot eval wrote, or take the line out",
            ) from error
    return rows


class RowFile:
    """A file of rows that one run at a time writes to.

    Raises UsageError if another run does, if it holds something else, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise UsageError(
                f"cannot write {path}: {error.strerror}", "name another place with --rows"
            ) from error
        with ExitStack() as failing:
            failing.callback(os.close, self._descriptor)
            self._take()
            self.rows = self._taken_up()
            failing.pop_all()

    def append(self, row: Row) -> None:
        """Write a row: all of its line, or nothing. Raises UsageError."""
        line = encode(row)
        with self._lock:
            size = os.fstat(self._descriptor).st_size
            try:
                if os.write(self._descriptor, line) != len(line):
                    raise OSError(0, "no space left")
            except OSError as error:
                os.ftruncate(self._descriptor, size)
                raise UsageError(
                    f"cannot write {self.path}: {error.strerror}",
                    "free some space, then give the same command again: it goes on from there",
                ) from error
            self.rows.append(row)

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> RowFile:
        return self

    def __exit__(self, *_about: object) -> None:
        self.close()

    def _take(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"another run writes to {self.path}", "wait for it, or name another with --rows"
            ) from error

    def _taken_up(self) -> list[Row]:
        """Return the rows that are there, with a last line that was cut off dropped."""
        data = self.path.read_bytes()
        rows = _rows(data, self.path)
        whole = data.rfind(b"\n") + 1
        rest = data[whole:]
        if rest and not _BEGIN.startswith(rest[: len(_BEGIN)]):
            raise UsageError(f"{self.path} holds something else than rows", "name another file")
        if rest:
            os.ftruncate(self._descriptor, whole)
        return rows


def calibration_in(rows: Sequence[Row], digest: str) -> Calibration | None:
    """Return how a model's server was found to count, None if no row tells."""
    return next((row.calibration for row in rows if row.model.digest == digest), None)
