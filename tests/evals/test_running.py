"""Runs: order, limits, failures, and that a run ended anywhere goes on to the same rows."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from copilot.assist.stopping import Stoppable
from copilot.backends.protocol import Delta, Event, Finished, ModelFacts, Request, Usage
from copilot.context.compose import Wording, compose_prompt
from copilot.context.tokens import TOKENIZERS, count_tokens
from copilot.errors import (
    BudgetExceeded,
    ModelBusy,
    ModelRefused,
    ModelUnreachable,
    ReplyIncomplete,
    UsageError,
)
from copilot.evals.calibrating import ASSUMED, Counting, calibrate, reserve_of, room_of
from copilot.evals.model import Material, Measure, Plan, Recipe, Sample, Score, material_of
from copilot.evals.rows import Calibration, Row, RowFile, encode, identity_of, read_rows
from copilot.evals.running import Bounds, Run, Subject, repositories_of
from copilot.workspace.model import Repository, Snapshot, SourceFile

_CODE = re.compile(r"^CODE_(\d+) = (\d{7})$", re.MULTILINE)
_ASKED = re.compile(r"CODE_(\d+)\?")


def _material() -> Material:
    texts = {f"m{n}.py": f"def f{n}(a, b):\n    return a * {n} + b\n\n\n" * 12 for n in range(9)}
    files = tuple(SourceFile("app", path, None, "", t.encode()) for path, t in texts.items())
    snapshot = Snapshot((Repository("app", Path("/app"), "1" * 40, True),), files)
    prompts = {"rules": "Answer.\n", "task-ask": "{{task}}\n"}
    return material_of(snapshot, "o200k_base", prompts)


@dataclass(frozen=True)
class Tiny:
    """Two constants behind a few files: two questions about each haystack."""

    name: str = "tiny"
    tasks: tuple[str, ...] = ("first", "second")
    reply_tokens: int = 16

    def batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        for tokens, room in plan.rooms:
            for index in range(plan.samples):
                about = (tokens, room, index, plan.seed, material.tokenizer, material.sha256)
                yield tuple(Recipe(self.name, task, *about) for task in self.tasks)

    def make(self, recipes: Iterable[Recipe], material: Material) -> Iterator[Sample]:
        for recipe in recipes:
            draw = recipe.random("codes")
            codes = [str(draw.randrange(10**6, 10**7)) for _ in self.tasks]
            lines = "".join(f"CODE_{n} = {code}\n" for n, code in enumerate(codes))
            planted = SourceFile("app", "codes.py", None, "", lines.encode())
            files = (planted, *material.snapshot.files[: recipe.tokens // 1000])
            number = self.tasks.index(recipe.task)
            wording = Wording(material.prompts["rules"], "{{task}}", f"What is CODE_{number}?")
            prompt = compose_prompt(Snapshot((), files), wording, recipe.tokenizer)
            haystack = f"{recipe.tokens}-{recipe.index}"
            right = (codes[number],)
            yield Sample(recipe, prompt, haystack, right, Measure.ALL, self.reply_tokens)

    def score(self, sample: Sample, answer: str) -> Score:
        return Score(float(sample.references[0] in answer))


@dataclass
class Reader:
    """Finds every code; `fails` is raised in the place of an answer, by its number from 0."""

    fails: Callable[[int, str], Exception | None] = lambda _number, _text: None
    counts: Callable[[Request], Usage | None] = lambda _request: None
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    meet: threading.Barrier | None = None

    def facts(self) -> ModelFacts:
        return ModelFacts("reader")

    def ask(self, request: Request) -> Iterator[Event]:
        text = request.messages[-1].content
        self.asked.append(text)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.meet:
            self.meet.wait(60)
        failure = self.fails(len(self.asked) - 1, text)
        self.at_once -= 1
        if failure:
            raise failure
        wanted = _ASKED.search(text)
        codes = dict(_CODE.findall(text))
        yield Delta(codes[wanted[1]] if wanted else "hello")
        yield Finished("stop", self.counts(request))

    def close(self) -> None:
        """Nothing to release."""


def _subject(reader: Reader, **about: object) -> Subject:
    identity = identity_of("reader", "reader", "test", "")
    usual: dict[str, object] = {"calibration": Calibration(0, 1.0)}
    return Subject(identity, Stoppable(lambda: reader), **{**usual, **about})  # type: ignore[arg-type]


_PLAN = Plan(((1000, 900), (2000, 1900), (4000, 3900)), 3)


def _run(path: Path, reader: Reader, bounds: Bounds | None = None, **about: object) -> Run:
    material = _material()
    file = RowFile(path)
    subject = _subject(reader, **about)
    return Run(Tiny(), material, subject, file, bounds or Bounds(), repositories_of(material))


def _asked(run: Run) -> list[Row]:
    with run.file:
        run.ask(list(Tiny().batches(_PLAN, run.material)))
    return read_rows(run.file.path)


def _bare(rows: Iterable[Row]) -> set[bytes]:
    """Return lines without times, which differ from run to run, and without failures."""
    return {
        encode(replace(row, started="", seconds=0.0, first_token_seconds=None))
        for row in rows
        if not row.error
    }


def test_questions_of_one_haystack_follow_one_another(tmp_path: Path) -> None:
    reader = Reader()
    rows = _asked(_run(tmp_path / "rows", reader))
    assert [row.haystack for row in rows[::2]] == [row.haystack for row in rows[1::2]]
    assert [row.recipe.tokens for row in rows] == [1000] * 6 + [2000] * 6 + [4000] * 6
    assert all(row.score and row.score.value == 1 for row in rows)
    assert all(row.repositories == (f"app@{'1' * 40}+",) for row in rows)
    for first, second in zip(reader.asked[::2], reader.asked[1::2], strict=True):
        assert first[: first.index("What is")] == second[: second.index("What is")]


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    whole = _asked(_run(path, Reader()))
    data = path.read_bytes()
    again = Reader()
    _asked(_run(path, again))
    assert (again.asked, path.read_bytes()) == ([], data)
    assert _bare(read_rows(path)) == _bare(whole)


class Killed(BaseException):
    """A process that ends here and now."""


@pytest.mark.parametrize("after", [0, 1, 2, 5, 6, 11, 17])
@pytest.mark.parametrize("torn", [0, 40])
def test_a_run_ended_anywhere_goes_on_to_the_same_rows(
    tmp_path: Path, after: int, torn: int
) -> None:
    whole = _asked(_run(tmp_path / "whole", Reader()))

    def die(number: int, _text: str) -> Exception | None:
        if number == after:
            raise Killed
        return None

    path = tmp_path / "rows"
    with pytest.raises(Killed):
        _asked(_run(path, Reader(die)))
    if after:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) - torn])
    again = Reader()
    _asked(_run(path, again))
    rows = read_rows(path)
    assert len(again.asked) == len(whole) - after + (1 if torn and after else 0)
    assert len(rows) == len(whole)
    assert _bare(rows) == _bare(whole)


def test_rows_of_another_model_seed_or_state_count_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    _asked(_run(path, Reader()))
    other = Reader()
    run = _run(path, other)
    run.subject = replace(run.subject, identity=identity_of("b", "b", "test", ""))
    assert len(_asked(run)) == 36
    run = _run(path, other)
    batches = list(Tiny().batches(replace(_PLAN, seed=7), run.material))
    with run.file:
        assert run.pending(batches) == batches


@pytest.mark.parametrize("concurrency", [2, 3])
def test_haystacks_are_asked_side_by_side(tmp_path: Path, concurrency: int) -> None:
    alone = _asked(_run(tmp_path / "alone", Reader()))
    reader = Reader(meet=threading.Barrier(concurrency))
    bounds = Bounds(concurrency)
    if concurrency == 2:
        # An odd number of haystacks: the last would wait for another.
        batches = list(Tiny().batches(replace(_PLAN, samples=2), _material()))
        run = _run(tmp_path / "rows", reader, bounds)
        with run.file:
            run.ask(batches)
        assert _bare(read_rows(run.file.path)) <= _bare(alone)
        assert len(run.file.rows) == 12
    else:
        assert _bare(_asked(_run(tmp_path / "rows", reader, bounds))) == _bare(alone)
    assert reader.most_at_once == concurrency


def test_a_run_side_by_side_ends_with_its_first_error(tmp_path: Path) -> None:
    def die(number: int, _text: str) -> Exception | None:
        if number == 4:
            raise Killed
        return None

    with pytest.raises(Killed):
        _asked(_run(tmp_path / "rows", Reader(die), Bounds(2)))
    assert len(_asked(_run(tmp_path / "rows", Reader(), Bounds(2)))) >= 18
    assert len(_bare(read_rows(tmp_path / "rows"))) == 18


def _first(count: int, error: Exception) -> Callable[[int, str], Exception | None]:
    return lambda number, _text: error if number < count else None


def test_failures_are_kept_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    errors = [
        ModelUnreachable("gone"),
        ModelRefused("not so"),
        None,
        ReplyIncomplete("broke off", partial="482"),
        None,
    ]
    fails = dict(enumerate(errors))
    run = _run(path, Reader(lambda number, _text: fails.get(number)))
    rows = _asked(run)
    told = [row.error for row in rows if row.error]
    assert told == ["unreachable", "refused", "incomplete"]
    assert [row.answer for row in rows if row.error == "incomplete"] == ["482"]
    assert all(row.score is None for row in rows if row.error)
    assert (run.outcome.answered, run.outcome.failed, run.outcome.left) == (15, 3, 0)
    again = Reader()
    assert len(_asked(_run(path, again))) == 21
    assert len(again.asked) == 3
    assert _bare(read_rows(path)) == _bare(_asked(_run(tmp_path / "whole", Reader())))


@pytest.mark.parametrize(
    "error",
    [ModelUnreachable("gone"), ModelBusy("later"), ModelRefused("no key"), ReplyIncomplete("cut")],
)
def test_three_failures_in_a_row_end_a_run(tmp_path: Path, error: Exception) -> None:
    reader = Reader(_first(99, error))
    run = _run(tmp_path / "rows", reader)
    rows = _asked(run)
    assert len(reader.asked) == len(rows) == 3
    assert (run.outcome.stopped, run.outcome.failure) == ("failures", error)
    assert run.outcome.left == 15


def test_a_server_that_refuses_some_texts_is_there(tmp_path: Path) -> None:
    refuses = lambda number, _text: ModelRefused("not this") if number % 9 else None  # noqa: E731
    run = _run(tmp_path / "rows", Reader(refuses))
    assert len(_asked(run)) == 18
    assert (run.outcome.stopped, run.outcome.failed) == ("", 16)


def test_a_server_that_comes_to_refuse_everything_is_not(tmp_path: Path) -> None:
    error = ModelRefused("no key any more")
    run = _run(tmp_path / "rows", Reader(lambda number, _text: error if number else None))
    assert len(_asked(run)) == 11
    assert (run.outcome.stopped, run.outcome.failure) == ("failures", error)


def test_what_is_longer_than_the_window_is_left_out(tmp_path: Path) -> None:
    def too_long(_number: int, text: str) -> Exception | None:
        return BudgetExceeded("too long", limit=1500) if text.count("def f1(") else None

    reader = Reader(too_long)
    run = _run(tmp_path / "rows", reader)
    rows = _asked(run)
    assert [row.error for row in rows] == [""] * 6 + ["window"] * 2
    assert (run.outcome.too_long, run.outcome.skipped, run.outcome.overflowed) == (2000, 10, 2)
    assert (run.outcome.failed, run.outcome.left, len(reader.asked)) == (0, 0, 8)


def test_one_haystack_that_is_counted_too_long_is_left_out_alone(tmp_path: Path) -> None:
    longest: list[str] = []

    def too_long(number: int, text: str) -> Exception | None:
        longest.extend([text] if number == 6 else ())
        return BudgetExceeded("too long", limit=1500) if text in longest else None

    run = _run(tmp_path / "rows", Reader(too_long))
    rows = _asked(run)
    assert [row.error for row in rows].count("window") == 1
    assert (run.outcome.too_long, run.outcome.overflowed) == (None, 1)
    assert len(rows) + run.outcome.skipped == 18
    assert 0 < run.outcome.skipped < 6


_USAGE = Usage(1000, 10, 0)


def test_a_run_costs_no_more_than_it_may(tmp_path: Path) -> None:
    about = {"cost_of": lambda _usage: 1.0, "price_of": lambda _prompt, _reply: 1.5}
    reader = Reader(counts=lambda _request: _USAGE)
    run = _run(tmp_path / "rows", reader, Bounds(max_cost=5.0), **about)
    rows = _asked(run)
    # Four cost 4: the price of a fifth, 1.5, is not to be had.
    assert (len(rows), run.outcome.cost, run.outcome.stopped) == (4, 4.0, "cost")
    assert run.outcome.left == 14
    assert [row.cost for row in rows] == [1.0] * 4


def test_requests_at_once_do_not_spend_the_same_money(tmp_path: Path) -> None:
    about = {"cost_of": lambda _usage: 1.5, "price_of": lambda _prompt, _reply: 1.5}
    reader = Reader(counts=lambda _request: _USAGE)
    run = _run(tmp_path / "rows", reader, Bounds(4, max_cost=5.0), **about)
    _asked(run)
    assert (len(reader.asked), run.outcome.cost) == (3, 4.5)


def test_what_broke_off_is_taken_to_cost_all(tmp_path: Path) -> None:
    about = {"cost_of": lambda _usage: 1.0, "price_of": lambda _prompt, _reply: 1.5}
    reader = Reader(_first(1, ReplyIncomplete("cut")), lambda _request: _USAGE)
    run = _run(tmp_path / "rows", reader, Bounds(max_cost=3.0), **about)
    _asked(run)
    assert (len(reader.asked), run.outcome.cost) == (2, 2.5)


def test_nothing_is_sent_after_the_time(tmp_path: Path) -> None:
    reader = Reader()
    run = _run(tmp_path / "rows", reader, Bounds(max_seconds=0.0))
    assert _asked(run) == []
    assert (reader.asked, run.outcome.stopped, run.outcome.left) == ([], "time", 18)


def test_an_answer_gets_its_published_limit_where_the_window_holds_it(tmp_path: Path) -> None:
    (first, *_) = _asked(_run(tmp_path / "a", Reader()))
    assert first.reply_tokens == 16
    (longer, *_) = _asked(_run(tmp_path / "b", Reader(), Bounds(reply_tokens=4000)))
    assert longer.reply_tokens == 4000
    (shorter, *_) = _asked(_run(tmp_path / "c", Reader(), window=longer.own_tokens + 5))
    assert shorter.reply_tokens == 5


def _server(overhead: int, ratio: float) -> Reader:
    """Return a model that counts otherwise than we do."""

    def count(request: Request) -> Usage:
        ours = request.prompt_tokens or 0
        return Usage(overhead + round(ours * ratio), 1, 0)

    return Reader(counts=count)


@pytest.mark.parametrize(("overhead", "ratio"), [(23, 1.3), (0, 1.0), (40, 0.8), (5, 2.0)])
def test_calibration_finds_overhead_and_ratio(overhead: int, ratio: float) -> None:
    counting, _ = calibrate(Stoppable(lambda: _server(overhead, ratio)), _material(), 0.0)
    found = counting.calibration
    assert (found.measured, counting.per_configured) == (True, 1.0)
    assert found.overhead == pytest.approx(overhead, abs=1)
    assert found.ratio == pytest.approx(ratio, rel=0.002)
    for tokens in (1000, 4000, 128_000, 1_000_000):
        served = round(overhead + room_of(tokens, 128, found) * ratio) + 128
        assert served == pytest.approx(tokens, rel=0.01)


@pytest.mark.parametrize(
    "reader", [Reader(), _server(5, 0.0), _server(5, 9.0)], ids=["none", "constant", "odd"]
)
def test_without_a_usable_usage_counts_are_ours(reader: Reader) -> None:
    counting, _ = calibrate(Stoppable(lambda: reader), _material(), None)
    assert counting == Counting(ASSUMED, _material().tokenizer)
    assert not counting.calibration.measured


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_server_that_counts_with_a_tokenizer_of_ours_is_counted_with_it(
    tokenizer: str, material: Material
) -> None:
    def count(request: Request) -> Usage:
        text = "".join(message.content for message in request.messages)
        return Usage(9 + count_tokens([text], tokenizer)[0], 1, 0)

    counting, _ = calibrate(Stoppable(lambda: Reader(counts=count)), material, None)
    text = "".join(file.data.decode() for file in material.snapshot.files if file.data)
    theirs, ours = (count_tokens([text], one)[0] for one in (tokenizer, material.tokenizer))
    assert (counting.tokenizer, counting.calibration) == (tokenizer, Calibration(9, 1.0))
    assert counting.per_configured == pytest.approx(theirs / ours, rel=0.02)


def test_calibration_keeps_to_its_length() -> None:
    reader = Reader()
    calibrate(Stoppable(lambda: reader), _material(), None, 200)
    short, telling, long = map(len, reader.asked)
    assert short < telling < long < 200 * 5


@pytest.mark.parametrize(
    ("tokens", "reply", "reserve"), [(1000, 128, 128), (1000, 1024, 250), (16_000, 1024, 1024)]
)
def test_a_reply_takes_no_more_than_a_quarter_of_a_length(
    tokens: int, reply: int, reserve: int
) -> None:
    assert reserve_of(tokens, reply) == reserve
    room = room_of(tokens, reply, Calibration(10, 1.0))
    assert 0.998 * (tokens - reserve - 10) <= room <= tokens - reserve - 10


def test_a_length_without_room_is_refused() -> None:
    with pytest.raises(UsageError, match="holds no haystack"):
        room_of(80, 128, Calibration(16, 1.0))


def test_each_row_is_told_when_it_is_kept(tmp_path: Path) -> None:
    run = _run(tmp_path / "rows", Reader())
    heard: list[Sequence[Row]] = []
    run.watch = lambda row: heard.append((row, *read_rows(tmp_path / "rows")[-1:]))
    rows = _asked(run)
    assert [told for told, _ in heard] == rows
    assert all(told == kept for told, kept in heard)
