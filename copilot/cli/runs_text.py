"""Runs as text: the list, the same task side by side, and all about one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from copilot.assist.estimate import money
from copilot.runs.store import Run
from copilot.text import one_line

_WIDEST_CELL = 24
_WIDEST_IN_LIST = 16
_GAP = "  "
_LIST_HEAD = (
    *("id", "time", "command", "mode", "model", "tokens", "cached", "seconds", "cost"),
    *("outcome", "task"),
)
_NUMBERS = {"id", "tokens", "cached", "seconds", "cost"}
# What a narrow terminal does without, so that the task has some room.
_FIRST_TO_GO = ("seconds", "command", "cost", "cached", "mode")
_LEAST_TASK = 16


def same_task(found: Sequence[Run], least: int) -> list[list[Run]]:
    """Return runs of the same task in the same place, the oldest of each first."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in found:
        groups.setdefault((run.task, run.roots), []).insert(0, run)
    return [group for group in groups.values() if len(group) >= least]


def list_text(found: Sequence[Run], width: int) -> str:
    """Return a line for each run below a head, cut to `width` cells (0: as long as they are)."""
    columns = list(zip(_LIST_HEAD, *map(_list_row, found), strict=True))
    for name in _FIRST_TO_GO:
        if width and _room_for_task(columns, width) < _LEAST_TASK:
            columns = [column for column in columns if column[0] != name]
    right = [name in _NUMBERS for name, *_ in columns]
    rows = list(zip(*columns, strict=True))
    return "".join(f"{_cut(line, width)}\n" for line in _aligned(rows, right))


def _room_for_task(columns: Sequence[Sequence[str]], width: int) -> int:
    return width - sum(max(map(_cells, column)) + len(_GAP) for column in columns[:-1])


def _list_row(run: Run) -> tuple[str, ...]:
    reply = "" if run.reply_tokens is None else f"+{run.reply_tokens:,}"
    return (
        str(run.id),
        _minute(run.started),
        _cell(run.command),
        _cell(run.mode),
        _cell(run.model, _WIDEST_IN_LIST),
        f"{run.prompt_tokens:,}{reply}",
        _share(run) or "-",
        f"{run.seconds:.1f}",
        _cost(run),
        _cell(run.outcome, _WIDEST_IN_LIST),
        one_line(run.task),
    )


def side_by_side(group: Sequence[Run], width: int) -> str:
    """Return runs of one task as columns, as many beside each other as the width takes."""
    columns = [_compared(run) for run in group]
    lines = [_cut(one_line(group[0].task), width)]
    while columns:
        taken = _fitting(columns, width)
        names = [name for name, _ in columns[0]]
        values = [[value for _, value in column] for column in columns[:taken]]
        rows = list(zip(names, *values, strict=True))
        lines += [_cut(line, width) for line in _aligned(rows, [False] + [True] * taken)]
        columns = columns[taken:]
    return "".join(f"{line}\n" for line in lines)


def _fitting(columns: Sequence[Sequence[tuple[str, str]]], width: int) -> int:
    """Return how many columns fit beside the names; one at least."""
    room = width - max(_cells(name) for name, _ in columns[0])
    for count, column in enumerate(columns):
        room -= len(_GAP) + max(_cells(value) for _, value in column)
        if width and room < 0:
            return max(1, count)
    return len(columns)


def _compared(run: Run) -> list[tuple[str, str]]:
    return [
        ("run", str(run.id)),
        ("time", _minute(run.started)),
        ("command", _cell(run.command)),
        ("mode", _cell(run.mode)),
        ("model", _cell(run.model)),
        ("prompt", f"{run.prompt_tokens:,}"),
        ("cached", _cached(run)),
        ("reply", _count(run.reply_tokens)),
        ("seconds", f"{run.seconds:.1f}"),
        ("first token", _seconds(run.first_token_seconds)),
        ("cost", _cost(run)),
        ("outcome", _cell(run.outcome)),
    ]


def facts_text(run: Run, *, manifest_kept: bool) -> str:
    """Return all about a run, one line for each fact."""
    manifest = "kept, see --manifest" if manifest_kept else "not kept"
    rows = [*_facts(run), ("manifest", manifest)]
    return "".join(f"{name:13}{one_line(value)}\n" for name, value in rows)


def _facts(run: Run) -> list[tuple[str, str]]:
    return [
        ("run", str(run.id)),
        ("time", run.started),
        ("command", run.command),
        ("task", run.task),
        ("outcome", run.outcome),
        ("mode", run.mode),
        ("model", run.model),
        ("roots", run.roots),
        ("also read", run.read_only or "-"),
        ("prompt", f"{run.prompt_tokens:,} tokens; by our own count {_count(run.asked_tokens)}"),
        ("cached", f"{_cached(run)}; expected {_count(run.expected_cached_tokens)}{_put(run)}"),
        ("reply", f"{_count(run.reply_tokens)} tokens"),
        ("seconds", f"{run.seconds:.1f}; to the first token {_seconds(run.first_token_seconds)}"),
        ("cost", _cost(run)),
        ("review", _review(run)),
        ("SHA-256", run.prompt_sha256),
    ]


def _review(run: Run) -> str:
    """Return what was decided of the reply; `-` if it was not reviewed."""
    if run.rounds is None:
        return "-"
    taken = f"accepted {_of(run.accepted_hunks, 'hunk')} ({_of(run.accepted_lines, 'line')})"
    left = f"rejected {_of(run.rejected_hunks, 'hunk')} ({_of(run.rejected_lines, 'line')})"
    edited = f", edited by hand {_of(run.edited_files, 'file')}" if run.edited_files else ""
    return f"{taken}, {left}{edited}; round {run.rounds}"


def _of(count: int | None, noun: str) -> str:
    return f"{count or 0} {noun}{'' if count == 1 else 's'}"


def _minute(started: str) -> str:
    """Return a time to the minute on the user's clock."""
    try:
        return f"{datetime.fromisoformat(started).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return _cell(started)


def _share(run: Run) -> str:
    """Return which part of the prompt came from the provider's cache; nothing if unknown."""
    if run.cached_tokens is None or not run.prompt_tokens:
        return ""
    return f"{run.cached_tokens / run.prompt_tokens:.0%}"


def _cached(run: Run) -> str:
    share = _share(run)
    return f"{_count(run.cached_tokens)} ({share})" if share else _count(run.cached_tokens)


def _put(run: Run) -> str:
    """Return what was put into the provider's cache; nothing if it did not tell."""
    written = run.cache_written_tokens
    return "" if written is None else f"; put there {written:,}"


def _cost(run: Run) -> str:
    return "-" if run.cost is None else one_line(money(run.cost, run.currency))


def _count(tokens: int | None) -> str:
    return "-" if tokens is None else f"{tokens:,}"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f}"


def _cell(text: str, width: int = _WIDEST_CELL) -> str:
    return _cut(one_line(text), width)


def _aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Return lines with columns of equal width, each to the right or to the left."""
    widths = [max(map(_cells, column)) for column in zip(*rows, strict=True)]
    return [_GAP.join(map(_padded, row, widths, right)).rstrip() for row in rows]


def _padded(cell: str, width: int, to_the_right: bool) -> str:
    blanks = " " * (width - _cells(cell))
    return blanks + cell if to_the_right else cell + blanks


def _cut(text: str, width: int) -> str:
    """Return what of a text fits into `width` cells of a terminal; all of it for 0."""
    from rich.cells import set_cell_size

    if not width or _cells(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
