"""The manifest of the design, 2.4; its keys are a contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from copilot.context.compose import Wording, compose_prompt
from copilot.context.manifest import MANIFEST_VERSION, manifest, to_json
from copilot.workspace.model import Snapshot
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import read_snapshot

WORDING = Wording("Rules.", "Task: {{task}}", "do")


def test_it_says_what_the_model_saw(
    make_repository: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.py": "a = 1\n", "uv.lock": "lock\n"})
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "b.py").write_text("b = 2\n")
    (root / "new.py").write_text("new = 1\n")
    snapshot = read_snapshot(find_roots(["api=repo", "plain"], tmp_path))
    prompt = compose_prompt(snapshot, WORDING)
    document = manifest(prompt, snapshot, 5000, "qwen")
    sections = document.pop("sections")
    files = document.pop("files")
    assert document == {
        "version": MANIFEST_VERSION,
        "prompt_sha256": hashlib.sha256(prompt.text.encode()).hexdigest(),
        "tokenizer": "o200k_base",
        "budget": 5000,
        "total_tokens": prompt.total_tokens,
        "model": "qwen",
        "repositories": [
            {
                "alias": "api",
                "root": str(root.resolve()),
                "revision": git(root, "rev-parse", "HEAD").strip(),
                "dirty": True,
            },
            {
                "alias": "plain",
                "root": str((tmp_path / "plain").resolve()),
                "revision": None,
                "dirty": False,
            },
        ],
    }
    assert sections == [
        {"kind": s.kind, "tokens": s.tokens, "sha256": hashlib.sha256(s.text.encode()).hexdigest()}
        for s in prompt.sections
    ]
    assert files[0] == {
        "repository": "api",
        "path": "a.py",
        "blob": git(root, "rev-parse", "HEAD:a.py").strip(),
        "section": "base",
        "detail": "full",
        "tokens": prompt.files[0].tokens,
        "reason": "tracked",
        "masks": [],
    }
    shown = [(f["repository"], f["path"], f["section"], f["detail"], f["reason"]) for f in files]
    assert shown[1:] == [
        ("api", "new.py", "base", "full", "untracked"),
        ("api", "uv.lock", None, "omitted", "lock file"),
        ("plain", "b.py", "base", "full", "in folder"),
    ]


@pytest.fixture
def document(make_snapshot: Callable[[Mapping[str, str | None]], Snapshot]) -> dict[str, Any]:
    snapshot = make_snapshot({"ä.py": "ä\n", "b\udcff.py": "b\n", "c": None})
    return manifest(compose_prompt(snapshot, WORDING), snapshot, 100, None)


def test_the_keys_are_those_of_the_contract(document: dict[str, Any]) -> None:
    assert list(document) == [
        *("version", "prompt_sha256", "tokenizer", "budget", "total_tokens", "model"),
        *("repositories", "sections", "files"),
    ]
    keys = {name: {tuple(row) for row in document[name]} for name in list(document)[-3:]}
    assert keys == {
        "repositories": {("alias", "root", "revision", "dirty")},
        "sections": {("kind", "tokens", "sha256")},
        "files": {
            ("repository", "path", "blob", "section", "detail", "tokens", "reason", "masks"),
        },
    }


def test_what_it_names_adds_up(document: dict[str, Any]) -> None:
    tokens = [section["tokens"] for section in document["sections"]]
    assert sum(tokens) == document["total_tokens"]
    assert sum(file["tokens"] for file in document["files"]) == tokens[1]


def test_its_json_is_ascii_and_comes_back_whole(document: dict[str, Any]) -> None:
    text = to_json(document)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text) == document
