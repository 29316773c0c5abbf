from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.relevance import main
from benchmarks.relevance_commits import asked, cloned, is_asking, tasks
from benchmarks.relevance_fit import Model, best_exponent, fit, held_out, mean_of, told_signals
from benchmarks.relevance_measure import (
    Scene,
    interval,
    most_possible,
    order,
    share,
    shares,
    taken,
)
from benchmarks.relevance_trees import read_tree, tokens_of
from copilot.cache import Cache
from copilot.context.relevance.model import Ranked
from copilot.context.relevance.rank import WEIGHTS_VERSION, Weights, chosen_full
from copilot.context.tokens import count_tokens


class _Repository:
    """A real repository that commits are made in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, capture_output=True, check=True, text=True
        )
        return done.stdout

    def commit(self, message: str, files: dict[str, str | None], author: str = "Ada") -> str:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", message, f"--author={author} <{author}@example.com>")
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture
def repository(tmp_path: Path) -> _Repository:
    return _Repository(tmp_path / "shop")


def _scene(
    wanted: Sequence[bool],
    tokens: Sequence[int],
    values: Sequence[Sequence[float]],
    name: str = "a",
) -> Scene:
    return Scene(
        name,
        "0" * 40,
        ("words", "recency"),
        tuple(f"a/{place:03}" for place in range(len(wanted))),
        np.array(tokens, dtype=np.int64),
        np.array(wanted, dtype=bool),
        np.array(values, dtype=np.float32),
    )


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Fix the cart (#12)\n\nSee https://example.com/a.\n", "Fix the cart\n\nSee"),
        ("Merge pull request #3 from ada/cart\n\nEmpty carts\n", "Empty carts"),
        ("Merge branch 'stable'\n", ""),
        ("Add a\n\nCo-authored-by: B <b@c>\nSigned-off-by: A <a@b>\n", "Add a"),
        ("pre-commit: run it twice\n", "pre-commit: run it twice"),
        ("Take `#anchor` links for what they are\n", "Take `#anchor` links for what they are"),
    ],
)
def test_a_message_is_asked_without_what_names_it(message: str, text: str) -> None:
    assert asked(message) == text


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Fix the cart", True),
        ("update the checkout flow", True),
        ("Support Python 3.13 in the tests", True),
        ("Fix typo", False),
        ("Version 1.2.3", False),
        ("release version 1.2.3", False),
        ("chore: bump the all group with 7 updates", False),
        ("chore(deps): bump actions/cache from 3 to 4 in the workflows", False),
        ("Upgrade the parser from 1.2 to 2.0", False),
        ("", False),
    ],
)
def test_what_asks_for_a_change(text: str, is_one: bool) -> None:
    assert is_asking(text) is is_one


def test_tasks_are_the_commits_that_people_asked_for(repository: _Repository) -> None:
    first = repository.commit("Begin a shop", {"cart.py": "a = 1\n", "old.py": "b = 1\n"})
    repository.commit("Bump the shop's parser", {"cart.py": "a = 2\n"}, author="renovate[bot]")
    for number in range(3):
        repository.commit(f"Say thanks to @user{number}", {"thanks.txt": f"{number}\n"})
    wanted = repository.commit(
        "Let a cart be empty (#7)", {"cart.py": "a = 3\n", "new.py": "c = 1\n", "old.py": None}
    )
    found = list(tasks(repository.folder / ".git"))
    assert [(task.revision, task.text, task.changed) for task in found] == [
        (wanted, "Let a cart be empty", ("cart.py", "old.py"))
    ]
    assert found[0].parent != first


def test_a_merge_counts_by_all_that_it_brought(repository: _Repository) -> None:
    base = repository.commit("Begin a shop", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    repository.git("checkout", "-qb", "side")
    repository.commit("Change what a is", {"a.py": "a = 2\n"})
    repository.commit("Change what b is", {"b.py": "b = 2\n"})
    repository.git("checkout", "-q", "main")
    message = "Merge pull request #1 from ada/side\n\nLet both be two"
    repository.git("merge", "-q", "--no-ff", "-m", message, "side")
    (task,) = tasks(repository.folder / ".git")
    assert (task.parent, task.text, task.changed) == (base, "Let both be two", ("a.py", "b.py"))


def test_a_tree_holds_the_texts_of_a_pack_with_their_tokens(
    repository: _Repository, tmp_path: Path
) -> None:
    text = "def cart():\n    return 1\n"
    generated = "# Code generated by a tool. DO NOT EDIT.\na = 1\n"
    files: dict[str, str | None] = {"a.py": text, "poetry.lock": "x\n", "made.py": generated}
    revision = repository.commit("Begin", files)
    repository.commit("Change a", {"a.py": "a = 2\n"})
    clone = cloned(repository.folder, tmp_path / "work")
    cache = Cache(tmp_path / "cache.sqlite")
    documents = read_tree(clone, "shop", revision, cache)
    assert [(one.name, one.data) for one in documents] == [("shop/a.py", text.encode())]
    counted = tokens_of(documents, cache)
    assert counted["shop/a.py"] > count_tokens([text])[0]
    assert tokens_of(documents, cache) == counted
    cache.close()


@given(
    st.lists(st.tuples(st.integers(1, 300), st.floats(0, 1)), min_size=1, max_size=40),
    st.integers(0, 2000),
    st.floats(0, 1.2),
)
def test_what_is_taken_is_what_the_program_takes(
    files: list[tuple[int, float]], budget: int, exponent: float
) -> None:
    scores = np.array([round(score, 3) for _, score in files])
    scene = _scene([True] * len(files), [size for size, _ in files], [[0.0, 0.0]] * len(files))
    places = taken(order(scores, scene.tokens, exponent), scene.tokens, budget)
    ranked = [Ranked(n, float(s)) for n, s in zip(scene.names, scores, strict=True)]
    ranked.sort(key=lambda one: (-one.score, one.name))
    tokens = dict(zip(scene.names, scene.tokens.tolist(), strict=True))
    chosen = chosen_full(ranked, tokens, budget, Weights(WEIGHTS_VERSION, {}, exponent))
    assert [scene.names[place] for place in places] == chosen


def test_shares_and_the_most_that_is_possible() -> None:
    scene = _scene([True, False, True, True], [40, 40, 60, 100], [[0.0, 0.0]] * 4)
    scores = np.array([0.9, 0.8, 0.7, 0.1])
    assert shares(scene, scores, 0.0, [30, 80, 140, 240]) == [0, 1 / 3, 2 / 3, 1]
    assert [most_possible(scene, budget) for budget in (30, 99, 100, 200)] == [0, 1 / 3, 2 / 3, 1]
    assert share(scene, np.array([3, 0, 1, 2]), 100) == 1 / 3


def test_an_interval_holds_its_mean_and_is_the_same_each_time() -> None:
    random = np.random.default_rng(1)
    groups = {"a": random.random(100), "b": random.random(50)}
    found = interval(groups)
    assert found.low < found.mean < found.high
    assert found.mean == round(float(np.concatenate(list(groups.values())).mean()), 4)
    # Of 150 values with a deviation of 0.29 the mean's interval is about 0.09 wide.
    assert 0.06 < found.high - found.low < 0.12
    assert found == interval(dict(reversed(groups.items())))
    assert interval({"a": np.ones(10)}) == type(found)(1.0, 1.0, 1.0)


def _told_by(signal: int, count: int, repository: str) -> list[Scene]:
    """Return tasks where one signal says what is wanted and the other one anything."""
    random = np.random.default_rng(3)
    made = []
    for _ in range(count):
        wanted = np.zeros(30, dtype=bool)
        wanted[random.choice(30, 2, replace=False)] = True
        values = random.random((30, 2))
        values[:, signal] = wanted + 0.1 * random.random(30)
        made.append(_scene(wanted.tolist(), [4000] * 30, values.tolist(), repository))
    return made


def test_a_fit_finds_the_signal_that_tells() -> None:
    scenes = [*_told_by(1, 20, "a"), *_told_by(1, 20, "b")]
    start = Model({"words": 1.0, "recency": 0.1, "traceback": 2.0}, 0.3)
    found = fit(start, scenes)
    assert found.weights["traceback"] == 2.0
    assert found.weights["recency"] > found.weights["words"]
    for model, rows in held_out(start, scenes).values():
        assert model.weights["recency"] > model.weights["words"]
        assert rows.mean(axis=0).tolist() == [1.0, 1.0, 1.0]
    assert best_exponent("recency", scenes).weights == {"recency": 1.0}


def test_a_model_between_others() -> None:
    models = [Model({"words": 1.0, "near": 0.4}, 0.1), Model({"words": 1.0, "recency": 0.2}, 0.4)]
    assert mean_of(models) == Model({"near": 0.2, "recency": 0.1, "words": 1.0}, 0.25)


def test_scores_may_be_products() -> None:
    scene = _scene([True, False], [10, 10], [[0.5, 0.5], [1.0, 0.0]])
    assert Model({"words": 1.0, "words*recency": 2.0}, 0.0).scores(scene).tolist() == [1.0, 1.0]


def test_signals_that_hardly_any_task_has_are_not_told() -> None:
    scenes = [_scene([True], [10], [[1.0, 0.0]]) for _ in range(30)]
    assert told_signals([*scenes, _scene([True], [10], [[1.0, 1.0]])]) == ["words"]


def _printed(capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, Any]]:
    table, _, document = capsys.readouterr().out.partition("\n\n")
    printed: dict[str, Any] = json.loads(document)
    return table, printed


def test_the_whole_of_it(
    repository: _Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources: dict[str, str | None] = {
        f"shop/{name}.py": f'"""The {name}."""\n\n\ndef {name}() -> str:\n    return "{name}"\n'
        for name in ("cart", "order", "price", "stock")
    }
    repository.commit("Begin a shop", sources)
    for name in ("cart", "order", "price"):
        text = f'def {name}() -> str:\n    return "the {name}"\n'
        repository.commit(f"Let the {name} say what it is", {f"shop/{name}.py": text})
    weights, alone = tmp_path / "weights.json", tmp_path / "alone.json"
    signals = {"words": 1.0, "recency": 0.1}
    told = {"version": WEIGHTS_VERSION, "signals": signals, "size_exponent": 0.2}
    weights.write_text(json.dumps(told))
    files = ["--weights", str(weights), "--alone", str(alone), "--work", str(tmp_path / "work")]
    main([str(repository.folder), "--commits", "2", "--fit", *files])
    table, document = _printed(capsys)
    assert document["repositories"]["shop"]["tasks"] == 2
    assert document["repositories"]["shop"]["wanted"] == 1.0
    assert document["shares"]["all"]["our ranking"][0] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert "| BM25 alone | 100.0 (100.0 to 100.0) |" in table
    assert set(json.loads(alone.read_text())) == {"words", "centrality", "recency"}
    assert "words" in document["without"]
    assert all(means == [1.0, 1.0, 1.0] for means in document["without"].values())
    main([str(repository.folder), "--commits", "2", *files])
    assert _printed(capsys)[1]["shares"] == document["shares"]
