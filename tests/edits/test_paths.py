from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.operations import Target
from copilot.edits.paths import qualify


@pytest.mark.parametrize(
    ("raw", "aliases", "target"),
    [
        ("main/src/a.py", ["main", "lib"], Target("main", "src/a.py")),
        ("lib/a.py", ["main", "lib"], Target("lib", "a.py")),
        ("main/a.py", ["main"], Target("main", "a.py")),
        ("src/a.py", ["main"], Target("main", "src/a.py")),
        ("main", ["main"], Target("main", "main")),
        ("team/lib/a", ["team", "team/lib"], Target("team/lib", "a")),
        ("main/.github/x", ["main"], Target("main", ".github/x")),
        ("main/.gitignore", ["main"], Target("main", ".gitignore")),
        ("main/...", ["main"], Target("main", "...")),
        ("main/grüße/日本.txt", ["main"], Target("main", "grüße/日本.txt")),
    ],
)
def test_a_path_means_one_file(raw: str, aliases: list[str], target: Target) -> None:
    assert qualify(raw, aliases) == target


def test_without_alias_the_only_repository_that_has_the_file_is_meant() -> None:
    aliases = ["main", "lib", "docs"]
    holders = {"a": {"lib"}, "b": {"lib", "docs"}}

    def known(alias: str, path: str) -> bool:
        return alias in holders.get(path, ())

    assert qualify("a", aliases, known) == Target("lib", "a")
    assert qualify("b", aliases, known) == (
        "names no repository, and several have such a file: docs, lib"
    )
    assert qualify("c", aliases, known) == (
        "names no repository; it must begin with one of: docs, lib, main"
    )
    assert isinstance(qualify("a", aliases), str)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "is empty"),
        ("/etc/passwd", "is absolute"),
        ("C:/x", "is absolute"),
        ("c:x", "is absolute"),
        ("main/../x", "has a '.' or '..' component"),
        ("../x", "has a '.' or '..' component"),
        ("main/./x", "has a '.' or '..' component"),
        ("main/‥/x", "has a '.' or '..' component"),
        ("main/．．/x", "has a '.' or '..' component"),
        ("main/", "names a folder"),
        ("main/x/", "names a folder"),
        ("main//x", "has an empty component"),
        ("main\\x", "holds a backslash"),
        ("main/a\\..\\b", "holds a backslash"),
        ("main/a\0b", "holds control or invisible characters"),
        ("main/a\x1b[0m", "holds control or invisible characters"),
        ("main/a\nb", "holds control or invisible characters"),
        ("main/a\u202eyp.exe", "holds control or invisible characters"),
        ("main/.g\u200cit/config", "holds control or invisible characters"),
        ("main/.g\u206fit/config", "holds control or invisible characters"),
        ("main/\udcff", "holds control or invisible characters"),
        ("main/.git/config", "lies in the folder of git itself"),
        ("main/.GIT/hooks/x", "lies in the folder of git itself"),
        ("main/sub/.git", "lies in the folder of git itself"),
        ("main/.git. ./x", "lies in the folder of git itself"),
        ("main/git~1/x", "lies in the folder of git itself"),
        ("main/GIT~1/x", "lies in the folder of git itself"),
        ("main/.git::$INDEX_ALLOCATION/x", "lies in the folder of git itself"),
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(raw: str, reason: str) -> None:
    assert qualify(raw, ["main"]) == reason


_PIECES = st.sampled_from(
    ["main", "a", "..", ".", "", "/", "\\", ".git", "C:", " ", "\0", "\u202e", "‥", "／", "~"]
)


@given(st.lists(_PIECES, max_size=6).map("/".join) | st.text(max_size=15))
def test_no_path_leaves_its_root(raw: str) -> None:
    target = qualify(raw, ["main"])
    if isinstance(target, Target):
        components = target.path.split("/")
        assert not {"", ".", "..", ".git"} & set(components)
        assert "\\" not in target.path
        assert target.name in (raw, f"main/{raw}")


@pytest.mark.parametrize(
    ("raw", "with_alias", "path"),
    [
        # What is there decides: setup.py outside, app.py inside, both have a README.
        ("lib/setup.py", True, "setup.py"),
        ("lib/setup.py", False, "setup.py"),
        ("lib/app.py", True, "lib/app.py"),
        ("lib/app.py", False, "lib/app.py"),
        ("lib/README", True, "README"),
        ("lib/lib/README", True, "lib/README"),
        ("lib/lib/README", False, "lib/README"),
        # New files: with the alias asked for it is the alias; else the folder that is there.
        ("lib/core/new.py", True, "core/new.py"),
        ("lib/core/new.py", False, "lib/core/new.py"),
        ("lib/tests/new.py", False, "tests/new.py"),
    ],
)
def test_a_folder_with_the_alias_of_its_repository(raw: str, with_alias: bool, path: str) -> None:
    there = {".", "lib", "tests", "lib/core", "setup.py", "README", "lib/README", "lib/app.py"}
    target = qualify(raw, {"lib"}, lambda _, name: name in there, with_alias=with_alias)
    assert target == Target("lib", path)


@pytest.mark.parametrize("raw", ["lib/README", "lib/new.py"])
def test_a_path_of_another_tool_that_may_mean_two_files(raw: str) -> None:
    there = {".", "lib", "README", "lib/README"}
    reason = qualify(raw, {"lib"}, lambda _, name: name in there, with_alias=False)
    name = raw.removeprefix("lib/")
    assert reason == f"may mean lib/{name} or lib/lib/{name}; write the one that is meant"
