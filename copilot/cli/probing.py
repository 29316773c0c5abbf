"""A model probed, and what is told of it: what `copilot models probe` does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from copilot.cli.options import Whom
from copilot.cli.prepare import agree
from copilot.cli.ready import Ready, ready_model
from copilot.cli.setup import Setup
from copilot.cli.talk import progress_bar, say_figures
from copilot.evals.model import Material, Sample, material_of
from copilot.evals.obedience import CORRECT, PARSED, PLACED, whole_samples
from copilot.evals.probe import Probe
from copilot.evals.probed import Asked, Asking, Edited, Fate, Probed
from copilot.settings.prompts import load_prompt
from copilot.settings.windows import forget_window, keep_window
from copilot.text import one_line
from copilot.workspace.model import Snapshot, SourceFile
from copilot.workspace.snapshot import gathered

_PROMPTS = (
    *("rules", "outlines", "masks", "task-edit", "eval-probe", "eval-probe-module"),
    *(f"eval-edits-{kind}" for kind in ("rename", "parameter", "constant", "default", "insert")),
)
# The same small edits for every model, so that they can be compared.
_EDITS_SEED = 1
_EDITS_FILE = "limits.py"
_UNANSWERED = (Fate.REFUSED, Fate.FAILED)


@dataclass(frozen=True)
class Found:
    """What was found out, as JSON and as lines for a person."""

    facts: dict[str, Any]
    lines: tuple[str, ...]


def probe(setup: Setup, whom: Whom, seconds: float, most_tokens: int | None) -> Found:
    """Probe a model, and keep a window that is smaller than claimed.

    Raises ModelError, PolicyRefused if the person does not agree to what it costs.
    """
    with ready_model(setup, whom) as ready:
        temperature = ready.limits.temperature
        asking = Asking(ready.backend, ready.claimed_window, temperature, seconds, most_tokens)
        material = _material(setup, ready)
        if ready.chosen.members or ready.chosen.settings.price_input is not None:
            say_figures(f"should the time suffice for all {len(asking.lengths)} lengths of prompt:")
        agree(setup, ready, sum(asking.lengths), 0)
        edits = list(_edits(material))
        probed = Probe(asking, material, edits, str(time.time_ns()), _tell).run()
    is_kept = probed.window is not None and not probed.as_claimed
    if is_kept and probed.window:
        keep_window(setup.paths.windows_file, ready.endpoint, probed.window)
    elif ready.found_window and probed.most_read > ready.found_window:
        forget_window(setup.paths.windows_file, ready.endpoint)
    return Found(_facts(ready, probed, is_kept=is_kept), tuple(_lines(ready, probed)))


def _material(setup: Setup, ready: Ready) -> Material:
    """Return the repository's files with the words of the prompts."""
    prompts = {name: load_prompt(name, setup.paths.prompts) for name in _PROMPTS}
    tokenizer = ready.chosen.settings.tokenizer
    with progress_bar("reading files") as bar:
        snapshot = gathered(setup.scope(tokenizer).parts(bar))
    return material_of(snapshot, tokenizer, prompts)


def _edits(material: Material) -> Iterator[Sample]:
    """Yield small edits to a small file."""
    data = material.prompts["eval-probe-module"].encode()
    file = SourceFile("probe", _EDITS_FILE, None, "generated", data)
    small = material_of(Snapshot((), (file,)), material.tokenizer, material.prompts)
    return whole_samples(small, _EDITS_SEED)


def _tell(one: Asked | Edited) -> None:
    if isinstance(one, Edited):
        came = "no answer" if one.failed else ", ".join(one.steps) or "not understood"
        say_figures(f"edit, {one.task}: {came}")
        return
    said = f": {one_line(one.said)}" if one.said and one.fate in _UNANSWERED else ""
    say_figures(f"prompt of {one.tokens:,} tokens: {one.fate}, {one.seconds:.1f} s{said}")


def _facts(ready: Ready, probed: Probed, *, is_kept: bool) -> dict[str, Any]:
    return {
        "model": ready.facts.model,
        "claimed_window": ready.claimed_window,
        "window": probed.window,
        "window_is_as_claimed": probed.as_claimed,
        "window_kept": is_kept,
        "most_read_tokens": probed.most_read or None,
        "most_answered_tokens": probed.most_answered,
        "next_tokens": probed.next_tokens,
        "next_seconds": None if probed.next_seconds is None else round(probed.next_seconds, 1),
        "prompts": [_rounded(asdict(one)) for one in probed.asked],
        "edits": [asdict(one) for one in probed.edits],
        "tokens_a_second": _rounded(asdict(probed.speed)),
    }


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in values.items()}


def _lines(ready: Ready, probed: Probed) -> Iterator[str]:
    """Yield what a person is told."""
    claimed = ready.claimed_window
    yield f"model    {ready.facts.model}" + (f", {claimed:,} tokens claimed" if claimed else "")
    yield f"window   {_window(probed)}"
    if probed.next_tokens is not None:
        yield (
            f"         a prompt of {probed.next_tokens:,} tokens would take about "
            f"{probed.next_seconds or 0:,.0f} s: give it more --minutes"
        )
    if ready.found_window and probed.most_read > ready.found_window:
        earlier = f"{ready.found_window:,} tokens that were found earlier"
        yield f"         more than the {earlier}, which are forgotten"
    yield from _forgotten(probed)
    yield f"edits    {_obedience(probed.edits)}"
    speed = probed.speed
    parts = ((speed.cold, "read"), (speed.cached, "read again"), (speed.written, "written"))
    told = [f"{tokens:,.0f} {what}" for tokens, what in parts if tokens is not None]
    yield f"speed    tokens a second: {', '.join(told) or 'not known'}"


def _window(probed: Probed) -> str:
    failed = next((one for one in reversed(probed.asked) if _fails(one)), None)
    read = _read(probed)
    if failed is None:
        is_sure = probed.most_read >= probed.most_answered
        return f"{read}; none was seen to fail" if is_sure else read
    how = {
        Fate.CUT: "was cut in silence",
        Fate.REFUSED: "was refused",
        Fate.FAILED: "failed",
    }[failed.fate]
    seen = f"{read}; one of {failed.tokens:,} {how}"
    if probed.window is None:
        return f"{seen}: {one_line(failed.said)}"
    if probed.as_claimed:
        return f"{seen}: as claimed"
    return f"{seen}: {probed.window:,} tokens for prompt and reply, kept for all commands"


def _read(probed: Probed) -> str:
    """Return which prompt was read whole, and by which witness; or that it cannot be told."""
    parts = []
    if probed.most_read:
        longest = max(_read_whole(probed), key=lambda one: one.tokens)
        witness = "" if longest.repeats else ", by the server's own count"
        parts.append(f"read a prompt of {probed.most_read:,} tokens whole{witness}")
    if probed.most_answered > probed.most_read:
        parts.append(
            f"a prompt of {probed.most_answered:,} tokens was answered, but whether it was read "
            "whole cannot be told: the server counts no tokens, and the first words were not "
            "repeated"
        )
    return "; ".join(parts)


def _read_whole(probed: Probed) -> list[Asked]:
    return [one for one in probed.asked if one.fate is Fate.READ]


def _fails(one: Asked) -> bool:
    return one.fate in (Fate.CUT, Fate.REFUSED, Fate.FAILED)


def _forgotten(probed: Probed) -> Iterator[str]:
    """Yield which prompts were read without an answer, or without their first words in it."""
    silent = [one for one in _read_whole(probed) if not one.repeats]
    if empty := [f"{one.tokens:,}" for one in silent if not one.said.strip()]:
        yield f"         the answer was empty at {', '.join(empty)} tokens"
    if lost := [f"{one.tokens:,}" for one in silent if one.said.strip()]:
        yield f"         the first words were not repeated at {', '.join(lost)} tokens"


def _obedience(edits: Sequence[Edited]) -> str:
    if not edits:
        return "no time for any"
    passed = Counter(step for one in edits for step in one.steps)
    counts = ", ".join(f"{passed[step]} {step}" for step in (PARSED, PLACED, CORRECT))
    wrong = [one.task for one in edits if CORRECT not in one.steps]
    return f"{len(edits)} asked: {counts}" + (f"; not right: {', '.join(wrong)}" if wrong else "")
