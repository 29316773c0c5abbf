"""What the suites of planted lines share: which tasks are wanted, and the recipes of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot.errors import UsageError
from copilot.evals.model import Material, Plan, Recipe, Suite


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
