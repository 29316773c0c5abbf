"""What replies say of a change, checked against what was shown, and the result of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from copilot.assist.marks import seems_cut
from copilot.assist.reviewing.context import Asked
from copilot.assist.reviewing.evidence import Sight, checked, path_named
from copilot.assist.reviewing.finding import Dropped, Finding, ReviewResult
from copilot.assist.reviewing.grammar import review_grammar
from copilot.assist.reviewing.merge import merged
from copilot.assist.reviewing.parse import parse_review
from copilot.assist.reviewing.reading import names_something
from copilot.assist.reviewing.shown import ShownHunk
from copilot.assist.reviewing.verdict import verdict
from copilot.edits.path_lines import path_in
from copilot.workspace.diffs import Diff, DiffHunk

CUT_OFF = "the reply ran into its limit of tokens"
_NO_MARKS = "the model did not repeat the marks of its prompt: it may have read only a part of it"


@dataclass(frozen=True)
class Judged:
    """What one reply came to: `looked_at` are hunks of its request; `note` is why it is broken.

    Where the prompt `is_cut`, asking for another form would be in vain.
    """

    findings: tuple[Finding, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    looked_at: tuple[ShownHunk, ...] = ()
    note: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class Cost:
    """What the model's part took, of all requests together; tokens, seconds."""

    model: str = ""
    prompt_sha256: str = ""
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0


def grammar_of(asked: Asked) -> str:
    """Return the grammar that holds the reply to what there is to say."""
    names = {hunk.name for hunk in asked.hunks}
    texts = {
        name: text
        for name, text in asked.packed.full_texts.items()
        if name in names and path_in(name) == name
    }
    marker = asked.packed.prompt.frame.marker
    return review_grammar(asked.hunks, asked.places, texts, marker)


def judge(asked: Asked, reply: str, *, is_cut_off: bool = False, why_cut: str = "") -> Judged:
    """Take a reply apart and keep what stands.

    `is_cut_off`: it ran into its limit; `why_cut` says why the prompt may not have arrived whole.
    """
    marker = asked.packed.prompt.frame.marker
    heard = parse_review(reply, [hunk.number for hunk in asked.hunks], marker)
    findings: list[Finding] = []
    dropped = list(heard.dropped)
    for claimed in heard.claimed:
        one = checked(claimed, asked.sight)
        if isinstance(one, Dropped):
            dropped.append(one)
            continue
        if one.suggestion:
            kept = _suggestion(one.suggestion, marker, asked.sight)
            dropped += [kept] if isinstance(kept, Dropped) else []
            one = replace(one, suggestion=kept if isinstance(kept, str) else "")
        findings.append(one)
    note = (CUT_OFF if is_cut_off else heard.broken) or why_cut
    looked_at = tuple(
        hunk
        for hunk in asked.hunks
        # Who may have read only a part of the prompt cannot say what it looked at.
        if not why_cut and _is_read(hunk, heard.told.get(hunk.number))
    )
    return Judged(tuple(findings), tuple(dropped), looked_at, note, is_cut=bool(why_cut))


def why_prompt_cut(read: int | None, total: int, missing: Sequence[str]) -> str:
    """Return what speaks for a prompt of `total` tokens that was cut on its way, "" for nothing.

    Where the server counted what it read, that tells more than words that a model forgot.
    """
    if seems_cut(read, total):
        return f"the server read {read:,} tokens of about {total:,}: the prompt was cut"
    return _NO_MARKS if missing and read is None else ""


def _is_read(hunk: ShownHunk, told: str | None) -> bool:
    """Tell whether a reply looked at a hunk: what it tells of it, if anything, must fit."""
    return told is not None and (not told or names_something(told, hunk))


def _suggestion(text: str, marker: int, sight: Sight) -> str | Dropped:
    # Most replies suggest nothing, and reading edits takes long to import.
    from copilot.assist.reviewing.suggestions import NO_EDIT, written

    kept = written(text, marker, lambda name: path_named(name, sight), sight.alias)
    return kept or Dropped(None, NO_EDIT, text)


def result_of(
    diff: Diff,
    judged: Sequence[Judged],
    fixed: Iterable[Finding],
    left_out: Iterable[tuple[str, str]] = (),
    note: str = "",
    cost: Cost | None = None,
) -> ReviewResult:
    """Return the result of a review: what replies came to, and what our own checks found.

    A hunk counts as looked at only if it was sent, and the reply says so. `note` says why not all
    of it was asked.
    """
    cost = cost or Cost()
    looked = {(hunk.path, hunk.hunk) for one in judged for hunk in one.looked_at}
    unread = tuple(_unread(diff, looked))
    findings = merged([*fixed, *(finding for one in judged for finding in one.findings)])
    left = tuple(dict.fromkeys(left_out))
    notes = [note, *(one.note for one in judged)]
    if (unread or left) and not any(notes):
        notes.append(_why_incomplete(len(unread), len(left)))
    said = "; ".join(dict.fromkeys(one for one in notes if one))
    return ReviewResult(
        findings,
        tuple(dropped for one in judged for dropped in one.dropped),
        unread,
        left,
        verdict(findings, (*unread, *left), is_complete=not said),
        cost.model,
        cost.prompt_sha256,
        diff.key,
        said,
        cost.prompt_tokens,
        cost.reply_tokens,
        cost.cached_tokens,
        cost.seconds,
    )


def _unread(diff: Diff, looked: set[tuple[str, DiffHunk]]) -> Iterable[tuple[str, DiffHunk]]:
    for file in (file for file in diff.files if file.has_lines):
        yield from ((file.path, one) for one in file.hunks if (file.path, one) not in looked)


def _why_incomplete(hunks: int, files: int) -> str:
    parts = [f"{hunks} hunk{'' if hunks == 1 else 's'} not looked at"] if hunks else []
    parts += [f"{files} file{'' if files == 1 else 's'} not shown"] if files else []
    return ", ".join(parts)
