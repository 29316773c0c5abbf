"""`copilot runs stats`: requests, tokens, the caches' share, money and time, added up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from copilot.assist.estimate import money
from copilot.cli.options import Json
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.errors import UsageError
from copilot.runs.stats import Group, Totals, add_up
from copilot.runs.store import list_runs
from copilot.settings.paths import state_paths
from copilot.text import one_line

_ALL = 2**62
_HEAD = ("requests", "read", "cached", "hit rate", "written", "answered", "seconds", "cost")
_AGO = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def stats_command(
    by: Annotated[
        Group | None, typer.Option("--by", help="A line for each, instead of one for all.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="WHEN", help="Not older: 2026-11-01 on this clock, or 12h, 7d, 4w."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add up what was asked: tokens read, cached and written, money, seconds.

    `read` is all that the prompts held, `cached` came from a provider's cache and `written` was put
    there; `answered` are the replies' tokens.
    """
    start = _moment(since) if since else None
    totals = add_up(list_runs(state_paths().runs_file, _ALL, since=start), by, None)
    if as_json:
        put_json([_document(one) for one in totals])
    elif not totals:
        say("nothing was asked" + (" since then" if since else " yet"))
    else:
        put(_table(totals, by))


def _moment(text: str) -> str:
    """Return a moment in UTC as it stands in the runs file. Raises UsageError."""
    try:
        if match := _AGO.fullmatch(text.strip()):
            hours = int(match[1]) * _HOURS[match[2]]
            moment = datetime.now(UTC) - timedelta(hours=hours)
        else:
            moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"not a time: {one_line(text)}", "write it as 2026-11-01, or as 12h, 7d, 4w"
        ) from error


def _table(totals: Sequence[Totals], by: Group | None) -> str:
    rows = [(str(by) if by else "", *_HEAD), *map(_row, totals)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "".join(f"{line}\n" for line in lines)


def _row(one: Totals) -> tuple[str, ...]:
    rate = one.hit_rate
    return (
        one_line(one.key) or "-",
        f"{one.requests:,}",
        f"{one.prompt_tokens:,}",
        f"{one.cached_tokens:,}",
        "-" if rate is None else f"{rate:.1%}",
        f"{one.cache_written_tokens:,}",
        f"{one.reply_tokens:,}",
        f"{one.seconds:,.1f}",
        _cost(one),
    )


def _cost(one: Totals) -> str:
    """Return the sums; `+ ?` where some requests have no known cost."""
    sums = [money(amount, currency) for currency, amount in sorted(one.cost.items())]
    return " + ".join(sums + ["?"] * (one.uncosted > 0)) if sums else "-"


def _document(one: Totals) -> dict[str, Any]:
    return {**asdict(one), "hit_rate": one.hit_rate}
