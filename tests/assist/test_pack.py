"""From folders and a task to a prompt that fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.pack import Packed, check_fit, messages, pack
from copilot.assist.scope import Scope
from copilot.context.model import Detail, Frame, PackedFile, Prompt, Section, SectionKind
from copilot.errors import BudgetExceeded, ExitCode, UsageError
from copilot.workspace.choose import Selection
from copilot.workspace.roots import find_roots

MakeRepository = Callable[..., Path]
TOKENS = 1000


@pytest.fixture
def prompt() -> Prompt:
    """A prompt of 1,000 tokens, most of them in one folder."""
    files = tuple(
        PackedFile("app", path, None, SectionKind.BASE, Detail.FULL, tokens, "")
        for path, tokens in (("docs/huge.md", 900), ("main.py", 90))
    )
    sections = (
        Section(SectionKind.BASE, (b"files\n",), TOKENS - 10),
        Section(SectionKind.TASK, (b"\n",), 10),
    )
    return Prompt(sections, files, Frame(), "o200k_base")


@pytest.mark.parametrize(
    ("budget", "window", "reply", "limit"),
    [
        (None, None, 500, TOKENS),
        (1000, None, 500, 1000),
        (2000, None, 0, 2000),
        (None, 1500, 500, 1500 - 500),
        (None, 8000, 500, 7500),
        (2000, 8000, 500, 2000),
        (9000, 8000, 500, 7500),
    ],
)
def test_what_fits(
    prompt: Prompt, budget: int | None, window: int | None, reply: int, limit: int
) -> None:
    assert check_fit(prompt, budget, window, reply) == limit


@pytest.mark.parametrize(
    ("budget", "window", "reply", "named"),
    [
        (999, None, 0, "the budget is 999"),
        (999, 8000, 500, "the budget is 999"),
        (None, 1499, 500, "the model's window of 1,499 less 500 to answer is 999"),
        (9000, 1499, 500, "the model's window of 1,499 less 500 to answer is 999"),
        (None, 400, 500, "the model's window of 400 less 500 to answer is -100"),
        (1, 400, 500, "the model's window of 400 less 500 to answer is -100"),
    ],
)
def test_what_does_not_fit(
    prompt: Prompt, budget: int | None, window: int | None, reply: int, named: str
) -> None:
    with pytest.raises(BudgetExceeded) as refused:
        check_fit(prompt, budget, window, reply)
    assert refused.value.exit_code == ExitCode.BUDGET
    assert named in refused.value.message
    assert "app/docs" in refused.value.message
    assert "app/docs/huge.md" in refused.value.message
    assert "--exclude" in refused.value.hint


@pytest.fixture
def packed(make_repository: MakeRepository, tmp_path: Path) -> Callable[..., Packed]:
    """Pack a repository of two files, one of them binary."""
    root = make_repository({"a.py": "print('a')\n", "b.bin": b"\0"}, "app")

    def make(kind: str | None, asked: str = "", selection: Selection | None = None) -> Packed:
        roots = find_roots([str(root)], tmp_path)
        scope = Scope(roots, selection or Selection(), "o200k_base", tmp_path / "prompts")
        return pack(scope, kind, asked, lambda _done, _known: None)

    return make


def test_the_texts_are_those_that_the_prompt_holds_in_full(packed: Callable[..., Packed]) -> None:
    assert packed("edit", "do it").full_texts == {"app/a.py": "print('a')\n"}


def test_the_rules_are_the_systems_and_the_rest_the_users(packed: Callable[..., Packed]) -> None:
    prompt = packed("ask", "what is it?").prompt
    system, user = messages(prompt)
    assert (system.role, user.role) == ("system", "user")
    assert system.content + user.content == prompt.text
    assert "app/a.py" not in system.content
    assert "app/a.py" in user.content
    assert "what is it?" in user.content


def test_without_a_task_there_is_none_in_the_prompt(packed: Callable[..., Packed]) -> None:
    kinds = [section.kind for section in packed(None).prompt.sections]
    assert kinds == [SectionKind.RULES, SectionKind.BASE]


@pytest.mark.parametrize(
    "selection", [Selection(include=(("*.rs",),)), Selection(exclude=("*.py",))]
)
def test_nothing_to_read(packed: Callable[..., Packed], selection: Selection) -> None:
    with pytest.raises(UsageError, match="nothing to read") as refused:
        packed("edit", "do it", selection)
    assert "--include" in refused.value.hint


def test_the_users_own_words_replace_the_bundled_ones(
    packed: Callable[..., Packed], tmp_path: Path
) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "task-ask.md").write_text("Answer in Latin: {{task}}\n")
    (*_, task) = packed("ask", "quid est?").prompt.sections
    assert task.text == "Answer in Latin: quid est?\n"
