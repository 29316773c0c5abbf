"""A reader that finds everything scores everywhere, one that forgets is caught."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.protocol import Delta, Event, Finished, ModelFacts, Request
from copilot.context.compose import Wording
from copilot.evals.needle import QUESTION, hide_needle, needle_trials
from copilot.settings.prompts import load_prompt
from copilot.workspace.model import Snapshot, SourceFile

_CODE = re.compile(r"harbour gate is (\d{7})\.")


class Reader:
    """Answers from the part of the prompt it remembers: the last `share` of its characters."""

    def __init__(self, share: float) -> None:
        self._share = share

    def facts(self) -> ModelFacts:
        return ModelFacts("reader")

    def ask(self, request: Request) -> Iterator[Event]:
        text = request.messages[-1].content
        found = _CODE.search(text, round(len(text) * (1 - self._share)))
        yield Delta(found[1] if found else "I do not know")
        yield Finished("stop", None)

    def close(self) -> None:
        """Nothing to release."""


def _snapshot(*texts: str | None) -> Snapshot:
    datas = (None if text is None else text.encode() for text in texts)
    files = (SourceFile("main", f"{n}.py", None, "tracked", data) for n, data in enumerate(datas))
    return Snapshot((), tuple(files))


@given(
    st.lists(st.one_of(st.none(), st.text("ab\n", max_size=30)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_the_needle_is_one_line_more_and_all_else_stays(
    texts: list[str | None], depth: float
) -> None:
    hidden = hide_needle(_snapshot(*texts), depth, "1234567")
    before = "\n".join(text for text in texts if text).split("\n")
    after = "\n".join(file.text for file in hidden.files if file.text).split("\n")
    needles = [line for line in after if "1234567" in line]
    assert len(needles) == (1 if any(texts) else 0)
    rest = [line for line in after if "1234567" not in line and line]
    assert rest == [line for line in before if line]


def _trials(share: float) -> list[bool]:
    snapshot = _snapshot("x\n" * 200, None, "y\n" * 200)
    own = Path("none")
    wording = Wording(load_prompt("rules", own), load_prompt("task-needle", own), QUESTION)
    depths = (0.0, 0.25, 0.5, 0.75, 1.0)
    trials = needle_trials(Reader(share), snapshot, wording, "o200k_base", depths)
    return [trial.found for trial in trials]


@pytest.mark.parametrize(
    ("share", "found"),
    [(1.0, [True] * 5), (0.0, [False] * 5), (0.6, [False, False, True, True, True])],
)
def test_what_the_reader_forgets_is_missed(share: float, found: list[bool]) -> None:
    assert _trials(share) == found
