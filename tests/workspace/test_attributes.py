from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.attributes import Told, read_attributes
from copilot.workspace.listing import list_root
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import read_snapshot

MakeRepository = Callable[..., Path]


def test_what_git_reads(make_repository: MakeRepository) -> None:
    rules = {
        ".gitattributes": "[attr]made linguist-generated\n*.pb.go made\n"
        '/dist/** linguist-vendored\n*.svg -diff\n*.bin binary\n"odd name" diff=python\n'
        "*.txt linguist-generated=true\n",
        "sub/.gitattributes": "*.pb.go -linguist-generated\n*.svg diff\n"
        "x linguist-vendored=false\n",
    }
    root = make_repository(rules)
    paths = [
        *("a.pb.go", "sub/a.pb.go", "dist/x/y.js", "a.svg", "sub/a.svg", "a.bin", "odd name"),
        *("plain.py", "a.txt", "sub/x", "new\nline.pb.go", "b\udcff.svg"),
    ]
    assert read_attributes(root, paths) == {
        "a.pb.go": Told(generated=True),
        "sub/a.pb.go": Told(generated=False),
        "dist/x/y.js": Told(vendored=True),
        "a.svg": Told(binary=True),
        "sub/a.svg": Told(),
        "a.bin": Told(binary=True),
        "odd name": Told(),
        "a.txt": Told(generated=True),
        "sub/x": Told(vendored=False),
        "new\nline.pb.go": Told(generated=True),
        "b\udcff.svg": Told(binary=True),
    }


def test_nothing_asked_is_nothing_told(make_repository: MakeRepository) -> None:
    assert read_attributes(make_repository({"a": ""}), []) == {}


def test_a_machines_own_attributes_do_not_count(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.py": ""})
    (tmp_path / "mine").write_text("* linguist-generated\n")
    git(root, "config", "core.attributesFile", str(tmp_path / "mine"))
    assert read_attributes(root, ["a.py"]) == {}


def test_a_linked_gitattributes_is_not_followed(
    make_repository: MakeRepository, tmp_path: Path
) -> None:
    root = make_repository({"a.py": ""})
    (tmp_path / "outside").write_text("* linguist-generated\n")
    (root / ".gitattributes").symlink_to(tmp_path / "outside")
    assert read_attributes(root, ["a.py"]) == {}


@pytest.mark.parametrize("source", [".gitattributes", "src/.gitattributes", ".git/info/attributes"])
@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("*.py linguist-generated\n", "generated: linguist-generated in .gitattributes"),
        ("*.py binary\n", "binary: -diff or binary in .gitattributes"),
        ("*.py text eol=lf\n", None),
    ],
)
def test_attributes_count_wherever_git_reads_them(
    make_repository: MakeRepository, source: str, rule: str, reason: str | None
) -> None:
    root = make_repository({"src/a.py": "a = 1\n", "b.txt": "b\n"})
    (root / source).parent.mkdir(exist_ok=True)
    (root / source).write_text(rule)
    files = {file.path: file for file in read_snapshot(find_roots([str(root)], root)).files}
    assert files["src/a.py"].reason == (reason or "tracked")
    assert (files["src/a.py"].data is None) is bool(reason)
    assert files["b.txt"].data == b"b\n"


def test_attributes_that_are_in_the_index_alone_count(make_repository: MakeRepository) -> None:
    root = make_repository({"src/a.py": "a = 1\n", ".gitattributes": "*.py linguist-generated\n"})
    (root / ".gitattributes").unlink()
    assert list_root(find_roots([str(root)], root)[0]).told["src/a.py"].generated
