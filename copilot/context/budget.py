"""The hard limit: a prompt fits its budget, or nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from copilot.context.model import PackedFile, Prompt
from copilot.errors import BudgetExceeded
from copilot.text import one_line

_NAMED = 5


def check_budget(prompt: Prompt, budget: int, what: str = "budget") -> None:
    """Raise BudgetExceeded, naming what is largest, if the prompt is over `budget` tokens."""
    if prompt.total_tokens <= budget:
        return
    folders = _largest(_folder_tokens(prompt.files))
    files = _largest({f"{f.repository}/{f.path}": f.tokens for f in prompt.files})
    biggest = folders[0].split(" ")[-1].split("/", 1)[-1] if folders else "FOLDER"
    raise BudgetExceeded(
        f"the prompt has {prompt.total_tokens:,} tokens, the {what} is {budget:,}\n"
        + "".join(f"  largest folder: {line}\n" for line in folders)
        + "".join(f"  largest file:   {line}\n" for line in files).rstrip("\n"),
        f"leave some out (--exclude '{biggest}'), take only a part (--include 'GLOB'), "
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
