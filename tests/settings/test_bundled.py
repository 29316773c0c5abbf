from __future__ import annotations

from copilot.settings.bundled import bundled


def test_the_prompts_are_there() -> None:
    assert {"rules.md", "task-ask.md", "task-edit.md"} <= {
        path.name for path in bundled("prompts").iterdir()
    }


def test_the_demo_is_there() -> None:
    assert any(bundled("fixtures/demo").rglob("*.py"))
