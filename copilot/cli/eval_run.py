"""A run of `copilot eval`: from a repository and models to rows, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.assist.ask import Answer
from copilot.assist.estimate import asks, estimate, money
from copilot.assist.models import choose_model, shape_of
from copilot.assist.read import check_complete, check_not_empty
from copilot.backends.providers import base_url_of
from copilot.cli.eval_options import Wish, usual_lengths
from copilot.cli.log_run import cost_of_answer
from copilot.cli.options import Whom
from copilot.cli.ready import Ready, agrees, ready_model
from copilot.cli.setup import Setup
from copilot.cli.talk import Bar, can_agree, complain, detail, progress_bar, say
from copilot.errors import BudgetExceeded, ExitCode, ModelError, PolicyRefused, UsageError
from copilot.evals.calibrating import TEXT_TOKENS, Counting, calibrate, room_of
from copilot.evals.expected import Expected, expected, rate_of
from copilot.evals.model import Material, Plan, Suite, material_of
from copilot.evals.purse import Purse
from copilot.evals.report import relied_on, report_of
from copilot.evals.rows import (
    Calibration,
    Identity,
    Row,
    RowFile,
    calibration_in,
    holds_rows,
    identity_of,
)
from copilot.evals.running import Batch, Bounds, Outcome, Run, Subject, repositories_of
from copilot.evals.tasks import left_out
from copilot.settings.bundled import bundled
from copilot.settings.prompts import load_prompt
from copilot.settings.windows import Effective, forget_effective, keep_effective
from copilot.text import one_line
from copilot.workspace.model import Snapshot
from copilot.workspace.snapshot import gathered

_MILLION = 1_000_000
# Of the shortest length: what calibration may take of a window.
_TEXT_SHARE = 2


@dataclass(frozen=True)
class Order:
    """One call of `copilot eval SUITE`."""

    suite: Suite
    wish: Wish
    bounds: Bounds
    setup: Setup
    whom: Whom
    rows: Path | None
    yes: bool


@dataclass(frozen=True)
class Ended:
    """What came of it: the file, the models that were asked in order, and the worst exit code."""

    path: Path
    rows: tuple[Row, ...]
    digests: tuple[str, ...]
    code: int


def run(order: Order) -> Ended:
    """Measure each model, and keep every answer at once.

    Raises UsageError, PolicyRefused, or the error of the only model.
    """
    for name in order.wish.models:
        # Before the first of them costs anything.
        choose_model(order.setup.config, name, order.whom.base_url, order.whom.key_variable)
    snapshot = _read(order.setup)
    prompts = _prompts(order.setup, snapshot, order.wish.examples)
    path = order.rows or _usual_path(order, material_of(snapshot, "", {}).sha256)
    digests: list[str] = []
    code, purse = int(ExitCode.OK), Purse(order.bounds)
    with RowFile(path) as file:
        say(f"rows: {path}")
        for name in order.wish.models:
            try:
                whom = replace(order.whom, model=name)
                with ready_model(order.setup, whom, tells_budget=False) as ready:
                    identity = identity_of_model(ready)
                    digests.append(identity.digest)
                    material = material_of(snapshot, ready.chosen.settings.tokenizer, prompts)
                    code = max(code, _measured(order, ready, identity, material, file, purse))
            except (ModelError, BudgetExceeded) as error:
                if len(order.wish.models) == 1:
                    raise
                complain(error)
                code = max(code, int(error.exit_code))
        return Ended(path, tuple(file.rows), tuple(dict.fromkeys(digests)), code)


def read_material(setup: Setup, tokenizer: str, examples: int) -> Material:
    """Return what haystacks are made of. Raises UsageError, ReadIncomplete."""
    snapshot = _read(setup)
    return material_of(snapshot, tokenizer, _prompts(setup, snapshot, [examples]))


def identity_of_model(ready: Ready) -> Identity:
    """Return which model answers, and from where."""
    settings = ready.chosen.settings
    about = (ready.facts.model, settings.provider, base_url_of(settings))
    return identity_of(ready.chosen.name, *about)


def _read(setup: Setup) -> Snapshot:
    # Examples are a matter of the suite, whatever the configuration says.
    scope = replace(setup.scope(), examples=0, style=())
    with closing(scope.cache), progress_bar("reading files") as bar:
        snapshot = gathered(scope.parts(bar))
    check_complete(snapshot.files)
    # Rows that lie in the repository would make another one of it with each answer.
    files = tuple(file for file in snapshot.files if not holds_rows(file.data or b""))
    check_not_empty(files, scope)
    return Snapshot(snapshot.repositories, files)


def _usual_path(order: Order, source: str) -> Path:
    """Return where the rows of a suite and of one state of the files are kept."""
    return order.setup.paths.state / "evals" / f"{order.suite.name}-{source[:12]}.jsonl"


def _prompts(setup: Setup, snapshot: Snapshot, examples: Sequence[int]) -> dict[str, str]:
    """Return all words sent to models, by name, and so many examples each of the history."""
    names = sorted(path.stem for path in bundled("prompts").glob("*.md"))
    prompts = {name: load_prompt(name, setup.paths.prompts) for name in names}
    root = next((root for root in setup.roots if root.is_git), None)
    if root is None or not any(examples):
        return prompts
    from copilot.assist.examples import example_files
    from copilot.evals.exampled import examples_text, prompt_name

    for count in filter(None, examples):
        files = example_files(root, snapshot.files, count, setup.scope())
        if files:
            prompts[prompt_name(count)] = examples_text(files)
        if 0 < len(files) < count:
            say(f"the history holds {len(files)} examples only, for {count}")
    return prompts


def _measured(
    order: Order,
    ready: Ready,
    identity: Identity,
    material: Material,
    file: RowFile,
    purse: Purse,
) -> int:
    """Measure one model and return the exit code."""
    if order.bounds.max_cost is not None and _pricing(ready)(1, 0, 1) is None:
        raise UsageError(
            f"--max-cost needs the prices of {ready.chosen.name}",
            "set price_input and price_output in its table, or take --max-minutes",
        )
    lengths = _lengths(order.wish, ready)
    counting, answer = _calibrated(ready, identity, material, file, min(lengths))
    material, calibration = replace(material, tokenizer=counting.tokenizer), counting.calibration
    subject = _subject(ready, identity, calibration)
    limit = order.bounds.reply_tokens or order.suite.reply_tokens
    rooms = [(tokens, room_of(tokens, limit, calibration)) for tokens in lengths]
    wish = order.wish
    about = (wish.samples, wish.seed, wish.tasks, wish.depths, wish.apart, wish.examples)
    plan = Plan(rooms, *about, reply_tokens=order.bounds.reply_tokens or 0)
    batches = list(order.suite.batches(plan, material))
    for told in left_out(order.suite, plan, batches):
        say(f"left out: {told}")
    work = Run(order.suite, material, subject, file, order.bounds, repositories_of(material))
    pending = work.pending(batches)
    total, left = (sum(map(len, some)) for some in (batches, pending))
    if left < total:
        say(f"{total - left:,} of {total:,} answers are there already")
    if pending:
        rate = rate_of(file.rows, identity.digest, answer)
        _agree(order, ready, _expected(order, ready, pending, rate))
    work.bounds = purse.left(subject.currency)
    outcome = _asked(work, pending, left, ready)
    purse.pay(subject.currency, outcome.cost)
    _keep(order, ready, identity, file, material, counting.per_configured)
    return _ended(outcome, ready, file)


def _lengths(wish: Wish, ready: Ready) -> tuple[int, ...]:
    """Return the lengths that the model claims to hold. Raises BudgetExceeded if none."""
    window = ready.claimed_window
    if wish.lengths is None:
        if window is None:
            say("the model's window is not known: up to 32k; name others with --lengths")
        # A window that was found out is smaller than the one claimed.
        return usual_lengths(ready.found_window or window)
    fitting = tuple(tokens for tokens in wish.lengths if window is None or tokens <= window)
    beyond = [f"{tokens:,}" for tokens in wish.lengths if tokens not in fitting]
    model = one_line(ready.chosen.name)
    if not fitting:
        raise BudgetExceeded(
            f"the window of {model} holds {window:,} tokens, no length is as short",
            "name shorter ones with --lengths, or set the model's window if it is larger",
        )
    if beyond:
        say(f"left out, beyond the window of {model} ({window:,} tokens): {', '.join(beyond)}")
    return fitting


def _calibrated(
    ready: Ready, identity: Identity, material: Material, file: RowFile, shortest: int
) -> tuple[Counting, Answer | None]:
    """Return how the server counts, as the rows have it or by three short requests. Says so."""
    same = [row for row in file.rows if row.recipe.tokenizer == material.tokenizer]
    known = calibration_in(same, identity.digest)
    if known is not None:
        return Counting(known, material.tokenizer), None
    most = min(TEXT_TOKENS, shortest // _TEXT_SHARE)
    counting, answer = calibrate(ready.backend, material, ready.limits.temperature, most)
    _tell_counting(counting, material.tokenizer, one_line(identity.name))
    return counting, answer


def _tell_counting(counting: Counting, configured: str, model: str) -> None:
    found, each = counting.calibration, f"and {counting.calibration.overhead:.0f} for each request"
    if counting.tokenizer != configured:
        say(
            f"{model} counts as {counting.tokenizer} does, {each}: lengths are counted so; set "
            f'tokenizer = "{counting.tokenizer}" in its table and all other counts are, too'
        )
    elif found.measured:
        say(f"{model} counts {found.ratio:.3f} tokens for each of ours ({configured}), {each}")
    else:
        say(
            f"{model} tells no usable usage: its tokens are taken to be ours ({configured}), {each}"
        )


def _subject(ready: Ready, identity: Identity, calibration: Calibration) -> Subject:
    price = _pricing(ready)
    return Subject(
        identity,
        ready.backend,
        calibration,
        ready.limits.temperature,
        ready.claimed_window,
        _currency(ready),
        lambda usage: cost_of_answer(ready.chosen, usage),
        lambda prompt, reply: price(prompt, 0, reply) or 0.0,
    )


def _pricing(ready: Ready) -> Callable[[int, int, int], float | None]:
    """Return what tells the most that a request can cost: prompt, cached and reply tokens."""
    chosen = ready.chosen
    if not chosen.members:
        output = chosen.settings.price_output

        def price(prompt: int, cached: int, reply: int) -> float | None:
            read = estimate(prompt, cached, chosen.settings, ()).cost
            return None if read is None or output is None else read + reply * output / _MILLION

        return price
    from copilot.assist.ensemble_cost import Priced, estimated_calls, total

    models = {one.name: Priced(one.settings, ()) for one in chosen.members}
    shape = shape_of(chosen.settings)
    return lambda prompt, cached, _reply: total(estimated_calls(prompt, cached, shape, models)).cost


def _currency(ready: Ready) -> str:
    return (ready.chosen.members or (ready.chosen,))[0].settings.currency


def _expected(order: Order, ready: Ready, pending: Sequence[Batch], rate: float | None) -> Expected:
    limit = order.bounds.reply_tokens or order.suite.reply_tokens
    return expected(pending, limit, _pricing(ready), _currency(ready), rate)


def _agree(order: Order, ready: Ready, wanted: Expected) -> None:
    """Say what the run will take, and ask above the person's threshold. Raises PolicyRefused."""
    say(f"asking {one_line(ready.facts.model)}: {wanted.said}")
    if order.yes or not asks(wanted.estimate, order.setup.config):
        return
    if not can_agree():
        raise PolicyRefused(
            "this is above your threshold, and nobody is there to agree",
            "say --yes, raise ask_above_tokens or ask_above_cost, or take fewer --samples",
        )
    if not agrees("begin? [Y/n] "):
        raise PolicyRefused("nothing was asked", "take fewer --samples or --lengths")


def _asked(work: Run, pending: Sequence[Batch], left: int, ready: Ready) -> Outcome:
    """Ask, with a bar that shows how far it is."""
    with progress_bar(f"{work.suite.name}, {one_line(ready.chosen.name)}") as bar:
        work.watch = _counting(bar, left)
        with _going_on():
            return work.ask(pending)


def _counting(bar: Bar, left: int) -> Callable[[Row], None]:
    seen: list[None] = []

    def watch(row: Row) -> None:
        seen.append(None)
        bar(len(seen), left, f"{row.recipe.tokens:,} tokens")
        _tell(row)

    return watch


@contextmanager
def _going_on() -> Iterator[None]:
    """Say at an interruption how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        say("what was answered is kept: the same command goes on from there")
        raise


def _tell(row: Row) -> None:
    recipe = row.recipe
    came = f"{row.score.value:.0%}" if row.score else f"{row.error}: {one_line(row.said)}"
    depth = "" if recipe.depth is None else f" at {recipe.depth:.0%}"
    number = recipe.index + 1
    detail(f"{recipe.task} {recipe.tokens:,} #{number}{depth}: {came}, {row.seconds:.1f} s")


def _keep(
    order: Order,
    ready: Ready,
    identity: Identity,
    file: RowFile,
    material: Material,
    per_configured: float,
) -> None:
    """Keep the measured effective length for --budget auto, and say so."""
    rows = [
        row
        for row in file.rows
        if row.model.digest == identity.digest
        and row.recipe.suite == order.suite.name
        and row.recipe.tokenizer == material.tokenizer
        and (row.recipe.source, row.recipe.examples) == (material.sha256, 0)
        and (row.recipe.seed, row.recipe.apart) == (order.wish.seed, order.wish.apart)
        and row.recipe.reply_tokens == (order.bounds.reply_tokens or 0)
    ]
    windows, model = order.setup.paths.windows_file, one_line(ready.chosen.name)
    for series in report_of(rows).series:
        held = relied_on(series)
        if held is None:
            continue
        length, fails_at = held
        if fails_at is not None:
            # A budget is counted as the model's table says.
            room = int(length.room / per_configured)
            about = Effective(series.suite, length.tokens, room, fails_at)
            keep_effective(windows, ready.endpoint, about)
            say(
                f"kept: {model} reads well up to {length.tokens:,} tokens and not at {fails_at:,} "
                f"({series.suite}); --budget auto keeps to {room:,}"
            )
        elif forget_effective(windows, ready.endpoint, series.suite, length.tokens):
            say(f"{model} does well up to {length.tokens:,} tokens: no measured length bounds it")


def _ended(outcome: Outcome, ready: Ready, file: RowFile) -> int:
    """Say why a run ended early, and return the exit code. Raises the failure of a server."""
    model = one_line(ready.chosen.name)
    if outcome.overflowed:
        which = "" if outcome.too_long is None else f": all of {outcome.too_long:,} tokens and more"
        say(
            f"{outcome.skipped + outcome.overflowed:,} questions are longer than the window of "
            f"{model} and left out{which}"
        )
    if outcome.cost:
        say(f"{model} took {money(outcome.cost, _currency(ready))}")
    if outcome.stopped:
        why = {"cost": "--max-cost", "time": "--max-minutes"}.get(outcome.stopped, "failures")
        say(
            f"stopped by {why} with {outcome.left:,} questions left: the same command goes on from "
            "there"
        )
    if outcome.failure is not None:
        raise outcome.failure
    if outcome.stopped or outcome.failed:
        return ExitCode.INCOMPLETE
    digest = identity_of_model(ready).digest
    has_any = any(row.model.digest == digest and not row.error for row in file.rows)
    return ExitCode.BUDGET if outcome.overflowed and not has_any else ExitCode.OK
