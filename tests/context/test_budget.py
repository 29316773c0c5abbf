from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from copilot.context.budget import check_budget, no_file_fits
from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Prompt
from copilot.errors import BudgetExceeded
from copilot.workspace.model import Snapshot

WORDING = Wording("Rules.", "", "")
TEXTS = {
    "README.md": "word " * 40,
    "a/1.py": "word " * 10,
    "a/deep/2.py": "word " * 300,
    "b c/3.py": "word " * 200,
    "d/4.py": "word " * 50,
    "e/5.py": "word " * 30,
    "f/6.py": "word " * 20,
    "g/7.py": "word " * 5,
    "uv.lock": None,
}


@pytest.fixture
def prompt(make_snapshot: Callable[[Mapping[str, str | None]], Snapshot]) -> Prompt:
    return compose_prompt(make_snapshot(TEXTS), WORDING)


def test_a_prompt_of_just_the_budget_fits(prompt: Prompt) -> None:
    check_budget(prompt, prompt.total_tokens)
    with pytest.raises(BudgetExceeded):
        check_budget(prompt, prompt.total_tokens - 1)


def test_the_message_names_the_largest_folders_and_files(prompt: Prompt) -> None:
    tokens = {file.path: file.tokens for file in prompt.files}
    with pytest.raises(BudgetExceeded) as caught:
        check_budget(prompt, 100)
    first, *lines = caught.value.message.split("\n")
    assert first == f"the prompt has {prompt.total_tokens:,} tokens, the budget is 100"
    named = [line.split(":", 1)[0] + "|" + line.split("tokens  ", 1)[1] for line in lines]
    assert named == [
        *("  largest folder|repo/a/", "  largest folder|repo/b c/", "  largest folder|repo/d/"),
        *("  largest folder|repo/e/", "  largest folder|repo/f/"),
        *("  largest file|repo/a/deep/2.py", "  largest file|repo/b c/3.py"),
        *("  largest file|repo/d/4.py", "  largest file|repo/README.md"),
        "  largest file|repo/e/5.py",
    ]
    both = tokens["a/1.py"] + tokens["a/deep/2.py"]
    assert f"{both:,} tokens  repo/a/" in lines[0]
    assert "--exclude" in caught.value.hint


def test_the_message_names_what_is_too_small(prompt: Prompt) -> None:
    with pytest.raises(BudgetExceeded, match=r"the model's window is 1,000\b"):
        check_budget(
            Prompt(prompt.sections * 9, prompt.files, prompt.frame, "o200k_base"),
            1000,
            "model's window",
        )


def test_names_are_shown_on_one_line_without_control_characters(
    make_snapshot: Callable[[Mapping[str, str | None]], Snapshot],
) -> None:
    prompt = compose_prompt(make_snapshot({"a\n\x1b[2J/b\udcff.py": "word " * 50}), WORDING)
    with pytest.raises(BudgetExceeded) as caught:
        check_budget(prompt, 1)
    assert caught.value.message.count("\n") == 2
    assert "repo/a\\n\\x1b[2J/b\\xff.py" in caught.value.message


def test_a_prompt_without_files_is_refused_in_one_line(
    make_snapshot: Callable[[Mapping[str, str | None]], Snapshot],
) -> None:
    with pytest.raises(BudgetExceeded) as caught:
        check_budget(compose_prompt(make_snapshot({}), WORDING), 1)
    assert caught.value.message == "the prompt has 2 tokens, the budget is 1"


def test_where_no_file_fits_the_largest_are_named_too(prompt: Prompt) -> None:
    refused = no_file_fits(prompt.files, 1234, 1000)
    first, *lines = refused.message.split("\n")
    assert first == "no file fits: rules and task have 1,234 tokens, the budget is 1,000"
    with pytest.raises(BudgetExceeded) as caught:
        check_budget(prompt, 1)
    assert lines == caught.value.message.split("\n")[1:]
    assert (refused.hint, refused.exit_code) == (caught.value.hint, caught.value.exit_code)
