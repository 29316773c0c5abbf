"""The documentation that is generated, or that others rely on, stays true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

_ROOT = Path(__file__).parent.parent


def _generator() -> ModuleType:
    path = _ROOT / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_commands_page_is_what_the_code_says() -> None:
    written = (_ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == _generator().commands_page()


def test_keys_of_the_review_are_what_the_code_says() -> None:
    written = (_ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    assert written == _generator().review_page(written)


def test_keys_of_the_session_are_what_the_code_says() -> None:
    written = (_ROOT / "docs" / "session.md").read_text(encoding="utf-8")
    assert written == _generator().session_page(written)


@pytest.mark.parametrize(
    ("heading", "command"),
    [
        ("## Quick start", "pip install '.[embedded]' && copilot demo"),
        ("## Tests", "pip install -e '.[embedded,dev]' && python -m pytest"),
    ],
)
def test_readme_commands_are_one_line_in_the_first_block(heading: str, command: str) -> None:
    section = (_ROOT / "README.md").read_text(encoding="utf-8").split(f"\n{heading}\n")[1]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block is not None
    assert block[1] == f"{command}\n"


@pytest.mark.parametrize("page", sorted(_ROOT.glob("docs/*.md")) + sorted(_ROOT.glob("*.md")))
def test_links_lead_to_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_exit_code_is_explained() -> None:
    from copilot.errors import ExitCode

    page = (_ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"| {code.value} | " in page
