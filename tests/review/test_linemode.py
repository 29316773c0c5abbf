from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.review.linemode import review_lines, shown_hunk
from copilot.review.state import Decision, Place, Review, accepted, decide, start

_U, _A, _R = Decision.UNDECIDED, Decision.ACCEPTED, Decision.REJECTED

_NUMBERED = b"".join(b"%d\n" % number for number in range(1, 31))
_THREE_HUNKS = (
    _NUMBERED.replace(b"\n3\n", b"\nx\n").replace(b"\n13\n", b"\n").replace(b"\n23\n", b"\n23\nz\n")
)
_CHANGES = ChangeSet(
    (
        FileChange("main", "a.py", _NUMBERED, _THREE_HUNKS),
        FileChange("main", "b.py", None, b"new\n"),
    )
)


class _Terminal:
    """Types the given answers and keeps what is shown and asked."""

    def __init__(self, *answers: str) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.prompts: list[str] = []
        self.shown: list[str] = []

    def read(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return next(self._answers, None)

    def write(self, text: str) -> None:
        self.shown.append(text)


def _typed(
    *answers: str, review: Review | None = None, edited: bytes | None = None
) -> tuple[list[tuple[Decision, ...]], _Terminal]:
    terminal = _Terminal(*answers)
    edit = None if edited is None else _editor(edited)
    done = review_lines(review or start(_CHANGES), terminal.read, terminal.write, edit)
    return [file.decisions for file in done.files], terminal


def _editor(text: bytes) -> Callable[[bytes, str], bytes]:
    return lambda _hunk, _suffix: text


@pytest.mark.parametrize(
    ("answers", "decisions"),
    [
        ("yyyy", [(_A, _A, _A), (_A,)]),
        ("nynY", [(_R, _A, _R), (_A,)]),
        ("yan", [(_A, _A, _A), (_R,)]),
        ("ydy", [(_A, _R, _R), (_A,)]),
        ("yq", [(_A, _R, _R), (_R,)]),
        ("", [(_R, _R, _R), (_R,)]),
        ("y", [(_A, _R, _R), (_R,)]),
        ("jykjnny", [(_A, _A, _R), (_R,)]),
        ("yKnyyy", [(_R, _A, _A), (_A,)]),
        ("JJKynnn", [(_R, _A, _R), (_R,)]),
        ("yjKKnq", [(_R, _R, _R), (_R,)]),
        ("jjnKKa", [(_R, _A, _R), (_R,)]),
        (["yes", "", "?", " y ", "x", "n", "q"], [(_A, _R, _R), (_R,)]),
    ],
)
def test_keys(answers: str | list[str], decisions: list[tuple[Decision, ...]]) -> None:
    assert _typed(*answers)[0] == decisions


def test_what_was_decided_before_is_not_asked_again() -> None:
    review = decide(start(_CHANGES), Place(0, 0), _R)
    decisions, terminal = _typed("y", "y", "y", review=review)
    assert decisions == [(_R, _A, _A), (_A,)]
    assert terminal.prompts[0].startswith("(2/4) ")


def test_prompts_say_how_far_and_what() -> None:
    _, terminal = _typed("y", "n", "K", "y", "y", "y")
    assert terminal.prompts == [
        "(1/4) accept this hunk [y,n,a,d,q,j,k,e,?]? ",
        "(2/4) accept this hunk [y,n,a,d,q,j,k,e,?]? ",
        "(3/4) accept this hunk [y,n,a,d,q,j,k,e,?]? ",
        "(2/4, rejected so far) accept this hunk [y,n,a,d,q,j,k,e,?]? ",
        "(3/4) accept this hunk [y,n,a,d,q,j,k,e,?]? ",
        "(4/4) accept this new file [y,n,a,d,q,j,k,e,?]? ",
    ]


def test_a_hunk_is_shown_with_numbers_and_context_under_its_file() -> None:
    _, terminal = _typed("y")
    assert terminal.shown[:2] == [
        "update main/a.py (file 1/2)",
        "     1     1  1\n"
        "     2     2  2\n"
        "     3       -3\n"
        "           3 +x\n"
        "     4     4  4\n"
        "     5     5  5\n"
        "     6     6  6",
    ]


def test_the_header_comes_once_per_file_with_its_flags() -> None:
    terminal = _Terminal("y", "y", "y", "y")
    review = start(_CHANGES, {"main/b.py": (Flag(FlagKind.SYNTAX, "does not parse\nat line 1"),)})
    review_lines(review, terminal.read, terminal.write)
    titles = [text for text in terminal.shown if "(file" in text]
    assert titles == ["update main/a.py (file 1/2)", "create main/b.py (file 2/2)"]
    assert terminal.shown[-2:] == ["  ! does not parse\\nat line 1", "           1 +new"]


def test_an_empty_line_shows_the_hunk_again_and_help_does_not() -> None:
    _, terminal = _typed("", "?", "x\x1b")
    hunk = shown_hunk(_CHANGES.changes[0], 0)
    assert terminal.shown[1:3] == [hunk, hunk]
    assert terminal.shown[3].startswith("y - accept this hunk\nn - ")
    assert terminal.shown[4] == "x\\x1b: no such key; these are"
    assert terminal.shown[5] == terminal.shown[3]
    assert hunk not in terminal.shown[3:]


def test_no_hunk_that_way_is_said() -> None:
    _, terminal = _typed("k", "K", "J", "J", "J", "J", "j")
    said = [text for text in terminal.shown if text.startswith("no ")]
    assert said == [
        "no earlier undecided hunk",
        "no earlier hunk",
        "no next hunk",
        "no next undecided hunk",
    ]


def test_an_edited_hunk_is_shown_again_and_then_decided() -> None:
    terminal = _Terminal("n", "e", "y", "n", "n")
    asked: list[tuple[bytes, str]] = []

    def edit(text: bytes, suffix: str) -> bytes:
        asked.append((text, suffix))
        return text.replace(b"-13\n", b"-13\n+thirteen\n")

    done = review_lines(start(_CHANGES), terminal.read, terminal.write, edit)
    assert asked[0][0].startswith(b"-13\n#")
    assert asked[0][1] == ".diff"
    assert terminal.prompts[1] == terminal.prompts[2]
    assert "+thirteen" in terminal.shown[3]
    (change,) = accepted(done).changes
    assert change.after == _NUMBERED.replace(b"\n13\n", b"\nthirteen\n")


def test_a_hunk_edited_away_is_asked_for_no_more() -> None:
    decisions, terminal = _typed("e", "y", "y", "y", edited=b" 3\n")
    assert decisions == [(_A, _A), (_A,)]
    assert terminal.prompts[1].startswith("(1/3) ")


def test_the_last_change_edited_away_ends_the_review() -> None:
    review = start(ChangeSet((FileChange("main", "a", b"1\n", b"2\n"),)))
    assert _typed("e", review=review, edited=b" 1\n")[0] == [()]


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        (b"-4\n+x\n", "the edited hunk's old lines are not the file's; keep every line"),
        (b"3\n", "a line of the edited hunk begins with no tag; begin each line"),
    ],
)
def test_an_edit_that_does_not_fit_is_said_and_asked_again(edited: bytes, said: str) -> None:
    decisions, terminal = _typed("e", "n", "q", edited=edited)
    assert decisions[0] == (_R, _R, _R)
    assert terminal.shown[2].startswith(said)
    assert terminal.prompts[0] == terminal.prompts[1]


def test_an_edit_given_up_leaves_the_hunk() -> None:
    assert _typed("e", "y", "q", edited=b"")[0] == [(_A, _R, _R), (_R,)]
    decisions, terminal = _typed("e", "y", "q")
    assert decisions == [(_A, _R, _R), (_R,)]
    assert terminal.shown[2] == "there is no editor here"


def test_deletions_and_renames_are_asked_for_and_not_edited() -> None:
    changes = ChangeSet(
        (
            FileChange("main", "a", b"x\n", None),
            FileChange("main", "b\x1b", b"x\n", b"x\n", "c"),
        )
    )
    decisions, terminal = _typed("e", "n", "e", "y", review=start(changes), edited=b"-x\n")
    assert decisions == [(_R,), (_A,)]
    assert "accept this deletion" in terminal.prompts[0]
    assert "accept this rename" in terminal.prompts[2]
    assert "a delete has no lines to edit; accept or reject it" in terminal.shown
    assert "  c -> b\\x1b" in terminal.shown


def test_modes_are_shown_and_asked_for() -> None:
    changes = ChangeSet(
        (
            FileChange("main", "a", b"x\n", b"x\n", None, PLAIN_MODE, EXECUTABLE_MODE),
            FileChange("main", "b", None, b"#!\n", mode=EXECUTABLE_MODE),
        )
    )
    decisions, terminal = _typed("e", "y", "n", review=start(changes), edited=b"-x\n")
    assert decisions == [(_A,), (_R,)]
    assert "accept this mode" in terminal.prompts[0]
    assert "  mode 100644 -> 100755" in terminal.shown
    assert "a mode change has no lines to edit; accept or reject it" in terminal.shown
    assert "create main/b, executable (file 2/2)" in terminal.shown


def test_a_review_without_hunks_asks_nothing() -> None:
    assert _typed("y", review=start(ChangeSet()))[1].prompts == []


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (b"a\r\n", b"b\r\n", "     1       -a\n           1 +b"),
        (b"a\r\n", b"a\n", "     1       -a\\x0d\n           1 +a"),
        (
            b"a",
            b"a\n",
            "     1       -a\n             \\ No newline at end of file\n           1 +a",
        ),
        (None, b"\x1b[2J\xe2\x80\xae\xff\n", "           1 +\\x1b[2J\\u202e\ufffd"),
        (None, b"", "  (empty file)"),
        (b"a\0", None, "  (binary content)"),
    ],
)
def test_shown_hunk(before: bytes | None, after: bytes | None, shown: str) -> None:
    assert shown_hunk(FileChange("main", "f", before, after), 0) == shown
