from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.value import value_of
from copilot.workspace.kinds import Kind
from copilot.workspace.model import SourceFile

_KINDS = st.sampled_from([*Kind, None])
_PATHS = st.lists(st.sampled_from(["a", "src", "readme.md", "README"]), min_size=1).map("/".join)


def _value(path: str, kind: Kind | None = Kind.SOURCE) -> float:
    return value_of(SourceFile("app", path, None, "tracked", b"", kind=kind))


@given(path=_PATHS, kind=_KINDS)
def test_a_value_is_more_than_nothing_and_at_most_all(path: str, kind: Kind | None) -> None:
    assert 0 < _value(path, kind) <= 1


def test_what_lies_deeper_is_worth_less() -> None:
    values = [_value("a.py"), _value("src/a.py"), _value("src/deep/a.py")]
    assert values == sorted(set(values), reverse=True)


def test_kinds_are_worth_what_they_tell() -> None:
    kinds = [Kind.SOURCE, Kind.CONFIGURATION, Kind.DOCUMENTATION, Kind.TEST, Kind.DATA]
    values = [_value("a", kind) for kind in kinds]
    assert values == sorted(set(values), reverse=True)


@pytest.mark.parametrize("path", ["README.md", "readme", "AGENTS.md", "ARCHITECTURE.rst"])
def test_an_introduction_at_the_top_is_worth_all(path: str) -> None:
    assert _value(path, Kind.DOCUMENTATION) == 1
    assert _value(f"docs/{path}", Kind.DOCUMENTATION) < 0.5
