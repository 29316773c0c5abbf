from __future__ import annotations

from collections.abc import Sequence

import pytest

from copilot.assist.message_style import Customs, customs_of, names_person, trailers_of
from copilot.workspace.messages import PastMessage

SIGNED = "Signed-off-by: Ada <ada@localhost>"


def _past(texts: Sequence[str], author: str = "Ada", ids: str = "") -> list[PastMessage]:
    return [
        PastMessage((ids[at] if ids else "f") * 40, author, "ada@localhost", text)
        for at, text in enumerate(texts)
    ]


def test_without_a_history_the_usual_form_holds() -> None:
    assert customs_of([]) == Customs()
    few = customs_of(_past(["feat: one", "feat: two"]))
    assert few.types == ()
    assert few.examples == ("feat: two", "feat: one")


def test_conventional_commits_are_the_custom_where_most_are_such() -> None:
    found = customs_of(
        _past(["fix: a", "feat(cli): b", "fix(core)!: c", "feat(cli): d", "fix: e", "Say more"])
    )
    assert found.types == ("fix", "feat")
    assert found.scopes == ("cli", "core")
    assert found.breaking


def test_a_subsystem_before_a_colon_is_no_type() -> None:
    found = customs_of(_past(["net: a", "net: b", "mm: c", "sched: d", "net: e", "docs: f"]))
    assert found.types == ()


def test_bots_reverts_and_what_git_writes_tell_nothing() -> None:
    own = [f"Say {word}" for word in "abcde"]
    others = ['Revert "Say a"', "fixup! Say a", "Merge branch 'x'", "revert: b"]
    bots = _past(["chore(deps): bump x"] * 20, author="dependabot[bot]")
    found = customs_of([*bots, *_past([*own, *others])])
    assert found == customs_of(_past(own))
    assert found.types == ()


@pytest.mark.parametrize(
    ("subjects", "capital", "full_stop"),
    [
        (["Add a", "Fix b", "Say c", "Do d", "Go e"], True, False),
        (["add a.", "fix b.", "say c.", "do d.", "go e."], False, True),
        (["Add a.", "Fix b", "say c.", "Do d", "go e"], True, False),
        (["Add a.", "Fix b.", "say c", "Do d", "go e", "so f."], None, None),
        (["fix: Add a", "fix: Do b", "fix: Go c", "fix: Be d", "fix: Say e"], True, False),
    ],
)
def test_how_subjects_begin_and_end(
    subjects: list[str], capital: bool | None, full_stop: bool | None
) -> None:
    found = customs_of(_past(subjects))
    assert (found.capital, found.full_stop) == (capital, full_stop)


def test_the_limit_is_72_or_what_the_history_takes() -> None:
    assert customs_of(_past(["x" * 30] * 9)).subject_limit == 72
    assert customs_of(_past(["x" * 90] * 9)).subject_limit == 90
    assert customs_of(_past(["x" * 300] * 9)).subject_limit == 100


def test_bodies() -> None:
    none = customs_of(_past([f"Say {word}" for word in "abcdefghijklm"]))
    assert not none.bodies
    wrapped = customs_of(_past(["Say\n\n" + "word " * 14] * 6))
    assert (wrapped.bodies, wrapped.body_width) == (True, 72)
    long = customs_of(_past(["Say\n\n" + "word " * 60] * 6))
    assert (long.bodies, long.body_width) == (True, None)
    # A trailer is no body.
    assert not customs_of(_past([f"Say {word}\n\n{SIGNED}" for word in "abcdefghijklm"])).bodies


def test_trailers() -> None:
    texts = [f"Say {word}\n\nRefs: AB-{n}\n{SIGNED}" for n, word in enumerate("abcde")]
    found = customs_of(_past([*texts, "Co\n\nCo-authored-by: Bob <bob@localhost>"]))
    assert found.signs_off
    assert found.trailers == ("Refs",)
    assert trailers_of("Say\n\nNote: a\nand more") == ()
    assert trailers_of("Refs: 12") == ()


def test_examples_name_nobody_and_are_the_oldest_first() -> None:
    found = customs_of(
        _past(
            [
                f"Newest (#12)\n\nBody\x1b[31m\n\n{SIGNED}\nReviewed-by: Bob",
                "Older",
                "Newest",
                "Oldest",
            ]
        )
    )
    assert found.examples == ("Oldest", "Older", "Newest\n\nBody\\x1b[31m")
    assert names_person("Helped-by: Bob")


def test_examples_stay_while_a_few_commits_are_made() -> None:
    """They begin at a commit by its id, so that a server's cache holds them for a while."""
    texts = [f"Say {n}" for n in range(40)]
    ids = "fffff0" + "f" * 34
    one = customs_of(_past(texts, ids=ids))
    two = customs_of(_past(["new", *texts], ids="f" + ids))
    assert one.examples == two.examples
    assert one.examples[-1] == "Say 5"
    assert customs_of(_past(["new", *texts], ids="0" + ids)).examples[-1] == "new"


def test_subjects_that_stand_once_are_known() -> None:
    found = customs_of(_past(["Add Tea", "Update", "update", "Say (#3)"]))
    assert found.once == {"add tea", "say"}
