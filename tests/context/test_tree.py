"""`copilot pack --list`: the tree of tokens."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Detail, PackedFile, SectionKind
from copilot.context.tree import token_tree
from copilot.workspace.kinds import Kind
from copilot.workspace.model import Repository, Snapshot, SourceFile

WORDING = Wording("Rules.", "", "")
COLLISION = "tracked; another name differs from it in case only"
ROWS = [
    ("api/a-b.py", 12, Kind.SOURCE, "tracked"),
    ("api/a/b.py", 15, Kind.SOURCE, "untracked"),
    ("api/a/b/deep.py", 16, Kind.TEST, "tracked"),
    ("api/a/big.md", 1_969, Kind.DOCUMENTATION, COLLISION),
    ("api/build/", None, None, "ignored by git's ignore rules"),
    ("api/evil\n\x1b[31m.py", 0, Kind.SOURCE, "tracked"),
    ("api/logo.png", None, Kind.BINARY, "binary"),
    ("api/odd\udcff", None, None, "symbolic link, not followed"),
    ("api/uv.lock", None, Kind.LOCK, "lock file"),
    ("web/a.csv", 14, Kind.DATA, "tracked"),
]
GOLDEN = """\
2,012  api/
   12    a-b.py  source: tracked
2,000    a/
   15      b.py  source: untracked
   16      b/
   16        deep.py  test: tracked
1,969      big.md  documentation: tracked; another name differs from it in case only
    -    build/  ignored by git's ignore rules
    0    evil\\n\\x1b[31m.py  source: tracked
    -    logo.png  binary
    -    odd\\xff  symbolic link, not followed
    -    uv.lock  lock file
   14  web/
   14    a.csv  data: tracked
"""


def _snapshot(*files: SourceFile) -> Snapshot:
    aliases = dict.fromkeys(file.repository for file in files)
    return Snapshot(tuple(Repository(a, Path("/"), None, dirty=False) for a in aliases), files)


def _file(name: str, kind: Kind | None, reason: str, text: str | None = None) -> SourceFile:
    alias, _, path = name.partition("/")
    data = None if text is None else text.encode()
    return SourceFile(alias, path, None, reason, data, kind=kind)


def test_a_tree() -> None:
    snapshot = _snapshot(*(_file(name, kind, reason) for name, _, kind, reason in ROWS))
    files = tuple(
        PackedFile(file.repository, file.path, None, None, Detail.OMITTED, 0, file.reason)
        if tokens is None
        else PackedFile(
            file.repository, file.path, None, SectionKind.BASE, Detail.FULL, tokens, file.reason
        )
        for file, (_, tokens, _, _) in zip(snapshot.files, ROWS, strict=True)
    )
    assert token_tree(files, snapshot) == GOLDEN


def test_nothing_is_an_empty_tree() -> None:
    snapshot = _snapshot()
    assert token_tree(compose_prompt(snapshot, WORDING).files, snapshot) == ""


PATHS = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=8, unique=True
)


@settings(deadline=None, max_examples=50)
@given(PATHS)
def test_each_file_stands_once_below_its_folders(paths: list[str]) -> None:
    # A name cannot be a file and a folder at once.
    files = sorted(f"{path}.py" for path in paths)
    snapshot = _snapshot(*(_file(f"r/{path}", Kind.SOURCE, "tracked", path) for path in files))
    prompt = compose_prompt(snapshot, WORDING)
    shown: list[str] = []
    above: list[str] = []
    for line in token_tree(prompt.files, snapshot).splitlines():
        _, _, name = line.lstrip().partition("  ")
        depth = (len(name) - len(name.lstrip())) // 2
        above[depth:] = [name.split()[0]]
        if not above[-1].endswith("/"):
            shown.append("".join(above))
    assert shown == [f"r/{path}" for path in files]


def test_a_folders_tokens_are_those_of_its_files() -> None:
    snapshot = _snapshot(
        *(_file(f"r/{path}", Kind.SOURCE, "tracked", path * 9) for path in ("a/b/c", "a/d", "e"))
    )
    prompt = compose_prompt(snapshot, WORDING)
    lines = token_tree(prompt.files, snapshot).splitlines()
    total = sum(file.tokens for file in prompt.files)
    inside = sum(file.tokens for file in prompt.files[:2])
    assert (lines[0].split(), lines[1].split()) == ([f"{total}", "r/"], [f"{inside}", "a/"])
