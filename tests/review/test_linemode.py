from __future__ import annotations

from collections.abc import Callable

import pytest

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.review.linemode import review_lines
from copilot.review.linetext import shown_hunk
from copilot.review.state import Decision, Place, Review, accepted, decide, start
from tests.review.at_a_terminal import CHANGES, NUMBERED, Terminal

_U, _A, _R = Decision.UNDECIDED, Decision.ACCEPTED, Decision.REJECTED


def _typed(
    *answers: str, review: Review | None = None, edited: bytes | None = None
) -> tuple[list[tuple[Decision | None, ...]], Terminal]:
    terminal = Terminal(*answers)
    edit = None if edited is None else _editor(edited)
    done = review_lines(review or start(CHANGES), terminal.read, terminal.write, edit)
    decisions = [
        tuple(file.hunk_decision(hunk) for hunk in range(len(file.hunks))) for file in done.files
    ]
    return decisions, terminal


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
    review = decide(start(CHANGES), Place(0, 0), _R)
    decisions, terminal = _typed("y", "y", "y", review=review)
    assert decisions == [(_R, _A, _A), (_A,)]
    assert terminal.prompts[0].startswith("(2/4) ")


def test_prompts_say_how_far_and_what() -> None:
    _, terminal = _typed("y", "n", "K", "y", "y", "y")
    assert terminal.prompts == [
        "(1/4) accept this hunk [y,n,a,d,q,j,k,s,l,e,E,c,x,/,g,p,?]? ",
        "(2/4) accept this hunk [y,n,a,d,q,j,k,e,E,c,x,u,/,g,p,?]? ",
        "(3/4) accept this hunk [y,n,a,d,q,j,k,e,E,c,x,u,/,g,p,?]? ",
        "(2/4, rejected so far) accept this hunk [y,n,a,d,q,j,k,e,E,c,x,u,/,g,p,?]? ",
        "(3/4) accept this hunk [y,n,a,d,q,j,k,e,E,c,x,u,/,g,p,?]? ",
        "(4/4) accept this new file [y,n,a,d,q,j,k,e,E,c,x,u,/,g,p,?]? ",
    ]


def test_a_hunk_is_shown_with_numbers_and_context_under_its_file() -> None:
    _, terminal = _typed("y")
    assert terminal.shown[:2] == [
        "update main/a.py (file 1/2)",
        "         1     1  1\n"
        "         2     2  2\n"
        "   1     3       -3\n"
        "   2           3 +x\n"
        "         4     4  4\n"
        "         5     5  5\n"
        "         6     6  6",
    ]


def test_the_header_comes_once_per_file_with_its_flags() -> None:
    terminal = Terminal("y", "y", "y", "y")
    review = start(CHANGES, {"main/b.py": (Flag(FlagKind.SYNTAX, "does not parse\nat line 1"),)})
    review_lines(review, terminal.read, terminal.write)
    titles = [text for text in terminal.shown if "(file" in text]
    assert titles == ["update main/a.py (file 1/2)", "create main/b.py (file 2/2)"]
    assert terminal.shown[-2:] == ["  ! does not parse\\nat line 1", "   1           1 +new"]


def test_an_empty_line_shows_the_hunk_again_and_help_does_not() -> None:
    _, terminal = _typed("", "?", "x\x1b")
    hunk = shown_hunk(start(CHANGES).files[0], 0)
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
    terminal = Terminal("n", "e", "y", "n", "n")
    asked: list[tuple[bytes, str]] = []

    def edit(text: bytes, suffix: str) -> bytes:
        asked.append((text, suffix))
        return text.replace(b"-13\n", b"-13\n+thirteen\n")

    done = review_lines(start(CHANGES), terminal.read, terminal.write, edit)
    assert asked[0][0].startswith(b"-13\n#")
    assert asked[0][1] == ".diff"
    assert terminal.prompts[2].startswith("(2/4) ")
    assert "   2 by hand          13 +thirteen" in terminal.shown[3]
    (change,) = accepted(done).changes
    assert change.after == NUMBERED.replace(b"\n13\n", b"\nthirteen\n")


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
        (b"a\r\n", b"b\r\n", "   1     1       -a\n   2           1 +b"),
        (b"a\r\n", b"a\n", "   1     1       -a\\x0d\n   2           1 +a"),
        (
            b"a",
            b"a\n",
            "   1     1       -a\n"
            "                 \\ No newline at end of file\n"
            "   2           1 +a",
        ),
        (None, b"\x1b[2J\xe2\x80\xae\xff\n", "   1           1 +\\x1b[2J\\u202e\ufffd"),
        (None, b"", "  (empty file)"),
        (b"a\0", None, "  (binary content)"),
    ],
)
def test_shown_hunk(before: bytes | None, after: bytes | None, shown: str) -> None:
    review = start(ChangeSet((FileChange("main", "f", before, after),)))
    assert shown_hunk(review.files[0], 0) == shown


def _lines_of(review: Review, place: Place) -> str:
    """Return the decisions on a hunk's lines as letters."""
    decisions = review.files[place.file].line_decisions(place.hunk)
    return "".join(" " if one is None else one.value[0] for one in decisions)


_RUN = FileChange("main", "r", b"a\nb\nc\nd\n", b"A\nB\nc\nD\nE\n")


def _reviewed(
    *answers: str,
    change: FileChange = _RUN,
    edit: Callable[[bytes, str], bytes | None] | None = None,
) -> tuple[Review, Terminal]:
    terminal = Terminal(*answers)
    begun = start(ChangeSet((change,)))
    return review_lines(begun, terminal.read, terminal.write, edit), terminal


@pytest.mark.parametrize(
    ("answer", "decided", "text"),
    [
        ("l 1,3", "arar rrr", b"A\nb\nc\nd\n"),
        ("l 5-7", "rrrr aaa", b"a\nb\nc\nD\nE\n"),
        ("l4,7", "rrra rra", b"a\nb\nB\nc\nd\nE\n"),
    ],
)
def test_lines_are_chosen_by_number(answer: str, decided: str, text: bytes) -> None:
    done, terminal = _reviewed(answer)
    assert _lines_of(done, Place(0, 0)) == decided
    (change,) = accepted(done).changes
    assert change.after == text
    assert terminal.shown[-1] == (
        f"lines: {decided.count('a')} accepted, {decided.count('r')} rejected so far"
    )


def test_lines_are_asked_for_where_none_are_named() -> None:
    done, terminal = _reviewed("l", "1-4")
    assert terminal.prompts[1] == "lines to accept, such as 3-5,8: "
    assert _lines_of(done, Place(0, 0)) == "aaaa rrr"


@pytest.mark.parametrize("answer", ["l 0", "l 8", "l 3-2", "l x", "l 1,", "x 9 why", "s 12", "g 2"])
def test_numbers_that_name_nothing_change_nothing(answer: str) -> None:
    done, terminal = _reviewed(answer, "y")
    assert terminal.shown[2].startswith("no ")
    assert _lines_of(done, Place(0, 0)) == "aaaa aaa"


def test_a_hunk_of_mixed_lines_is_shown_in_words() -> None:
    review = start(ChangeSet((_RUN, _RUN)))
    asked = Terminal("l 1,3", "K", "p", "q")
    review_lines(review, asked.read, asked.write)
    assert asked.prompts[2].startswith("(1/2, lines: 2 accepted, 5 rejected so far) ")
    assert asked.shown[-1].splitlines()[:2] == [
        "   1 accepted     1       -a",
        "   2 rejected     2       -b",
    ]


def test_a_hunk_is_split_at_unchanged_lines_and_before_a_line() -> None:
    done, terminal = _reviewed("s", "y", "n")
    assert terminal.shown[2] == "split; 2 hunks in this file"
    assert [_lines_of(done, Place(0, hunk)) for hunk in (0, 1)] == ["aaaa", "rrr"]
    done, terminal = _reviewed("s 2", "n", "y")
    assert [_lines_of(done, Place(0, hunk)) for hunk in (0, 1)] == ["rr", "aa aaa"]
    assert accepted(done).changes[0].after == b"a\nB\nc\nD\nE\n"


def test_what_cannot_be_split_is_said() -> None:
    done, terminal = _reviewed("s", "y", change=FileChange("m", "f", b"a\n", b"b\n"))
    assert terminal.shown[2].startswith("this hunk cannot be cut there; choose lines")
    assert len(done.files[0].hunks) == 1


def test_a_comment_is_about_the_hunk_or_some_lines() -> None:
    done, terminal = _reviewed("c too long", "c 5-6 [why] two", "c", "typed", "C", "C 1", "y")
    assert [comment.text for comment in done.comments] == ["[why] two", "typed"]
    assert [line.data for line in done.comments[0].quoted] == [b"d\n", b"D\n"]
    assert (done.comments[0].old, done.comments[0].new) == (range(3, 4), range(3, 4))
    assert "  comment 1, main/r, new lines 1 to 5: too long" in terminal.shown
    assert "  comment 2, main/r, new line 4: [why] two" in terminal.shown
    assert terminal.shown[-1] == "  comment 2, main/r, new lines 1 to 5: typed"


def test_a_comment_of_no_words_is_none() -> None:
    done, terminal = _reviewed("c", "", "y")
    assert terminal.shown[2] == "nothing was said, nothing was done"
    assert not done.comments


def test_a_rejection_with_its_reason() -> None:
    done, _ = _reviewed("x 1-4 not these", "x", "nor those")
    assert _lines_of(done, Place(0, 0)) == "rrrr rrr"
    assert [(c.text, c.is_rejection) for c in done.comments] == [
        ("not these", True),
        ("nor those", True),
    ]


def test_a_rename_can_be_commented_and_rejected_with_a_reason() -> None:
    done, terminal = _reviewed("c why", "x no", change=FileChange("m", "f", b"a", b"a", "g"))
    assert done.files[0].decision is _R
    assert terminal.shown[2] == "  comment 1, m/f: why"


def test_undo_and_redo_go_where_something_changed() -> None:
    decisions, terminal = _typed("y", "n", "u", "u", "U", "U", "U", "u", "q")
    assert decisions == [(_A, _R, _R), (_R,)]
    numbers = [prompt.split()[0] for prompt in terminal.prompts]
    assert numbers == [
        "(1/4)",
        "(2/4)",
        "(3/4)",
        "(2/4)",
        "(1/4)",
        "(1/4,",
        "(2/4,",
        "(2/4,",
        "(2/4)",
    ]
    assert "nothing to redo" in terminal.shown
    assert "nothing to undo" in _typed("u", "q")[1].shown


def test_an_edit_is_undone() -> None:
    done, _ = _reviewed("e", "u", "y", edit=_editor(b"-a\n-b\n+X\n c\n d\n"))
    assert accepted(done).changes == (_RUN,)
    done, _ = _reviewed("e", "y", edit=_editor(b"-a\n-b\n+X\n c\n d\n"))
    assert accepted(done).changes[0].after == b"X\nc\nd\n"


def test_the_whole_new_file_is_edited() -> None:
    asked: list[tuple[bytes, str]] = []

    def edit(data: bytes, suffix: str) -> bytes:
        asked.append((data, suffix))
        return data.replace(b"E\n", b"F\n")

    change = FileChange("main", "dir/r.PY", _RUN.before, _RUN.after)
    done, terminal = _reviewed("E", "y", "y", change=change, edit=edit)
    assert asked == [(_RUN.after, ".py")]
    assert accepted(done).changes[0].after == b"A\nB\nc\nD\nF\n"
    assert "update main/dir/r.PY, edited by hand (file 1/1)" in terminal.shown


def test_a_deletion_is_kept_by_editing_the_file() -> None:
    change = FileChange("main", "f", b"a\nb\n", None)
    done, _ = _reviewed("E", "y", change=change, edit=_editor(b"a\nc\n"))
    assert accepted(done).changes == (FileChange("main", "f", b"a\nb\n", b"a\nc\n"),)


def test_binary_content_is_neither_edited_nor_chosen_from() -> None:
    change = FileChange("main", "f", b"a\n\0\n", b"b\n\0\n")
    done, terminal = _reviewed("E", "e", "l 1", "y", change=change, edit=_editor(b"-a\n+c\n"))
    assert terminal.shown[2:5] == [
        "this is no text to edit; accept or reject it",
        "this is no text to edit; accept or reject it",
        "this hunk has no lines to choose from; accept or reject it",
    ]
    assert accepted(done).changes == (change,)


def test_search_finds_lines_and_names_and_wraps() -> None:
    _, terminal = _typed("/z", "/", "/new", "/b.py", "/13", "/nowhere", "/new", "q")
    assert [prompt.split()[0] for prompt in terminal.prompts] == [
        "(1/4)", "(3/4)", "(3/4)", "(4/4)", "(4/4)", "(2/4)", "(2/4)", "(4/4)",
    ]  # fmt: skip
    assert "no match for nowhere" in terminal.shown


def test_going_to_a_hunk_by_number() -> None:
    _, terminal = _typed("g 3", "g", "1", "g4", "g 5", "q")
    assert [prompt.split()[0] for prompt in terminal.prompts] == [
        "(1/4)", "(3/4)", "hunk,", "(1/4)", "(4/4)", "(4/4)",
    ]  # fmt: skip
    assert "no hunk with that number; there are 1 to 4" in terminal.shown


def test_a_hunk_is_printed_again_with_file_flags_and_comments() -> None:
    terminal = Terminal("c why", "p", "q")
    flag = Flag(FlagKind.INDENT, "placed by an indent shift", 2)
    review_lines(start(CHANGES, {"main/a.py": (flag,)}), terminal.read, terminal.write)
    assert terminal.shown[4:7] == [
        "  comment 1, main/a.py, new line 3: why",
        "update main/a.py (file 1/2)",
        "  ! placed by an indent shift",
    ]
