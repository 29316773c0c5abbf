"""Patches from elsewhere: what git and diff print under any setting, and what is damaged."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.errors import UsageError
from copilot.workspace.changes_of import Changes, Diff, DiffFile, What, read_diff
from copilot.workspace.model import Root

MakeRepository = Callable[..., Path]
Git = Callable[..., str]


def _read(patch: bytes | str) -> Diff:
    data = patch.encode() if isinstance(patch, str) else patch
    return read_diff(Root("r", Path("/nowhere"), is_git=False), Changes(What.PATCH, patch=data))


@pytest.fixture
def changed(make_repository: MakeRepository, git: Git) -> Path:
    """A repository with a change of every kind staged."""
    text = "".join(f"line {n}\n" for n in range(20))
    root = make_repository(
        {
            "b/a.txt": text,
            "moved from.txt": text.upper(),
            "ż.txt": "open",
            "run.sh": "#!/bin/sh\n",
            "gone.txt": "gone\n",
            "empty gone": "",
            "file": "text\n",
            "a.bin": b"\0",
        }
    )
    git(root, "mv", "moved from.txt", "moved to.txt")
    (root / "run.sh").chmod(0o755)
    for name in ("gone.txt", "empty gone", "file"):
        (root / name).unlink()
    (root / "file").symlink_to("run.sh")
    new = {"b/a.txt": "--- a\n" + text, "ż.txt": "ended\n", "i/come": "c\n", "come empty": ""}
    for name, content in new.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    (root / "a.bin").write_bytes(b"\0\1")
    git(root, "add", "--all")
    return root


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-c", "diff.noprefix=true"),
        ("-c", "diff.mnemonicPrefix=true"),
        ("-c", "core.quotePath=false"),
        ("-c", "diff.suppressBlankEmpty=true"),
    ],
)
def test_what_git_prints_is_what_git_says(
    changed: Path, git: Git, options: tuple[str, ...]
) -> None:
    staged = read_diff(Root("r", changed, is_git=True), Changes(What.STAGED)).files
    as_here = ("--cached", "--full-index", "--no-color", "--no-rename-empty")
    printed = git(changed, *options, "diff", *as_here)
    told = {file.path: file for file in _read(printed).files}
    assert told.keys() == {file.path for file in staged}
    for file in staged:
        assert told[file.path].hunks == file.hunks
        assert told[file.path].status == file.status
        # A part without lines of its own names no blobs.
        assert told[file.path].old_path == file.old_path
        if file.status != "mode" and (file.hunks or file.is_binary):
            assert told[file.path] == file


def test_a_mail_with_a_patch_and_signature(changed: Path, git: Git) -> None:
    git(changed, "commit", "--quiet", "--message", "words\n\n--- not a file\n+++ nor this\n")
    files = {
        file.path: file for file in _read(git(changed, "format-patch", "-1", "--stdout")).files
    }
    assert len(files) == 9
    assert [line.text for line in files["ż.txt"].hunks[0].lines] == ["open", "ended"]


def test_words_between_patches_say_nothing_of_files() -> None:
    binary = "diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n"
    words = "-- \n2.39\n\nold mode 100644\nrename to evil\n--- a/e\n+++ b/e\n\n"
    empty = "diff --git a/n b/n\nnew file mode 100644\nindex 0..1\n"
    files = _read(binary + words + empty + words + PATCH).files
    assert [(file.path, file.status) for file in files] == [
        ("x", "modified"),
        ("n", "added"),
        ("f", "modified"),
    ]


def test_what_diff_prints(tmp_path: Path) -> None:
    for name, text in (("old", "a\nb\n"), ("new", "a\nc\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x y.txt").write_text(text)
        (tmp_path / name / "z").write_text(f"{name}\n")
    command = ["diff", "-ru", "old", "new"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout
    one, other = _read(printed).files
    assert (one.path, one.status) == ("new/x y.txt", "modified")
    assert [line.sign + line.text for line in one.hunks[0].lines] == [" a", "-b", "+c"]
    assert other.path == "new/z"


PATCH = """diff --git a/f b/f
index 1111111..2222222 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@ heading
 one
-two
+2

"""


def test_a_blank_line_of_context_may_have_lost_its_space() -> None:
    (file,) = _read(PATCH).files
    assert [line.text for line in file.hunks[0].lines] == ["one", "two", "2", ""]
    assert (file.old_blob, file.blob, file.mode) == (None, None, "100644")
    assert file.hunks[0].section == "heading"


@pytest.mark.parametrize(
    "patch",
    [
        PATCH.replace("@@ -1,3 +1,3 @@", "@@ -1,9 +1,9 @@"),
        PATCH.replace("@@ -1,3 +1,3 @@", "@@ what @@"),
        PATCH.replace("-two\n", "-two\n-three\n-four\n"),
        PATCH.replace("+2\n", "*2\n"),
        PATCH.replace("diff --git a/f b/f", "diff --cc f"),
        "nothing like a patch\n",
    ],
)
def test_what_is_damaged_is_refused(patch: str) -> None:
    with pytest.raises(UsageError):
        _read(patch)


def test_nothing_is_a_patch_without_files() -> None:
    assert _read(b"").files == _read(b"\n").files == ()


LINES = st.lists(st.text("ab+-@\\ \r\tż", max_size=4), max_size=12)


def _apply(file: DiffFile, old: list[str]) -> list[str]:
    """Return the new lines, with the line ends that they have."""
    new: list[str] = []
    at = 0
    for hunk in file.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        new += old[at:start]
        at = start + hunk.old_count
        kept = [line for line in hunk.lines if line.sign != "-"]
        new += [line.text + ("\n" if line.ended else "") for line in kept]
    return new + old[at:]


@settings(max_examples=40)
@given(old=LINES, new=LINES, old_ends=st.booleans(), new_ends=st.booleans())
def test_the_hunks_lead_from_the_old_text_to_the_new(
    tmp_path_factory: pytest.TempPathFactory,
    old: list[str],
    new: list[str],
    old_ends: bool,
    new_ends: bool,
) -> None:
    folder = tmp_path_factory.mktemp("d")
    texts = ["\n".join(lines) + "\n" * ends for lines, ends in ((old, old_ends), (new, new_ends))]
    for name, text in zip(("old", "new"), texts, strict=True):
        (folder / name).write_bytes(text.encode())
    command = ["git", "diff", "--no-index", "--no-color", "--text", "old", "new"]
    printed = subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout
    files = _read(printed).files
    assert len(files) == (texts[0] != texts[1])
    for file in files:
        assert "".join(_apply(file, _split(texts[0]))) == texts[1]


def _split(text: str) -> list[str]:
    pieces = text.split("\n")
    return [f"{piece}\n" for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]
