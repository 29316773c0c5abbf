from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.relevance.mentions import mentions
from copilot.context.relevance.model import Query, Signal

NAMES = [
    "app/Makefile",
    "app/README.md",
    "app/docs/README.md",
    "app/docs/my notes (old).md",
    "app/src/app/__init__.py",
    "app/src/app/http/__init__.py",
    "app/src/app/http/client.py",
    "app/src/app/http/retry.py",
    "app/src/app/utils.py",
    "app/src/app/web/utils.py",
    "app/tests/test_retry.py",
    "core/internal/cart/cart.go",
    "core/internal/cart/cart_test.go",
    "core/src/main/java/com/example/Order.java",
    "core/src/backoff/mod.rs",
    "core/web/components/Button/index.tsx",
    "core/web/pages/[id].tsx",
]


def said(
    task: str,
    symbols: Mapping[str, Collection[str]] | None = None,
    focus: tuple[str, ...] = (),
) -> dict[str, Signal]:
    found = mentions(Query(task, focus), NAMES, symbols)
    return {signal.name: signal for signal in found}


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("mend retry.py", ["app/src/app/http/retry.py"]),
        ("mend `retry.py`, please.", ["app/src/app/http/retry.py"]),
        ("mend http/retry.py:12", ["app/src/app/http/retry.py"]),
        ("mend src/app/http/retry.py:12:5.", ["app/src/app/http/retry.py"]),
        ("mend ./src/app/http/retry.py", ["app/src/app/http/retry.py"]),
        ("mend app/src/app/http/retry.py", ["app/src/app/http/retry.py"]),
        ("mend src\\app\\http\\retry.py", ["app/src/app/http/retry.py"]),
        (
            "https://github.com/ann/app/blob/main/src/app/http/retry.py#L3-L9",
            ["app/src/app/http/retry.py"],
        ),
        ("--- a/src/app/http/retry.py", ["app/src/app/http/retry.py"]),
        ("(see README.md)", ["app/README.md"]),
        ("the README says", ["app/README.md"]),
        ("docs/README.md", ["app/docs/README.md"]),
        ("a target in Makefile", ["app/Makefile"]),
        ("in `src/app/http/retry`", ["app/src/app/http/retry.py"]),
        ("import x from '@/components/Button'", ["core/web/components/Button/index.tsx"]),
        ("app.http.retry.Retry.delay() fails", ["app/src/app/http/retry.py"]),
        ("app.http fails", ["app/src/app/http/__init__.py"]),
        ("com.example.Order fails", ["core/src/main/java/com/example/Order.java"]),
        ("crate::backoff::Policy", ["core/src/backoff/mod.rs"]),
        ("the file docs/my notes (old).md", ["app/docs/my notes (old).md"]),
        ("the page web/pages/[id].tsx", ["core/web/pages/[id].tsx"]),
    ],
)
def test_one_file_that_a_task_names(task: str, names: list[str]) -> None:
    scores = said(task)["paths"].scores
    best = max(scores.values())
    assert sorted(name for name in scores if scores[name] == best) == names


def test_a_name_of_more_files_says_less_of_each() -> None:
    scores = said("mend utils.py and retry.py")["paths"].scores
    assert scores["app/src/app/utils.py"] == scores["app/src/app/web/utils.py"] == 0.5
    assert scores["app/src/app/http/retry.py"] == 1.0


def test_a_path_of_which_only_the_name_is_ours_says_little() -> None:
    assert said("mend server/lib/retry.py")["paths"].scores == {"app/src/app/http/retry.py": 0.2}


@pytest.mark.parametrize(
    ("path", "score"),
    [("/srv/checkout/README.md", 0.8), ("C:\\work\\README.md", 0.8), ("other/README.md", 0.2)],
)
def test_a_file_at_the_root_is_found_by_an_absolute_path(path: str, score: float) -> None:
    assert said(f"see {path}")["paths"].scores["app/README.md"] == score


def test_a_folder_brings_what_is_below_it() -> None:
    found = said("rewrite internal/cart/")["paths"]
    assert found.scores.keys() == {"core/internal/cart/cart.go", "core/internal/cart/cart_test.go"}
    assert set(found.why.values()) == {"named in the task as internal/cart/"}
    assert max(found.scores.values()) < 0.6


@pytest.mark.parametrize(
    "task",
    [
        "",
        "use client and/or server",
        "e.g. this, i.e. that",
        "retry",
        "make it run",
        "os.path.join",
    ],
)
def test_prose_names_no_file(task: str) -> None:
    assert said(task)["paths"].scores == {}


SYMBOLS = {
    "retry_delay": ["app/src/app/http/retry.py"],
    "Retry": ["app/src/app/http/retry.py"],
    "delay": ["app/src/app/http/retry.py", "app/src/app/http/client.py"],
    "get": [name for name in NAMES if name.endswith((".py", ".go"))],
    "TestTotal": ["core/internal/cart/cart_test.go"],
    "gone": ["app/src/app/gone.py"],
}


@pytest.mark.parametrize(
    ("task", "scores"),
    [
        ("retry_delay is too long", {"app/src/app/http/retry.py": 1.0}),
        ("a Retry is too long", {"app/src/app/http/retry.py": 0.6}),
        ("`Retry` is too long", {"app/src/app/http/retry.py": 1.0}),
        ("Retry.delay is too long", {"app/src/app/http/retry.py": 1.0}),
        ("Retry::delay is too long", {"app/src/app/http/retry.py": 1.0}),
        (
            "the delay is too long",
            {"app/src/app/http/retry.py": 0.15, "app/src/app/http/client.py": 0.15},
        ),
        (
            "delay() is too long",
            {"app/src/app/http/retry.py": 0.5, "app/src/app/http/client.py": 0.5},
        ),
        ("get the total", {}),
        ("gone() is gone", {}),
    ],
)
def test_definitions_that_a_task_names(task: str, scores: dict[str, float]) -> None:
    assert said(task, SYMBOLS)["definitions"].scores == scores


def test_a_common_definition_says_little_of_each_file() -> None:
    scores = said("get() is slow", SYMBOLS)["definitions"].scores
    assert max(scores.values()) == pytest.approx(1 / len(SYMBOLS["get"]), abs=1e-6)


def test_a_definition_tells_why() -> None:
    found = said("retry_delay is too long", SYMBOLS)["definitions"]
    assert found.why == {"app/src/app/http/retry.py": "defines retry_delay, named in the task"}


TRACEBACK = """\
It breaks:
Traceback (most recent call last):
  File "/home/ann/app/src/app/http/client.py", line 3, in get
    return retry(send)
  File "/usr/lib/python3.12/concurrent/utils.py", line 5, in result
    return self.__get_result()
  File "/home/ann/.venv/lib/python3.12/site-packages/app/http/retry.py", line 9, in retry
    raise error
TimeoutError
"""


def test_frames_near_the_failure_weigh_more_and_those_of_libraries_nothing() -> None:
    found = said(TRACEBACK)
    assert found["traceback"].scores == {
        "app/src/app/http/retry.py": 0.8,
        "app/src/app/http/client.py": 0.85,
    }
    assert found["traceback"].why["app/src/app/http/retry.py"] == "where the task's error is"
    assert found["paths"].scores == {}


def test_a_failing_test_brings_its_file() -> None:
    found = said("FAILED tests/test_retry.py::test_delay - assert 1 == 2", SYMBOLS)
    assert found["failing"].scores == {"app/tests/test_retry.py": 1.0}
    assert found["failing"].why == {"app/tests/test_retry.py": "failing test in the task"}
    assert found["paths"].scores == {}


def test_a_failing_go_test_brings_the_file_that_defines_it_and_its_package() -> None:
    scores = said(
        "--- FAIL: TestTotal (0.00s)\nFAIL\texample.com/core/internal/cart\t0.1s", SYMBOLS
    )["failing"].scores
    assert scores["core/internal/cart/cart_test.go"] == 1.0
    assert 0 < scores["core/internal/cart/cart.go"] < 1.0


def test_a_failing_cargo_test_brings_its_module() -> None:
    scores = said("test backoff::tests::delays ... FAILED")["failing"].scores
    assert scores["core/src/backoff/mod.rs"] > 0


def test_the_focus_is_files_and_folders() -> None:
    found = said("", focus=("app/README.md", "core/internal/", "app/src/app/web", "app/none.py"))
    assert found["focus"].scores == dict.fromkeys(
        [
            "app/README.md",
            "core/internal/cart/cart.go",
            "core/internal/cart/cart_test.go",
            "app/src/app/web/utils.py",
        ],
        1.0,
    )
    assert found["focus"].why["core/internal/cart/cart.go"] == "in the focus core/internal/"


@given(st.text(".:/\\#()`'\"abcdefghijklmnopqrstuvwxyzREADMTF \n@~", max_size=300))
def test_any_task_is_read_and_the_order_of_names_changes_nothing(task: str) -> None:
    query = Query(task, (task[:5],))
    found = mentions(query, NAMES, SYMBOLS)
    assert mentions(query, NAMES[::-1], SYMBOLS) == found
    for signal in found:
        assert all(0 < score <= 1 for score in signal.scores.values())
        assert signal.scores.keys() == signal.why.keys()
        assert signal.scores.keys() <= set(NAMES)
