from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.errors import UsageError
from copilot.settings.bundled import bundled
from copilot.settings.prompts import fill_prompt, load_prompt

BLANKS = {"file_tag": "T", "open": "<", "divider": "=", "close": ">", "task": "do"}


@pytest.mark.parametrize("name", ["rules", "task-ask", "task-edit"])
def test_the_bundled_prompts_fill_without_a_blank_left(name: str, tmp_path: Path) -> None:
    filled = fill_prompt(load_prompt(name, tmp_path), **BLANKS)
    assert filled.strip()
    assert "{{" not in filled


def test_the_users_own_text_replaces_the_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text("Mine: ä\n", encoding="utf-8")
    assert load_prompt("rules", tmp_path) == "Mine: ä\n"
    assert load_prompt("task-edit", tmp_path) == (bundled("prompts") / "task-edit.md").read_text()


def test_a_text_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"cannot read the prompt .*rules\.md"):
        load_prompt("rules", tmp_path)


def test_a_prompt_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such\.md"):
        load_prompt("no-such", tmp_path)


def test_an_unknown_blank_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown blank \{\{tsk\}\}") as caught:
        fill_prompt("{{task}} {{tsk}}", task="x", other="y")
    assert caught.value.hint == "known: other, task"


@given(st.text(), st.text())
def test_a_value_is_never_taken_for_a_blank(before: str, value: str) -> None:
    plain = before.replace("{", "")
    filled = fill_prompt(plain + "{{a}}{{b}}", a="{{b}}" + value, b="{{a}}")
    assert filled == plain + "{{b}}" + value + "{{a}}"


@pytest.mark.parametrize("text", ["{{ task }}", "{task}", "{{Task}}", "{{}}", "{{a-b}}"])
def test_what_is_no_blank_stays(text: str) -> None:
    assert fill_prompt(text) == text
