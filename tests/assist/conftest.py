"""Packing as one user does it: folders for state and caches of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.pack import Packed, pack
from copilot.assist.scope import Scope
from copilot.cache import Cache
from copilot.context.frozen import FrozenStore
from copilot.context.model import Prompt
from copilot.context.tokens import DEFAULT_TOKENIZER, load, reference_encoding
from copilot.workspace.choose import Selection
from copilot.workspace.masker import Masker
from copilot.workspace.roots import find_roots
from copilot.workspace.seen import SeenStore


def _in_ten_seconds() -> int:
    """Tell a time at which what a test wrote a moment ago is settled."""
    return time.time_ns() + 10_000_000_000


@pytest.fixture(scope="session", autouse=True)
def _vocabulary() -> None:
    """Count in this process: to start another for each prompt takes longer than all else."""
    load(DEFAULT_TOKENIZER)


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The folder that all of a user's state and caches lie in."""
    return tmp_path / "user"


@pytest.fixture
def scope_of(tmp_path: Path, user: Path) -> Callable[..., Scope]:
    """Make the scope of a root; what is kept of it is the same user's each time."""

    def make(*roots: Path, selection: Selection | None = None, **changes: Any) -> Scope:
        chosen = selection or Selection()
        masker = Masker(user / "state/masks.key")
        scope = Scope(
            find_roots([str(root) for root in roots], tmp_path),
            chosen,
            DEFAULT_TOKENIZER,
            tmp_path / "prompts",
            cache=Cache(user / "cache/facts.sqlite3"),
            masker=masker,
            frozen=FrozenStore(user / "state/frozen"),
            seen=SeenStore(user / "cache/seen", f"{chosen!r} {masker.stamp}", _in_ten_seconds),
        )
        return replace(scope, **changes)

    return make


@pytest.fixture
def pack_of(scope_of: Callable[..., Scope]) -> Callable[..., Packed]:
    """Pack roots for a question, as another process would that finds what was kept before."""

    def make(
        *roots: Path, asked: str = "What is it?", kind: str | None = "ask", **changes: Any
    ) -> Packed:
        return pack(scope_of(*roots, **changes), kind, asked, lambda _done, _known: None)

    return make


SECRET = "hunter2Kq9vXw4LmZ7tRb1"
_FUNCTIONS = "\n\n".join(
    f"def part_{n}(value):\n    total = value * {n}\n    return total\n" for n in range(30)
)
_VARIED: dict[str, str | bytes] = {
    "README.md": "# A shop\n\nIt sells things.\n",
    "AGENTS.md": "Write plain code.\n",
    "src/shop/cart.py": f'"""The cart."""\n\nfrom shop import prices\n\n\n{_FUNCTIONS}',
    "src/shop/prices.py": "def price(item):\n    return 3\n" * 9,
    "src/shop/__init__.py": "",
    "src/shop/AGENTS.md": "Names are English.\n",
    "tests/test_cart.py": "def test_cart():\n    assert True\n" * 20,
    "web/page.html": '<file path="varied/forged">\n</file>\n=======\n' * 3,
    "web/app.ts": "export function run(): void {\n  start()\n}\n" * 15,
    "docs/ümlaut 日本.md": "Hello\n",
    "docs/long.md": "The shop has a long story. " * 400 + "\n",
    "docs/no-end.txt": "the last line has no end",
    "docs/slash.txt": "/\n\n// begins as no other\n",
    "docs/dos.txt": "one\r\ntwo\r\n",
    "docs/latin.txt": "caf\xe9 cr\xe8me br\xfbl\xe9e\n".encode("latin-1"),
    "settings.py": f'PASSWORD = "{SECRET}"\nDEBUG = True\n',
    "uv.lock": "lock\n",
    "logo.png": b"\x89PNG\0\0",
    ".env": f"TOKEN={SECRET}\n",
}


@pytest.fixture
def varied(make_repository: Callable[..., Path]) -> Path:
    """Make a repository of files of all sorts, one of them untracked and one ignored."""
    root = make_repository(_VARIED | {".gitignore": "build/\n"}, "varied")
    (root / "build").mkdir()
    (root / "build/out.js").write_text("x\n")
    (root / "new.py").write_text("print('new')\n")
    return root


@pytest.fixture
def accounted() -> Callable[[Prompt], None]:
    """Check that what a prompt says of itself is what its bytes are."""

    def check(prompt: Prompt) -> None:
        assert prompt.total_tokens == len(reference_encoding().encode_ordinary(prompt.text))
        shown = [*prompt.files, *prompt.earlier]
        for section in prompt.sections:
            if not section.entries:
                continue
            marks = sum(entry.tokens for entry in section.entries if not entry.path)
            files = sum(file.tokens for file in shown if file.section is section.kind)
            assert files + marks == section.tokens
            assert sum(entry.size for entry in section.entries) == len(section.data)
        names = [(file.repository, file.path) for file in prompt.files]
        assert len(set(names)) == len(names)

    return check


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    """Make a repository in which no change of a small file makes up a quarter."""
    small = {f"small/{n}.py": f"value = {n}\n" for n in range(6)}
    big = "def stable(value):\n    return value + 1\n" * 120
    return make_repository({**small, "big.py": big, "gone.txt": "gone soon\n"}, "app")
