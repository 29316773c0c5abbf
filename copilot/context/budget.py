"""The hard limit: a prompt fits its budget, or nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from copilot.context.model import PackedFile, Prompt
from copilot.errors import BudgetExceeded
from copilot.text import one_line

_NAMED = 5


def check_budget(prompt: Prompt, budget: int, what: str = "budget") -> None:
    """Raise BudgetExceeded, naming what is largest, if the prompt is over `budget` tokens."""
    if prompt.total_tokens <= budget:
        return
    message = f"the prompt has {prompt.total_tokens:,} tokens, the {what} is {budget:,}"
    raise _exceeded(message, prompt.files)


def no_file_fits(files: Sequence[PackedFile], tokens: int, budget: int) -> BudgetExceeded:
    """Return what to raise where a budget holds no file beside the `tokens` of rules and task.

    `files` have the tokens that they take in full.
    """
    return _exceeded(
        f"no file fits: rules and task have {tokens:,} tokens, the budget is {budget:,}", files
    )


def _exceeded(message: str, files: Sequence[PackedFile]) -> BudgetExceeded:
    named = {f"{file.repository}/{file.path}": file.tokens for file in files}
    lines = [
        message,
        *(f"  largest folder: {line}" for line in _largest(_folder_tokens(files))),
        *(f"  largest file:   {line}" for line in _largest(named)),
    ]
    return BudgetExceeded(
        "\n".join(lines),
        "leave some out (--exclude 'FOLDER/'), take only a part (--include 'GLOB'), "
        "or raise --budget and use a model with a larger window",
    )


def _folder_tokens(files: Iterable[PackedFile]) -> Counter[str]:
    """Return the tokens below each first-level folder of each repository."""
    tokens: Counter[str] = Counter()
    for file in files:
        folder, slash, _ = file.path.partition("/")
        if slash:
            tokens[f"{file.repository}/{folder}/"] += file.tokens
    return tokens


def _largest(tokens: dict[str, int]) -> list[str]:
    ranked = sorted(tokens.items(), key=lambda item: (-item[1], item[0]))
    return [f"{count:>12,} tokens  {one_line(name)}" for name, count in ranked[:_NAMED] if count]
