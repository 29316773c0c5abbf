"""What suites share: which tasks are wanted, the recipes of a plan, and which of them fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from copilot.errors import UsageError
from copilot.evals.calibrating import reserve_of
from copilot.evals.model import Material, Plan, Recipe, Suite

# Any task can be made in so much room; in less, it is tried.
_SURE_ROOM = 4500


def check_tasks(suite: Suite, plan: Plan) -> Sequence[str]:
    """Return the tasks wanted, in the suite's order. Raises UsageError for an unknown one."""
    unknown = [task for task in plan.tasks if task not in suite.tasks]
    if unknown:
        known = ", ".join(suite.tasks)
        raise UsageError(f"{suite.name} has no task {unknown[0]!r}", f"known: {known}")
    return [task for task in suite.tasks if task in plan.tasks or not plan.tasks]


def recipes_of(name: str, plan: Plan, material: Material) -> Iterator[Recipe]:
    """Yield a recipe without a task for each haystack of a plan, the shortest first."""
    for tokens, room in plan.rooms:
        for index in range(plan.samples):
            yield Recipe(
                suite=name,
                task="",
                tokens=tokens,
                room=room,
                index=index,
                seed=plan.seed,
                tokenizer=material.tokenizer,
                source=material.sha256,
                apart=plan.apart,
                reply_tokens=plan.reply_tokens,
            )


def reply_limit(recipe: Recipe, published: int) -> int:
    """Return an answer's limit: what is wished for or published, as far as its length leaves it."""
    return reserve_of(recipe.tokens, recipe.reply_tokens or published)


def fitting(
    suite: Suite, batches: Iterable[tuple[Recipe, ...]], material: Material
) -> Iterator[tuple[Recipe, ...]]:
    """Yield those batches whose samples can be made.

    Raises UsageError where there is none, with why the first cannot be made.
    """
    found, failed = False, dict[int, UsageError]()
    for batch in batches:
        try:
            if batch[0].room < _SURE_ROOM:
                list(suite.make(batch, material))
        except UsageError as error:
            failed.setdefault(batch[0].tokens, error)
            continue
        found = True
        yield batch
    if failed and not found:
        lengths, first = ", ".join(f"{tokens:,}" for tokens in failed), next(iter(failed.values()))
        raise UsageError(f"nothing to ask at {lengths} tokens: {first.message}", first.hint)


def left_out(suite: Suite, plan: Plan, batches: Iterable[tuple[Recipe, ...]]) -> tuple[str, ...]:
    """Return what a plan wants and its batches lack: `vt, qa_2 at 600 tokens`."""
    there = {(one.tokens, one.examples, one.task) for batch in batches for one in batch}
    lengths: dict[str, list[str]] = {}
    wanted = plan.tasks or suite.tasks
    for (tokens, _), count in product(plan.rooms, plan.examples):
        lacking = [task for task in wanted if (tokens, count, task) not in there]
        told = ", ".join(lacking) if len(lacking) < len(wanted) else "all tasks"
        told += f" with {count} examples" if count else ""
        if lacking:
            lengths.setdefault(told, []).append(f"{tokens:,}")
    return tuple(f"{told} at {', '.join(some)} tokens" for told, some in lengths.items())
