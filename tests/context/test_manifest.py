"""The manifest of the design, 2.4; its keys are a contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from copilot.context.compose import Wording, compose_prompt
from copilot.context.entries import Entry, Shape, head_of, mark_line
from copilot.context.manifest import (
    MANIFEST_VERSION,
    NamedFrame,
    manifest,
    parse_manifest,
    to_json,
)
from copilot.context.model import Frame, Prompt, Section, SectionKind
from copilot.errors import UsageError
from copilot.workspace.masker import Masker
from copilot.workspace.masks.span import FINDER_VERSION
from copilot.workspace.model import Repository, Snapshot
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
    masker = Masker(tmp_path / "masks.key")
    document = manifest(prompt, snapshot, 5000, "qwen", mode="rank", masker=masker)
    sections = document.pop("sections")
    files = document.pop("files")
    assert document == {
        "version": MANIFEST_VERSION,
        "prompt_sha256": hashlib.sha256(prompt.text.encode()).hexdigest(),
        "tokenizer": "o200k_base",
        "budget": 5000,
        "total_tokens": prompt.total_tokens,
        "model": "qwen",
        "mode": "rank",
        "frame": {"file_tag": "file", "marker": 7},
        "masks": {"rules": str(FINDER_VERSION), "key": masker.stamp},
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
    assert [(one["kind"], one.get("text")) for one in sections] == [
        ("rules", "Rules.\n"),
        ("base", None),
        ("task", "Task: do\n"),
    ]
    entry = b'<file path="api/a.py">\na = 1\n</file>\n'
    assert sections[1]["entries"][0] == {
        "repository": "api",
        "path": "a.py",
        "detail": "full",
        "blob": git(root, "rev-parse", "HEAD:a.py").strip(),
        "tokens": prompt.files[0].tokens,
        "size": len(entry),
        "sha256": hashlib.sha256(entry).hexdigest(),
    }
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
        *("version", "prompt_sha256", "tokenizer", "budget", "total_tokens", "model", "mode"),
        *("frame", "masks", "repositories", "sections", "files"),
    ]
    keys = {name: {tuple(row) for row in document[name]} for name in list(document)[-3:]}
    assert keys == {
        "repositories": {("alias", "root", "revision", "dirty")},
        "sections": {
            ("kind", "tokens", "size", "sha256", "text"),
            ("kind", "tokens", "size", "sha256", "entries"),
        },
        "files": {
            ("repository", "path", "blob", "section", "detail", "tokens", "reason", "masks"),
        },
    }


def test_what_it_names_adds_up(document: dict[str, Any]) -> None:
    sections = document["sections"]
    assert sum(section["tokens"] for section in sections) == document["total_tokens"]
    for key in ("tokens", "size"):
        assert sum(entry[key] for entry in sections[1]["entries"]) == sections[1][key]
    assert sum(file["tokens"] for file in document["files"]) == sections[1]["tokens"]


def test_every_kind_of_entry_is_named() -> None:
    frame = Frame("file-3", 8)
    shapes = (Shape.PATH, Shape.DELETED)
    lines = [mark_line("bodefi", frame), *(head_of("repo/a", shape, frame) for shape in shapes)]
    entries = (
        Entry(b"", Shape.MARK, "bodefi", 4, len(lines[0]), len(lines[0])),
        Entry(b"repo/a", Shape.PATH, "x", 5, len(lines[1]), len(lines[1]), "1" * 40),
        Entry(b"repo/a", Shape.DELETED, "", 6, len(lines[2]), len(lines[2])),
    )
    overlay = Section(SectionKind.OVERLAY, tuple(lines), 15, entries)
    snapshot = Snapshot((Repository("repo", Path("/repo"), None, dirty=True),), ())
    made = manifest(Prompt((overlay,), (), frame, "o200k_base"), snapshot, 100, None)
    (section,) = parse_manifest(made).sections
    mark, path, deleted = section.entries
    assert (mark.word, mark.path, mark.tokens) == ("bodefi", "", 4)
    assert (path.name, path.detail, path.blob) == ("repo/a", Shape.PATH, "1" * 40)
    assert (deleted.name, deleted.detail, deleted.blob) == ("repo/a", Shape.DELETED, None)
    digests = [hashlib.sha256(line).hexdigest() for line in lines]
    assert [entry.sha256 for entry in section.entries] == digests


def test_its_json_is_ascii_and_comes_back_whole(document: dict[str, Any]) -> None:
    text = to_json(document)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text) == document


def test_it_can_be_read_again(document: dict[str, Any]) -> None:
    parsed = parse_manifest(json.loads(to_json(document)))
    assert parsed.frame == NamedFrame("file", 7)
    assert [entry.name for entry in parsed.sections[1].entries] == ["repo/ä.py", "repo/b\udcff.py"]
    assert list(msgspec.to_builtins(parsed.sections)) == document["sections"]


@pytest.mark.parametrize("version", [1, 3, None, "2", [2]])
def test_another_version_is_refused(document: dict[str, Any], version: object) -> None:
    with pytest.raises(UsageError, match="version 2 alone"):
        parse_manifest({**document, "version": version})


@pytest.mark.parametrize("other", [None, [], "x", {}, {"a": 1}, 2])
def test_what_is_no_manifest_is_refused(other: object) -> None:
    with pytest.raises(UsageError, match="none of ours"):
        parse_manifest(other)


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../x",
        "/etc/passwd",
        ".git/config",
        "a/.GIT/x",
        "a//b",
        "a/",
        ".",
        "a\0",
        "\ud800",
    ],
)
def test_a_path_that_leads_out_is_refused(document: dict[str, Any], path: str) -> None:
    document["sections"][1]["entries"][0]["path"] = path
    with pytest.raises(UsageError, match="no path below") as refused:
        parse_manifest(document)
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("blob", "HEAD"),
        ("blob", "1" * 40 + "\n"),
        ("sha256", "2" * 63),
        ("size", -1),
        ("size", 2**70),
        ("tokens", "5"),
        ("tokens", 0),
        ("detail", "\x1b[2J"),
        ("repository", "other"),
        ("word", "\ud800"),
    ],
)
def test_a_damaged_entry_is_refused(document: dict[str, Any], key: str, value: object) -> None:
    document["sections"][1]["entries"][0][key] = value
    with pytest.raises(UsageError, match="the manifest is damaged") as refused:
        parse_manifest(document)
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    "damage",
    [
        {"frame": {"file_tag": 'x path="', "marker": 7}},
        {"masks": {"rules": 2, "key": ""}},
        {"total_tokens": 1},
        {"sections": [{}]},
        {"repositories": "x"},
        {"prompt_sha256": None},
    ],
)
def test_a_damaged_manifest_is_refused(document: dict[str, Any], damage: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="the manifest is damaged"):
        parse_manifest({**document, **damage})


def test_a_section_is_words_or_entries(document: dict[str, Any]) -> None:
    document["sections"][1]["text"] = "both"
    with pytest.raises(UsageError, match="entries of base do not add up"):
        parse_manifest(document)
