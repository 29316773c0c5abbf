"""The bundled repository: copied, red, and green once its bug is mended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.demo import free_folder, make_demo, run_tests
from copilot.errors import UsageError


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    make_demo(tmp_path / "demo")
    return tmp_path / "demo"


def test_it_is_a_clean_repository_with_one_commit(demo: Path, git: Callable[..., str]) -> None:
    assert git(demo, "status", "--porcelain", "--ignored") == ""
    assert git(demo, "log", "--format=%s") == "A tiny shop\n"
    assert "shop/pages.py" in git(demo, "ls-files").splitlines()


def test_its_test_is_red_for_the_last_page_alone_and_green_when_mended(
    demo: Path, git: Callable[..., str]
) -> None:
    before = run_tests(demo)
    assert not before.passed
    assert "test_last_page_may_be_partly_filled" in before.output
    assert "failures=1" in before.output.replace("errors", "")
    pages = demo / "shop" / "pages.py"
    pages.write_text(pages.read_text().replace("total // per_page", "-(-total // per_page)"))
    after = run_tests(demo)
    assert after.passed
    assert "OK" in after.output
    assert git(demo, "status", "--porcelain", "--ignored") == " M shop/pages.py\n"


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    taken = tmp_path / "demo"
    taken.mkdir()
    with pytest.raises(UsageError, match="is there already") as refused:
        make_demo(taken)
    assert "--folder" in refused.value.hint
    assert list(taken.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot copy the demo"):
        make_demo(tmp_path / "file" / "demo")


def test_the_first_free_name(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        folder = free_folder(tmp_path)
        folder.mkdir()
        names.append(folder.name)
    assert names == ["copilot-demo", "copilot-demo-2", "copilot-demo-3"]
