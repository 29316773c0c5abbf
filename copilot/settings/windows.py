"""How far models can be trusted to read: one small file of the user's.

Windows as they were found to be, where a model claims more, and apart from these the lengths up to
which a model was measured to read well (`copilot eval`).
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_EFFECTIVE = "effective"


@dataclass(frozen=True)
class Effective:
    """The longest length at which a model does well in a suite, and the next, `fails_at`.

    Both in the model's own tokens; `room` is what a prompt of that length takes in ours.
    """

    suite: str
    tokens: int
    room: int
    fails_at: int


def found_window(file: Path, name: str) -> int | None:
    """Return the window in tokens that was found for a model, None if none or unreadable."""
    tokens = _read(file).get(name)
    return tokens if isinstance(tokens, int) and tokens > 0 else None


def keep_window(file: Path, name: str, tokens: int) -> None:
    """Keep a window for later commands; a disk that refuses costs only that."""
    with _alone(file.parent):
        _write(file, {**_read(file), name: tokens})


def forget_window(file: Path, name: str) -> None:
    """Forget what was kept of a model that turns out to hold more."""
    with _alone(file.parent):
        _write(file, {key: value for key, value in _read(file).items() if key != name})


def effective_length(file: Path, name: str) -> Effective | None:
    """Return the shortest length that any suite measured for a model, None if none did."""
    return min(_measured(file, name).values(), key=lambda one: one.room, default=None)


def keep_effective(file: Path, name: str, measured: Effective) -> None:
    """Keep what a suite measured, in the place of what it measured before."""
    with _alone(file.parent):
        _put(file, name, {**_measured(file, name), measured.suite: measured})


def forget_effective(file: Path, name: str, suite: str, tokens: int) -> bool:
    """Forget what a suite measured if the length that failed, or a longer one, does well by now.

    `tokens` is the longest that does. Returns whether anything was forgotten.
    """
    with _alone(file.parent):
        known = _measured(file, name)
        if suite not in known or known[suite].fails_at > tokens:
            return False
        _put(file, name, {other: one for other, one in known.items() if other != suite})
        return True


def _measured(file: Path, name: str) -> dict[str, Effective]:
    """Return what is kept of a model, by suite; what is damaged is none."""
    suites = _inside(_inside(_read(file), _EFFECTIVE), name)
    found = {}
    for suite in suites:
        about = _inside(suites, suite)
        figures = [about.get(key) for key in ("tokens", "room", "fails_at")]
        numbers = [one for one in figures if isinstance(one, int) and one > 0]
        if len(numbers) == len(figures):
            found[suite] = Effective(suite, *numbers)
    return found


def _inside(document: Mapping[str, object], key: str) -> dict[str, object]:
    """Return the object under a key, an empty one where there is none."""
    inner = document.get(key)
    return inner if isinstance(inner, dict) else {}


def _put(file: Path, name: str, suites: Mapping[str, Effective]) -> None:
    document = _read(file)
    models = {**_inside(document, _EFFECTIVE), name: {s: asdict(e) for s, e in suites.items()}}
    _write(file, {**document, _EFFECTIVE: models})


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from changing the file between what is read here and what is written.

    The folder itself is locked; where it cannot be, what is written may be lost to another.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _write(file: Path, document: Mapping[str, object]) -> None:
    with suppress(OSError):
        descriptor, part = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            json.dump(document, stream, indent=1, sort_keys=True)
        Path(part).replace(file)


def _read(file: Path) -> dict[str, object]:
    try:
        windows = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return windows if isinstance(windows, dict) else {}
