"""Replays real commits: does the ranking bring in the files that each of them had to change?

    python benchmarks/relevance.py REPOSITORY... [--commits 100] [--work FOLDER]
    python benchmarks/relevance.py --fit REPOSITORY...

A task is a commit's message, the state is its parent, and wanted are the files that it changed or
removed, of those that a pack of the parent could hold: what is generated, locked, vendored, binary
or secret is none. `relevance_commits` says which commits are tasks; of those with 1 to 20 wanted
files the newest are taken. Nothing is known but what the parent knew: its files and its history.

Measured is the share of the wanted files that go in in full where full texts may take 16,000,
64,000 and 256,000 tokens (o200k_base): for our ranking, and for single signals by themselves, all
packed by the same rule, each with the size exponent that is best for it. Intervals are those of
10,000 resamples of the tasks within each repository.

With `--fit`, the weights of the signals and those exponents are found on the repositories given,
and written to `weights.json` and `relevance_alone.json`; without, they are read from there.
Repositories are work trees or bare ones; nothing is written into them. What is read and counted is
kept in the work folder for the next time. Prints a table in Markdown and one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.relevance_fit import Model, best_exponent, fit, held_out, mean_of, measured
from benchmarks.relevance_measure import BUDGETS, Interval, Numbers, Scene, interval, most_possible
from benchmarks.relevance_scenes import scenes
from benchmarks.relevance_view import signals_version, viewing
from copilot.cache import Cache
from copilot.context.relevance import rank
from copilot.context.relevance.rank import WEIGHTS_VERSION, Weights, load_weights

OURS, MOST = "our ranking", "most possible"
ALONE = {"BM25 alone": "words", "PageRank alone": "centrality", "recency alone": "recency"}
_WEIGHTS = Path(rank.__file__).with_name("weights.json")
_ALONE = Path(__file__).with_name("relevance_alone.json")
_CACHE_BYTES = 8 * 1024**3

# By ranking and repository: a row for each task, a column for each budget.
Shares = Mapping[str, Mapping[str, Numbers]]


def collect(repositories: Sequence[Path], work: Path, count: int, weights: Weights) -> list[Scene]:
    """Return the tasks of all repositories. Raises GitFailed."""
    version = signals_version(weights)
    with Cache(work / "cache.sqlite", _CACHE_BYTES) as cache, viewing(cache, weights) as view:
        return [
            scene
            for repository in repositories
            for scene in scenes(repository, work, count, cache, view, version)
        ]


def rankings(weights: Weights, exponents: Mapping[str, float]) -> dict[str, Model]:
    """Return what is compared: our ranking first; `exponents` are those of single signals."""
    ours = Model(weights.signals, weights.size_exponent)
    alone = {said: Model({name: 1.0}, exponents[name]) for said, name in ALONE.items()}
    return {OURS: ours, **alone}


def compared(all_tasks: Sequence[Scene], models: Mapping[str, Model]) -> Shares:
    """Return the shares of all rankings, and the most that any could have."""
    found = {said: measured(model, all_tasks, BUDGETS) for said, model in models.items()}
    most: dict[str, list[list[float]]] = defaultdict(list)
    for scene in all_tasks:
        most[scene.repository].append([most_possible(scene, budget) for budget in BUDGETS])
    return {**found, MOST: {name: np.array(rows) for name, rows in most.items()}}


def gains(found: Shares, place: int) -> tuple[str, Interval]:
    """Return the best single signal for a budget, and what our ranking brings in beyond it."""
    means = {
        said: np.concatenate([rows[:, place] for rows in found[said].values()]).mean()
        for said in ALONE
    }
    best = max(means, key=lambda said: float(means[said]))
    ours = found[OURS]
    more = {name: rows[:, place] - found[best][name][:, place] for name, rows in ours.items()}
    return best, interval(more)


def document(all_tasks: Sequence[Scene], found: Shares) -> dict[str, Any]:
    """Return what is to be printed as JSON."""
    names = sorted({scene.repository for scene in all_tasks})
    scopes = {"all": names, **{name: [name] for name in names}}
    return {
        "repositories": {name: _facts(all_tasks, name) for name in names},
        "budgets": list(BUDGETS),
        "shares": {
            scope: {said: _intervals(rows, chosen) for said, rows in found.items()}
            for scope, chosen in scopes.items()
        },
        "beyond_best_single": {
            scope: [_beyond(found, chosen, place) for place in range(len(BUDGETS))]
            for scope, chosen in scopes.items()
        },
    }


def without_each(all_tasks: Sequence[Scene], ours: Model) -> dict[str, list[float]]:
    """Return the mean shares of our ranking when each signal in turn has no weight."""
    found = {}
    for name in sorted(name for name, weight in ours.weights.items() if weight):
        model = replace(ours, weights={**ours.weights, name: 0.0})
        rows = np.concatenate(list(measured(model, all_tasks, BUDGETS).values()))
        found[name] = rows.mean(axis=0).round(4).tolist()
    return found


def _facts(all_tasks: Sequence[Scene], name: str) -> dict[str, Any]:
    own = [scene for scene in all_tasks if scene.repository == name]
    return {
        "tasks": len(own),
        "newest": own[0].revision,
        "oldest": own[-1].revision,
        "files": int(np.median([len(scene.names) for scene in own])),
        "tokens": int(np.median([int(scene.tokens.sum()) for scene in own])),
        "wanted": round(float(np.mean([int(scene.wanted.sum()) for scene in own])), 2),
    }


def _intervals(rows: Mapping[str, Numbers], chosen: Sequence[str]) -> list[dict[str, float]]:
    return [
        asdict(interval({name: rows[name][:, place] for name in chosen}))
        for place in range(len(BUDGETS))
    ]


def _beyond(found: Shares, chosen: Sequence[str], place: int) -> dict[str, Any]:
    some = {said: {name: rows[name] for name in chosen} for said, rows in found.items()}
    best, more = gains(some, place)
    return {"best_single": best, **asdict(more)}


def table(printed: Mapping[str, Any]) -> str:
    """Return the same as a table in Markdown, in percent, with the intervals behind the means."""
    head = " | ".join(f"{budget // 1000}k" for budget in BUDGETS)
    lines = [f"| | {head} |", f"| --- |{' ---: |' * len(BUDGETS)}"]
    for scope, rankings_there in printed["shares"].items():
        lines.append(f"| **{scope}** |{' |' * len(BUDGETS)}")
        for said, cells in rankings_there.items():
            lines.append(f"| {said} | {' | '.join(_cell(cell) for cell in cells)} |")
        beyond = printed["beyond_best_single"][scope]
        lines.append(f"| beyond the best signal | {' | '.join(_cell(cell) for cell in beyond)} |")
    return "\n".join(lines)


def _cell(cell: Mapping[str, float]) -> str:
    mean, low, high = (100 * cell[name] for name in ("mean", "low", "high"))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


def fitted(all_tasks: Sequence[Scene], weights: Weights) -> tuple[Weights, dict[str, Any]]:
    """Find weights, starting from others; return them, and what shows how far they hold."""
    start = Model(weights.signals, weights.size_exponent)
    left_out = held_out(start, all_tasks)
    best = mean_of([model for model, _ in left_out.values()] or [fit(start, all_tasks)])
    found = Weights(WEIGHTS_VERSION, dict(best.weights), best.exponent)
    return found, {
        "weights": msgspec.to_builtins(found),
        "left_out": {
            name: {**asdict(model), "shares": shares.mean(axis=0).round(4).tolist()}
            for name, (model, shares) in left_out.items()
        },
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the document."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("repository", type=Path, nargs="+")
    options.add_argument("--commits", type=int, default=100, help="tasks of each repository")
    options.add_argument("--work", type=Path, default=Path("build/relevance"), metavar="FOLDER")
    options.add_argument("--fit", action="store_true", help="find the weights and write them")
    options.add_argument("--weights", type=Path, default=_WEIGHTS, metavar="FILE")
    options.add_argument("--alone", type=Path, default=_ALONE, metavar="FILE")
    chosen = options.parse_args(arguments)
    weights = load_weights(chosen.weights)
    all_tasks = collect(chosen.repository, chosen.work, chosen.commits, weights)
    told: dict[str, Any] = {}
    if chosen.fit:
        weights, told = fitted(all_tasks, weights)
        _write(chosen.weights, msgspec.to_builtins(weights))
        alone = {name: best_exponent(name, all_tasks).exponent for name in ALONE.values()}
        _write(chosen.alone, alone)
    exponents = json.loads(chosen.alone.read_text())
    models = rankings(weights, exponents)
    told["without"] = without_each(all_tasks, models[OURS])
    printed = {**document(all_tasks, compared(all_tasks, models)), **told}
    sys.stdout.write(f"{table(printed)}\n\n{json.dumps(printed, indent=2)}\n")


def _write(file: Path, values: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(values, indent=2) + "\n")


if __name__ == "__main__":
    main()
