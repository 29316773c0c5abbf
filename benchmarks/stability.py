"""Replays real histories: how much of each prompt is the beginning of the one before it?

    python benchmarks/stability.py REPOSITORY... [--commits 50] [--work FOLDER]

Each repository is cloned, and a work tree is checked out at each of its last first-parent commits
in turn, as if it were pulled on one branch. After each commit one request is made: the same
question about all files, packed by the program's own code, in one process, without a budget; what
it froze is kept from one request to the next. A request at the commit before all these comes first
and is not counted. Repositories are work trees or bare ones; nothing is written into them.

Three layouts are compared, all with the same rules, frame, files and task:

- frozen base: the program's own. What changed stands behind the base; now and then there is a new
  base, and that prompt counts as all others do.
- path order: all files as they are, sorted by path, laid out anew each time.
- last-change order: all files as they are, by the last commit that changed them, the oldest first,
  laid out anew each time.

Reused is the longest common prefix with the prompt before, in bytes. Costs are those of the input
of all counted requests; 1 is what sending each file once, in path order, costs without a cache.
So what the frozen base holds twice counts against it. Tokens are those of o200k_base, whoever the
provider. Assumed is:

- Each request comes before what the one before it left in the cache has expired, and nothing else
  evicts it. Of earlier requests nothing is found.
- Anthropic: reads 0.1, writes to the 5-minute cache 1.25. A hit needs a breakpoint of the request
  before at the same byte, at most 20 blocks before one of this request's, of which there are 4.
  Each file is a block of content. Breakpoints of the frozen base are behind rules, base, overlay
  and prompt; of the others behind the blocks before 60, 85 and 97 % of the prompt, and the prompt.
- OpenAI, by the rules for models before GPT-5.6: reads 0.1, no fee for writing, hits in steps of
  128 tokens from 1,024 on. (From GPT-5.6 on, with its writes at 1.25 and breakpoints at marked
  places alone, what is said of Anthropic is the better guess.)
- Gemini, implicit caching: reads 0.1, no fee for writing, hits from 2,048 tokens on.
- Prices that rise with a prompt's length, and windows, are left aside.

Prints a table in Markdown and one JSON document.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.stability_prices import Reuse, reuse
from benchmarks.stability_replay import LAYOUTS, OURS, PATH_ORDER, name_of, requests

PROVIDERS = ("anthropic", "openai", "gemini")
_TITLES = {"anthropic": "Anthropic", "openai": "OpenAI", "gemini": "Gemini"}


@dataclass(frozen=True)
class Step:
    """One counted request: what each layout reuses, and why its base is a new one, if it is."""

    commit: str
    layouts: dict[str, Reuse]
    why_new: str


def replay(repository: Path, work: Path, count: int) -> list[Step]:
    """Return what each request after the first reuses. Raises CalledProcessError, CopilotError."""
    steps: list[Step] = []
    before = None
    for request in requests(repository, work, count):
        if before is not None:
            found = {name: reuse(before[name], now) for name, now in request.prompts.items()}
            steps.append(Step(request.commit, found, request.why_new))
        before = request.prompts
    return steps


def summary(steps: Sequence[Step]) -> dict[str, Any]:
    """Return the figures of one repository; sizes are those of the path order, newest commit."""
    newest = steps[-1].layouts[PATH_ORDER]
    plain = sum(step.layouts[PATH_ORDER].tokens for step in steps)
    return {
        "requests": len(steps),
        "oldest": steps[0].commit,
        "newest": steps[-1].commit,
        "bytes": newest.size,
        "tokens": newest.tokens,
        "new_bases": [
            {"commit": step.commit, "why": step.why_new} for step in steps if step.why_new
        ],
        "layouts": {
            name: figures([step.layouts[name] for step in steps], plain) for name in LAYOUTS
        },
    }


def figures(reuses: Sequence[Reuse], plain: int) -> dict[str, Any]:
    """Return the shares of bytes reused, and what all requests cost against `plain` tokens."""
    shares = [one.share for one in reuses]
    return {
        "median_reused": round(statistics.median(shares), 4),
        "mean_reused": round(statistics.fmean(shares), 4),
        "least_reused": round(min(shares), 4),
        "bytes": round(statistics.fmean(one.size for one in reuses)),
        "cost": {
            name: round(sum(one.costs[name] * one.tokens for one in reuses) / plain, 3)
            for name in PROVIDERS
        },
    }


def table(repositories: dict[str, dict[str, Any]]) -> str:
    """Return the figures of all repositories in Markdown."""
    heads = ["repository", "layout", "reused, median", "mean", *map(_TITLES.get, PROVIDERS)]
    lines = [f"| {' | '.join(map(str, heads))} |", f"| --- | --- |{' ---: |' * (len(heads) - 2)}"]
    for name, found in repositories.items():
        for layout, cells in found["layouts"].items():
            about = f"{name}, {found['bytes'] / 1e6:.2f} MB" if layout == OURS else ""
            shares = [f"{100 * cells[key]:.1f} %" for key in ("median_reused", "mean_reused")]
            costs = [f"{cells['cost'][provider]:.2f}" for provider in PROVIDERS]
            lines.append(f"| {' | '.join((about, layout, *shares, *costs))} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the document."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("repository", type=Path, nargs="+")
    options.add_argument("--commits", type=int, default=50, help="of each repository")
    options.add_argument("--work", type=Path, metavar="FOLDER", help="where clones are made")
    options.add_argument("--steps", action="store_true", help="print each request's figures too")
    chosen = options.parse_args(arguments)
    found: dict[str, dict[str, Any]] = {}
    for repository in chosen.repository:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="stability-", dir=chosen.work) as work:
            steps = replay(repository, Path(work), chosen.commits)
        found[name_of(repository)] = summary(steps) | {
            "seconds": round(time.perf_counter() - began, 1),
            **({"steps": [asdict(step) for step in steps]} if chosen.steps else {}),
        }
    document = {"commits": chosen.commits, "repositories": found}
    sys.stdout.write(f"{table(found)}\n\n{json.dumps(document, indent=2)}\n")


if __name__ == "__main__":
    main()
