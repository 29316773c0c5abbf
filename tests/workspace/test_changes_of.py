"""What git says has changed, in every state a repository can be in, checked with real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.workspace.changes_of import Changes, Diff, DiffFile, What, range_of, read_diff
from copilot.workspace.contents import blob_id
from copilot.workspace.model import Root

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
STAGED, WORK_TREE = Changes(What.STAGED), Changes(What.WORK_TREE)


def _everything(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return times and bytes of all files below a root, those of `.git` among them."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            facts = file.lstat()
            is_file = file.is_file() and not file.is_symlink()
            data = file.read_bytes() if is_file else b""
            found[str(file)] = (facts.st_mtime_ns, facts.st_ino, data)
    return found


def _diff(root: Path, changes: Changes = STAGED) -> Diff:
    """Read a diff, having seen that nothing on disk is touched."""
    before = _everything(root)
    diff = read_diff(Root("r", root, is_git=True), changes)
    assert _everything(root) == before
    return diff


def _files(root: Path, changes: Changes = STAGED) -> dict[str, DiffFile]:
    files = _diff(root, changes).files
    by_path = {file.path: file for file in files}
    assert len(by_path) == len(files)
    return by_path


def _lines(file: DiffFile) -> list[str]:
    return [line.sign + line.text for hunk in file.hunks for line in hunk.lines]


def _stage(git: Git, root: Path, files: dict[str, str | bytes]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode() if isinstance(text, str) else text)
    git(root, "add", "--all")


def test_nothing_is_staged(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"a.txt": "a\n"})
    diff = _diff(root)
    assert (diff.files, diff.revision) == ((), git(root, "rev-parse", "HEAD").strip())


def test_the_lines_of_the_index_count_and_not_those_on_disk(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a.txt": "one\ntwo\n"})
    _stage(git, root, {"a.txt": "one\nstaged\n"})
    (root / "a.txt").write_text("one\non disk\n")
    file = _files(root)["a.txt"]
    assert _lines(file) == [" one", "-two", "+staged"]
    assert (file.status, file.old_mode, file.mode) == ("modified", "100644", "100644")
    assert (file.old_blob, file.blob) == (blob_id(b"one\ntwo\n"), blob_id(b"one\nstaged\n"))
    numbers = [(line.old, line.new, line.ended) for line in file.hunks[0].lines]
    assert numbers == [(1, 1, True), (2, None, True), (None, 2, True)]
    assert _lines(_files(root, WORK_TREE)["a.txt"]) == [" one", "-two", "+on disk"]


def test_hunks_have_their_places_and_headings(make_repository: MakeRepository, git: Git) -> None:
    lines = ["def f():", *(f"    a{n} = {n}" for n in range(20)), "def g():", "    b = 1", ""]
    root = make_repository({"a.py": "\n".join(lines)})
    lines[10], lines[22] = "    new = 1", "    b = 2"
    _stage(git, root, {"a.py": "\n".join(lines)})
    one, other = _files(root)["a.py"].hunks
    assert (one.old_start, one.old_count, one.new_start, one.new_count) == (8, 7, 8, 7)
    assert (one.section, other.section) == ("def f():", "def f():")
    assert [line.new for line in one.lines if line.sign == "+"] == [11]


def test_added_deleted_and_empty_files(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"gone.txt": "a\nb\n", "emptied.txt": "x\n", "nothing.txt": ""})
    for name in ("gone.txt", "nothing.txt"):
        (root / name).unlink()
    _stage(git, root, {"come.txt": "c\n", "empty.txt": "", "emptied.txt": ""})
    files = _files(root)
    statuses = {path: (f.status, f.old_mode, f.mode, len(f.hunks)) for path, f in files.items()}
    assert statuses == {
        "come.txt": ("added", "", "100644", 1),
        "gone.txt": ("deleted", "100644", "", 1),
        "emptied.txt": ("modified", "100644", "100644", 1),
        "empty.txt": ("added", "", "100644", 0),
        "nothing.txt": ("deleted", "100644", "", 0),
    }
    assert files["gone.txt"].hunks[0].new_start == 0
    assert [line.old for line in files["gone.txt"].hunks[0].lines] == [1, 2]


def test_renamed_copied_and_changed_besides(make_repository: MakeRepository, git: Git) -> None:
    text = "".join(f"line {n}\n" for n in range(20))
    root = make_repository({"a.txt": text, "b.txt": text.upper(), "c.txt": "c" + text * 2})
    git(root, "mv", "a.txt", "sub name.txt")
    git(root, "mv", "b.txt", "moved.txt")
    changed = text.upper().replace("LINE 5\n", "LINE FIVE\n")
    _stage(git, root, {"moved.txt": changed, "c.txt": "d" + text * 2, "copy.txt": "c" + text * 2})
    found = {path: (f.status, f.old_path, len(f.hunks)) for path, f in _files(root).items()}
    assert found == {
        "sub name.txt": ("renamed", "a.txt", 0),
        "moved.txt": ("renamed", "b.txt", 1),
        "c.txt": ("modified", None, 1),
        "copy.txt": ("copied", "c.txt", 0),
    }


def test_modes_and_types(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"run.sh": "#!/bin/sh\n", "both.sh": "a\n", "file": "text\n"})
    (root / "both.sh").write_text("b\n")
    for name in ("run.sh", "both.sh"):
        (root / name).chmod(0o755)
    (root / "file").unlink()
    (root / "file").symlink_to("run.sh")
    on_disk = _files(root, WORK_TREE)
    git(root, "add", "--all")
    for files in (_files(root), on_disk):
        run, both, link = files["run.sh"], files["both.sh"], files["file"]
        assert (run.status, run.old_mode, run.mode, run.hunks) == ("mode", "100644", "100755", ())
        assert (both.status, both.mode, _lines(both)) == ("modified", "100755", ["-a", "+b"])
        assert (link.status, link.old_mode, link.mode) == ("modified", "100644", "120000")
        assert _lines(link) == ["-text", "+run.sh"]
        assert [line.ended for hunk in link.hunks for line in hunk.lines] == [True, False]
        assert run.blob == blob_id(b"#!/bin/sh\n")


def test_binary_files_and_such_as_only_attributes_take_for_binary(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a.bin": b"a\0", "gone.bin": b"b\0", "code.py": "a = 1\n"})
    git(root, "config", "diff.odd.binary", "true")
    (root / "gone.bin").unlink()
    (root / "code.py").write_text("a = 2\n")
    (root / "odd.py").write_text("b = 1\n")
    (root / "a.bin").write_bytes(b"c\0")
    (root / ".gitattributes").write_text("code.py -diff\n*.bin diff=odd\nodd.py diff=odd\n")
    git(root, "add", "--intent-to-add", ".")
    on_disk = _files(root, WORK_TREE)
    git(root, "add", "--all")
    for files in (_files(root), on_disk):
        assert [path for path, file in files.items() if file.is_binary] == ["a.bin", "gone.bin"]
        assert _lines(files["code.py"]) == ["-a = 1", "+a = 2"]
        assert _lines(files["odd.py"]) == ["+b = 1"]
        assert not files["a.bin"].hunks


def test_lines_that_do_not_end_or_end_otherwise(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"open.txt": "a\nb", "dos.txt": "a\r\nb\r\n", "latin.txt": b"caf\xe9\n"})
    _stage(git, root, {"open.txt": "a\nb\n", "dos.txt": "a\r\nc\r\n", "latin.txt": b"caf\xe8\n"})
    _stage(git, root, {"closed.txt": "+++ b\n--- a\n@@ -1 +1 @@\n\\ No newline"})
    found = _files(root)
    assert [(one.text, one.ended) for one in found["open.txt"].hunks[0].lines] == [
        ("a", True),
        ("b", False),
        ("b", True),
    ]
    assert _lines(found["dos.txt"]) == [" a\r", "-b\r", "+c\r"]
    assert _lines(found["latin.txt"]) == ["-caf\udce9", "+caf\udce8"]
    tricky = found["closed.txt"].hunks[0].lines
    assert [line.text for line in tricky] == ["+++ b", "--- a", "@@ -1 +1 @@", "\\ No newline"]
    assert [line.ended for line in tricky] == [True, True, True, False]


NAMES = (
    *(
        b"a b",
        b" a ",
        b'"quoted"',
        b"new\nline",
        b"tab\there",
        b"-dash",
        b"--",
        b"caf\xe9",
        b"\x01",
    ),
    *(
        "żółw".encode(),
        b"back\\slash",
        b"a => b",
        b"b/c d/e",
        b":(top)x",
        b"a\r",
        b"*",
        b"dev/null",
    ),
)


def test_every_name_is_told_as_it_is(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"start.txt": ""})
    for name in NAMES:
        file = os.path.join(os.fsencode(root), name)  # noqa: PTH118
        os.makedirs(os.path.dirname(file), exist_ok=True)  # noqa: PTH103, PTH120
        with open(file, "wb") as stream:  # noqa: PTH123
            stream.write(b"text of " + name.replace(b"\n", b" ") + b"\n")
    git(root, "add", "--all")
    names = {os.fsdecode(name) for name in NAMES}
    files = _files(root)
    assert files.keys() == names
    assert all(len(file.hunks) == 1 for file in files.values())
    git(root, "commit", "--quiet", "--message", "names")
    for name in NAMES:
        os.chmod(os.path.join(os.fsencode(root), name), 0o700)  # noqa: PTH101, PTH118
    assert {(f.path, f.status) for f in _files(root, WORK_TREE).values()} == {
        (name, "mode") for name in names
    }


def test_before_the_first_commit_everything_is_new(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet")
    assert _diff(tmp_path).files == ()
    _stage(git, tmp_path, {"a.txt": "a\n"})
    for changes in (STAGED, WORK_TREE):
        diff = _diff(tmp_path, changes)
        assert [(file.path, file.status) for file in diff.files] == [("a.txt", "added")]
        assert diff.revision is None


def test_a_range_and_one_from_where_its_ends_part(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a.txt": "a\n"})
    git(root, "checkout", "--quiet", "-b", "side")
    _stage(git, root, {"b.txt": "b\n"})
    git(root, "commit", "--quiet", "--message", "side")
    git(root, "checkout", "--quiet", "main")
    _stage(git, root, {"c.txt": "c\n"})
    git(root, "commit", "--quiet", "--message", "main")
    (root / "a.txt").write_text("on disk\n")
    assert {p: f.status for p, f in _files(root, range_of("main..side")).items()} == {
        "b.txt": "added",
        "c.txt": "deleted",
    }
    diff = _diff(root, range_of("main...side"))
    assert [file.path for file in diff.files] == ["b.txt"]
    assert diff.revision == git(root, "rev-parse", "side").strip()
    assert _files(root, range_of("HEAD~1")).keys() == {"c.txt"}
    whole = _diff(root, Changes(What.RANGE, None, "main"))
    assert [(file.path, file.status) for file in whole.files] == [
        ("a.txt", "added"),
        ("c.txt", "added"),
    ]


@pytest.mark.parametrize("text", ["", "..", "...", "-x..HEAD", "HEAD..--output=x", "A....B"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        range_of(text)


@pytest.mark.parametrize("text", ["nowhere..HEAD", "HEAD..nowhere", "HEAD^{tree}..HEAD", "@{9}.."])
def test_ends_that_are_no_commits_are_refused(make_repository: MakeRepository, text: str) -> None:
    with pytest.raises(UsageError):
        _diff(make_repository({"a": "a\n"}), range_of(text))


def test_histories_without_a_common_commit(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"a": "a\n"})
    git(root, "checkout", "--quiet", "--orphan", "other")
    git(root, "commit", "--quiet", "--message", "other")
    with pytest.raises(UsageError, match="nothing in common"):
        _diff(root, range_of("main...other"))


def test_detached_linked_and_sparse(
    make_repository: MakeRepository, git: Git, tmp_path: Path
) -> None:
    root = make_repository({"in/a.txt": "a\n", "out/b.txt": "b\n"})
    linked = tmp_path / "linked"
    git(root, "worktree", "add", "--quiet", "--detach", str(linked))
    git(linked, "sparse-checkout", "set", "in")
    _stage(git, linked, {"in/a.txt": "linked\n"})
    for changes in (STAGED, WORK_TREE):
        assert {p: _lines(f) for p, f in _files(linked, changes).items()} == {
            "in/a.txt": ["-a", "+linked"]
        }
    assert _diff(root).files == ()


def test_a_root_inside_a_repository_has_its_own_paths(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"sub/a.txt": "a\n", "top.txt": "t\n", ".gitattributes": "* -diff\n"})
    _stage(git, root, {"sub/a.txt": "b\n", "top.txt": "u\n"})
    for changes in (STAGED, WORK_TREE):
        assert {p: _lines(f) for p, f in _files(root / "sub", changes).items()} == {
            "a.txt": ["-a", "+b"]
        }


def test_a_conflict_and_an_intent_to_add(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"a.txt": "a\n"})
    git(root, "checkout", "--quiet", "-b", "side")
    _stage(git, root, {"a.txt": "side\n"})
    git(root, "commit", "--quiet", "--message", "side")
    git(root, "checkout", "--quiet", "main")
    _stage(git, root, {"a.txt": "main\n"})
    git(root, "commit", "--quiet", "--message", "main")
    merge = ["git", "-C", str(root), "merge", "--quiet", "side"]
    assert subprocess.run(merge, capture_output=True, check=False).returncode == 1
    (root / "later.txt").write_text("later\n")
    git(root, "add", "--intent-to-add", "later.txt")
    assert {p: f.status for p, f in _files(root).items()} == {"a.txt": "unmerged"}
    assert _files(root, WORK_TREE)["later.txt"].status == "added"


def test_a_submodule_is_told_by_its_commits(
    make_repository: MakeRepository, git: Git, tmp_path: Path
) -> None:
    inner = make_repository({"x": "x\n"}, "inner")
    root = make_repository({"a": "a\n"}, "outer")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(inner), "sub")
    git(root, "config", "diff.submodule", "log")
    git(root, "config", "diff.ignoreSubmodules", "all")
    git(root, "config", "submodule.sub.ignore", "all")
    file = _files(root)["sub"]
    assert (file.status, file.mode) == ("submodule", "160000")
    assert _lines(file) == [f"+Subproject commit {git(inner, 'rev-parse', 'HEAD').strip()}"]
    git(root, "commit", "--quiet", "--message", "sub")
    (root / "sub/x").write_text("changed\n")
    assert _diff(root, WORK_TREE).files == ()
    git(root / "sub", "commit", "--quiet", "--all", "--message", "more")
    assert [line[:4] for line in _lines(_files(root, WORK_TREE)["sub"])] == ["-Sub", "+Sub"]


SETTINGS = {
    "diff.noprefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.external": "touch {trip}; false",
    "diff.algorithm": "patience",
    "diff.renames": "false",
    "diff.renameLimit": "1",
    "diff.context": "0",
    "diff.interHunkContext": "99",
    "diff.suppressBlankEmpty": "true",
    "diff.colorMoved": "zebra",
    "diff.wsErrorHighlight": "all",
    "diff.relative": "true",
    "diff.dirstat": "lines",
    "diff.statGraphWidth": "1",
    "diff.wordRegex": ".",
    "diff.indentHeuristic": "false",
    "diff.odd.command": "touch {trip}",
    "diff.odd.textconv": "touch {trip}; cat",
    "diff.autoRefreshIndex": "true",
    "color.ui": "always",
    "color.diff": "always",
    "core.quotePath": "false",
    "core.pager": "touch {trip}",
    "core.fsmonitor": "touch {trip}",
    "core.attributesFile": "{attributes}",
    "core.whitespace": "cr-at-eol",
    "core.bigFileThreshold": "1",
    "filter.odd.clean": "touch {trip}; tr a-z A-Z",
    "filter.odd.process": "touch {trip}",
    "filter.odd.required": "true",
    "filter.a=b.clean": "touch {trip}",
}


def test_no_setting_of_a_repository_bends_the_diff(
    make_repository: MakeRepository, git: Git, tmp_path: Path
) -> None:
    text = "".join(f"line {n}\n\n" for n in range(20))
    root = make_repository({"a.txt": text, "b c.txt": text + "b\n", "ż.txt": "ż\n"})
    git(root, "mv", "b c.txt", "d e.txt")
    changed = text.replace("line 3\n", "line three\n").replace("line 12\n", "line twelve\n")
    _stage(git, root, {"a.txt": changed, "ż.txt": "z\n"})
    plain = [_diff(root, changes).files for changes in (STAGED, WORK_TREE)]
    trip, attributes = tmp_path / "trip", tmp_path / "attributes"
    attributes.write_text("* -diff\n")
    order = tmp_path / "order"
    order.write_text("ż.txt\n")
    for name, value in SETTINGS.items():
        git(root, "config", name, value.format(trip=trip, attributes=attributes))
    git(root, "config", "diff.orderFile", str(order))
    (root / ".git/info/attributes").write_text("*.txt diff=odd filter=odd\nd* filter=a=b\n")
    os.utime(root / "a.txt", (1, 1))
    assert [_diff(root, changes).files for changes in (STAGED, WORK_TREE)] == plain
    assert not trip.exists()


def test_no_variable_bends_the_diff(
    make_repository: MakeRepository, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository({"a.txt": "1\n2\n3\n"})
    _stage(git, root, {"a.txt": "1\ntwo\n3\n"})
    plain = _diff(root).files
    monkeypatch.setenv("GIT_DIFF_OPTS", "-u0")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert _diff(root).files == plain


def test_what_only_looks_changed_on_disk_is_not_told(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a.txt": "a\n", "b.bin": b"b\0", ".gitattributes": "*.txt text\n"})
    for name in ("a.txt", "b.bin"):
        os.utime(root / name, (1, 1))
    assert _diff(root, WORK_TREE).files == ()
    (root / "a.txt").write_text("a\r\n", newline="")
    assert _diff(root, WORK_TREE).files == ()


def test_a_pipe_in_the_place_of_a_file_is_refused(make_repository: MakeRepository) -> None:
    root = make_repository({"a.txt": "a\n"})
    (root / "a.txt").unlink()
    os.mkfifo(root / "a.txt")
    with pytest.raises(UsageError, match="no regular file"):
        read_diff(Root("r", root, is_git=True), WORK_TREE)
    (root / ".gitattributes").symlink_to("a.txt")
    assert read_diff(Root("r", root, is_git=True), STAGED).files == ()


def test_keys_name_contents(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"a.txt": "a\n"})
    clean = _diff(root).key
    _stage(git, root, {"a.txt": "b\n"})
    staged = _diff(root).key
    git(root, "commit", "--quiet", "--amend", "--no-edit")
    assert len({clean, staged, _diff(root).key, _diff(root, WORK_TREE).key}) == 4
    git(root, "reset", "--quiet", "--soft", "HEAD")
    _stage(git, root, {"a.txt": "a\n"})
    (root / "a.txt").write_text("elsewhere\n")
    other = _diff(root).key
    (root / "a.txt").write_text("a\n")
    assert _diff(root).key == other


def test_a_folder_outside_git_has_no_diff(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no git repository"):
        read_diff(Root("r", tmp_path, is_git=False), STAGED)
