"""Reading kept commits: every file, whatever its name, and nothing that a server could want."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.workspace.contents import MAX_FILE_BYTES
from copilot.workspace.model import Snapshot, SourceFile
from copilot.workspace.remote import read_kept
from copilot.workspace.remote_cache import KeptRepository, keep
from copilot.workspace.remote_name import RemoteName
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import Selection, read_snapshot

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
GitServer = Any
Fetch = Callable[[Path], KeptRepository]


def _silent(_done: int, _known: int) -> None:
    pass


@pytest.fixture
def fetch(git_server: GitServer, tmp_path: Path) -> Fetch:
    """Publish a repository, and keep what HEAD is."""

    def run(root: Path) -> KeptRepository:
        url = git_server.publish(root, root.name)
        return keep(RemoteName("far", url), tmp_path / "cache")

    return run


def _read(kept: KeptRepository, selection: Selection | None = None) -> Snapshot:
    return read_kept([kept], selection or Selection(), _silent)


def _by_path(snapshot: Snapshot) -> dict[str, SourceFile]:
    found = {file.path: file for file in snapshot.files}
    assert len(found) == len(snapshot.files)
    return found


ODD = {
    ".gitattributes": "*.gen linguist-generated\nother/** linguist-vendored\n*.dump -diff\n",
    "src/.gitattributes": "kept.gen -linguist-generated\n",
    "src/made.gen": "generated\n",
    "src/kept.gen": "not generated\n",
    "other/a.c": "int a;\n",
    "x.dump": "dump\n",
    "vendor/composer/installed.json": "{}\n",
    "vendor/lib.php": "<?php\n",
    "a.txt": "one\r\ntwo",
    "empty": "",
    "odd name \"q\" 'é'\n\u202e.txt": "odd\n",
    "deep/er/-x": "dash\n",
    "bin": b"\0\1",
    ".env": "KEY=hunter2\n",
    "poetry.lock": "x\n",
}


def test_the_same_files_as_from_disk(make_repository: MakeRepository, fetch: Fetch) -> None:
    root = make_repository(ODD)
    remote = _read(fetch(root))
    assert {f.path for f in remote.files if f.text is None} >= {"src/made.gen", "vendor/lib.php"}
    (repository,) = remote.repositories
    local = read_snapshot(find_roots([f"far={root}"], root))
    assert [(f.name, f.blob, f.reason, f.text) for f in remote.files if f.text is not None] == [
        (f.name, f.blob, f.reason, f.text) for f in local.files if f.text is not None
    ]
    left_out = {f.path: f.reason for f in local.files if f.text is None}
    assert {f.path: f.reason for f in remote.files if f.text is None} == left_out
    assert repository.revision == local.repositories[0].revision
    assert (repository.alias, repository.dirty) == ("far", False)


def test_names_that_are_no_utf8(
    make_repository: MakeRepository, fetch: Fetch, git: Git, tmp_path: Path
) -> None:
    root = make_repository({"a": "x\n"})
    Path(f"{root}/caf\udce9.txt").write_text("coffee\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "more")
    assert _by_path(_read(fetch(root)))["caf\udce9.txt"].text == "coffee\n"


def test_the_users_patterns_hold(make_repository: MakeRepository, fetch: Fetch) -> None:
    root = make_repository({"src/a.py": "a\n", "src/b.txt": "b\n", "c.py": "c\n"})
    files = _by_path(_read(fetch(root), Selection((("src/",),), ("*.txt",))))
    assert {path for path, file in files.items() if file.text is not None} == {"src/a.py"}
    assert all(file.reason for file in files.values())


def test_many_files_in_their_order(make_repository: MakeRepository, fetch: Fetch) -> None:
    texts = {f"{number:03}.txt": f"{number}\n" * number for number in range(250)}
    files = _read(fetch(make_repository(texts))).files
    assert {file.path: file.text for file in files} == texts
    assert [file.path for file in files] == sorted(texts)


def test_a_file_too_large_is_not_read(make_repository: MakeRepository, fetch: Fetch) -> None:
    sizes = {"huge": MAX_FILE_BYTES + 1, "large": MAX_FILE_BYTES}
    files = _by_path(
        _read(
            fetch(make_repository({n: "x\n" * (s // 2) + "x" * (s % 2) for n, s in sizes.items()}))
        )
    )
    assert (files["huge"].text, files["huge"].reason) == (None, "larger than 8 MiB")
    assert len(files["large"].text or "") == MAX_FILE_BYTES


def test_links_and_submodules_are_named_and_nothing_runs(
    make_repository: MakeRepository,
    fetch: Fetch,
    git: Git,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    canary = tmp_path / "canary"
    root = make_repository({"a.txt": "a\n"})
    (root / "link").symlink_to("/etc/hostname")
    git(root, "add", "link")
    (root / ".gitattributes").write_text(
        "* filter=bad diff=bad text eol=crlf working-tree-encoding=UTF-16\n"
    )
    (root / ".gitmodules").write_text(
        f'[submodule "sub"]\n\tpath = sub\n\turl = "ext::sh -c touch% {canary}"\n'
    )
    for name in (".gitattributes", ".gitmodules"):
        blob = git(root, "hash-object", "-w", "--no-filters", name).strip()
        git(root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    head = git(root, "rev-parse", "HEAD").strip()
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    git(root, "commit", "--quiet", "--message", "hostile")
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[filter "bad"]\n\tsmudge = touch {canary}\n\tclean = touch {canary}\n\trequired = true\n'
        f'[diff "bad"]\n\ttextconv = touch {canary}\n[submodule]\n\trecurse = true\n'
        '[fetch]\n\trecurseSubmodules = true\n[protocol "ext"]\n\tallow = always\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    files = _by_path(_read(fetch(root)))
    assert files["a.txt"].text == "a\n"
    assert (files["link"].text, files["link"].reason) == (None, "symbolic link, not followed")
    assert files["sub"].reason == "submodule: a repository of its own"
    assert not canary.exists()


def test_paths_that_lead_out_are_not_read(
    make_repository: MakeRepository, fetch: Fetch, git: Git
) -> None:
    root = make_repository({"a.txt": "a\n"})

    def tree(*entries: tuple[str, str, str]) -> str:
        raw = b"".join(f"{m} {n}".encode() + b"\0" + bytes.fromhex(i) for m, n, i in entries)
        command = ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"]
        done = subprocess.run(command, cwd=root, input=raw, capture_output=True, check=True)
        return done.stdout.decode().strip()

    blob = git(root, "rev-parse", "HEAD:a.txt").strip()
    inner = tree(("100644", "passwd", blob))
    outer = tree(("40000", "..", inner), ("100644", "/etc/shadow", blob), ("100644", "a", blob))
    commit = git(root, "commit-tree", outer, "-m", "evil").strip()
    git(root, "update-ref", "refs/heads/main", commit)
    files = _by_path(_read(fetch(root)))
    assert {path for path, file in files.items() if file.text is not None} == {"a"}
    assert files["../passwd"].reason == "no path below the root"
    assert files["/etc/shadow"].reason == "no path below the root"


def test_a_blob_damaged_in_the_kept_copy_is_said(
    make_repository: MakeRepository, fetch: Fetch, git: Git
) -> None:
    texts = {f"{number:03}.txt": f"{number}\n" for number in range(250)}
    kept = fetch(make_repository(texts))
    where = f"--git-dir={kept.git_dir}"
    for pack in list((kept.git_dir / "objects" / "pack").glob("*.pack")):
        data = pack.read_bytes()
        for file in pack.parent.glob(f"{pack.stem}.*"):
            file.unlink()
        subprocess.run(["git", where, "unpack-objects", "-q"], input=data, check=True)
    blob = git(kept.git_dir, where, "rev-parse", f"{kept.revision}:001.txt").strip()
    loose = kept.git_dir / "objects" / blob[:2] / blob[2:]
    loose.unlink(missing_ok=True)
    loose.write_bytes(b"damaged")
    files = _by_path(_read(kept))
    assert files["000.txt"].text == "0\n"
    assert (files["001.txt"].text, files["001.txt"].denied) == (None, True)
    assert set(files) == set(texts)
