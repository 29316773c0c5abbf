"""What the model saw of the files that it edits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.pack import Packed, pack
from copilot.assist.scope import Scope
from copilot.assist.witness import Witness
from copilot.edits.operations import Target
from copilot.workspace.targets import read_target

FILES = {
    "a.py": "def f():\n    return 1",
    "key.py": 'token = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"\n',
    ".env": "SECRET=1\n",
}


@pytest.fixture
def packed(
    make_repository: Callable[..., Path], scope_of: Callable[..., Scope]
) -> tuple[Packed, Scope]:
    scope = scope_of(make_repository(FILES, "app"))
    return pack(scope, "edit", "x", lambda _done, _known: None), scope


def test_what_was_not_in_the_prompt(packed: tuple[Packed, Scope]) -> None:
    witness = Witness(packed[0], packed[1].masker)
    targets = [Target("app", name) for name in ("a.py", ".env", "nowhere.py")]
    assert witness.unseen(targets) == {
        "app/.env": "the model did not see this file",
        "app/nowhere.py": "the model did not see this file",
    }


def test_a_file_is_stale_only_if_it_holds_something_else(packed: tuple[Packed, Scope]) -> None:
    made, scope = packed
    witness, root = Witness(made, scope.masker), scope.roots[0].path

    def stale() -> set[str]:
        files = {Target("app", name): read_target(root, name) for name in ("a.py", "key.py")}
        return {target.path for target in witness.stale(files)}

    assert stale() == set()
    (root / "a.py").write_text("def f():\n    return 2\n")
    assert stale() == {"a.py"}
    (root / "key.py").unlink()
    assert stale() == {"a.py", "key.py"}
