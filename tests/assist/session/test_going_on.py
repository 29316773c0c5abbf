"""Prompts of a conversation: what was sent stands unchanged at the beginning of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.assist.ask import Limits, request_for
from copilot.assist.scope import Scope
from copilot.assist.session.going_on import NO_ROOM, due_names, gone_on
from copilot.assist.session.opening import opened
from copilot.assist.session.spoken import Asked, Exchange, Spoken
from copilot.assist.witness import Witness
from copilot.backends.protocol import Message
from copilot.cli.keep import manifest_of
from copilot.context.entries import Shape
from copilot.context.manifest import parse_manifest
from copilot.context.model import Detail
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.edits.operations import Target
from copilot.settings.modes import Mode
from copilot.workspace.choose import Selection
from copilot.workspace.roots import find_roots
from copilot.workspace.targets import read_target

LIMITS = Limits(100)
ScopeOf = Callable[..., Scope]


def _still(_done: int, _total: int, _label: str = "") -> None:
    """Show no progress."""


def _sent(spoken: Spoken) -> list[Message]:
    return list(request_for(spoken, LIMITS).messages)


def _flat(messages: Sequence[Message]) -> str:
    return "".join(f"<{one.role}>{one.content}" for one in messages)


def _next(
    before: Spoken, reply: str, scope: Scope, asked: Asked, limit: int | None = None
) -> Spoken:
    after = gone_on(before, (Message("assistant", reply),), scope, asked, limit, _still)
    assert isinstance(after, Spoken), after
    return after


@pytest.fixture
def begin(scope_of: ScopeOf) -> Callable[..., Spoken]:
    def make(root: Path, text: str = "What is it?", **changes: object) -> Spoken:
        limit = changes.pop("limit", None)
        past = changes.pop("past", ())
        asked = changes.pop("asked", Asked("ask", text))
        scope = scope_of(root, **changes)
        assert limit is None or isinstance(limit, int)
        assert isinstance(asked, Asked)
        assert isinstance(past, tuple)
        return opened(scope, scope_of(root), asked, past, limit, _still)

    return make


def test_the_next_question_repeats_all_that_was_sent(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root)
    second = _next(first, "An app.", scope_of(root), Asked("ask", "And what else?"))
    assert _sent(second)[:2] == _sent(first)
    assert [one.role for one in _sent(second)] == ["system", "user", "assistant", "user"]
    assert "And what else?" in _sent(second)[3].content
    assert "small/1.py" not in _sent(second)[3].content
    assert second.new_tokens < first.new_tokens / 4


def test_a_file_that_changed_is_told_at_the_end(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root)
    (root / "small/1.py").write_text("value = 'new'\n")
    (root / "gone.txt").unlink()
    (root / "made.py").write_text("made = 1\n")
    assert set(due_names(first, scope_of(root))) == {
        "app/small/1.py",
        "app/gone.txt",
        "app/made.py",
    }
    second = _next(first, "An app.", scope_of(root), Asked("edit", "Change it."))
    assert _sent(second)[:2] == _sent(first)
    told = _sent(second)[3].content
    assert "value = 'new'\n" in told
    assert "made = 1\n" in told
    assert '- "app/gone.txt": deleted' in told
    assert '- "app/small/1.py"\n' in told
    assert '- "app/made.py"' not in told
    details = {file.path: file.detail for file in second.prompt.files}
    assert details["made.py"] is Detail.FULL
    assert details["gone.txt"] is Detail.OMITTED
    third = _next(second, "Done.", scope_of(root), Asked("ask", "More?"))
    assert "value = 'new'" not in _sent(third)[5].content


def test_the_witness_of_edits_knows_the_last_text(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root)
    (root / "small/1.py").write_text("value = 'new'\n")
    target = Target("app", "small/1.py")
    files = {target: read_target(root, target.path)}
    assert Witness(first).stale(files) == {target}
    second = _next(first, "An app.", scope_of(root), Asked("edit", "Change it."))
    assert Witness(second).stale(files) == frozenset()
    assert Witness(second).unseen([target]) == {}


def test_what_was_sent_is_told_in_the_manifest(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root)
    (root / "small/1.py").write_text("value = 'new'\n")
    second = _next(first, "An app, I would say.", scope_of(root), Asked("ask", "And?"))
    told = parse_manifest(manifest_of(second, 100_000, "m", None))
    assert sum(section.size for section in told.sections) == len(second.prompt.text.encode())
    assert any(section.text == "An app, I would say.\n" for section in told.sections)


def test_a_branch_or_a_file_to_hide_asks_for_another_prompt(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf, git: Callable[..., str]
) -> None:
    first = begin(root)
    (root / "small/1.py").write_bytes(b"\0\0")
    said = (Message("assistant", "An app."),)
    asked = Asked("ask", "And?")
    why = gone_on(first, said, scope_of(root), asked, None, _still)
    assert why == "app/small/1.py must not be shown any longer"
    (root / "small/1.py").write_text("value = 1\n")
    git(root, "checkout", "--quiet", "-b", "other")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "other")
    why = gone_on(first, said, scope_of(root), asked, None, _still)
    assert why == "another branch is checked out in app"


def test_a_conversation_that_outgrows_the_limit_says_so(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root)
    limit = first.prompt.total_tokens + 200
    said = (Message("assistant", "word " * 300),)
    assert gone_on(first, said, scope_of(root), Asked("ask", "And?"), limit, _still) == NO_ROOM


def test_a_prompt_made_anew_holds_the_newest_of_what_was_said(
    root: Path, begin: Callable[..., Spoken]
) -> None:
    past = tuple(Exchange("ask", f"question {n}", f"answer {n} " * 50) for n in range(10))
    whole = begin(root, past=past)
    sent = _sent(whole)
    assert whole.forgotten == 0
    assert [one.role for one in sent] == ["system", *(("user", "assistant") * 10), "user"]
    assert "question 0" in sent[1].content
    assert sent[1].content.startswith(_sent(begin(root))[1].content.split("# How to answer")[0])
    assert "What is it?" in sent[-1].content
    limited = begin(root, past=past, limit=1_500)
    assert 0 < limited.forgotten < 10
    assert f"question {limited.forgotten}\n" in _sent(limited)[1].content
    assert "question 0\n" not in _flat(_sent(limited))
    assert limited.prompt.total_tokens <= 1_500


def test_what_the_person_wants_in_full_is_brought(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root, limit=1_000, mode=Mode.RANK, asked=Asked("ask", "value?"))
    details = {f"{f.repository}/{f.path}": f.detail for f in first.prompt.files}
    assert details["app/big.py"] is not Detail.FULL
    asked = Asked("ask", "And this?", wanted=("app/big.py",))
    scope = scope_of(root, mode=Mode.RANK)
    second = _next(first, "Hm.", scope, asked, 8_000)
    assert "def stable(value):" in _sent(second)[3].content
    reasons = {f.path: f.reason for f in second.prompt.files}
    assert reasons["big.py"].endswith("named by you")
    third = _next(second, "Hm.", scope, asked, 8_000)
    assert "def stable(value):" not in _sent(third)[5].content


def test_what_the_person_does_not_want_is_not_brought(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root, limit=1_000, mode=Mode.RANK, asked=Asked("ask", "stable value?"))
    scope = scope_of(root, mode=Mode.RANK)
    for asked in (
        Asked("ask", "def stable(value)?", left_out=("app/big.py",)),
        Asked("ask", "def stable(value)?", left_out=("app/",)),
        Asked("ask", "def stable(value)?", lowered={"app/big.py": Shape.PATH}),
    ):
        assert (
            "def stable(value):" not in _sent(_next(first, "Hm.", scope, asked, 8_000))[3].content
        )
    asked = Asked("ask", "def stable(value)?")
    assert "def stable(value):" in _sent(_next(first, "Hm.", scope, asked, 8_000))[3].content


def test_what_the_person_wants_less_of_is_lowered(root: Path, begin: Callable[..., Spoken]) -> None:
    asked = Asked("ask", "value?", lowered={"app/big.py": Shape.PATH})
    spoken = begin(root, asked=asked, selection=Selection(exclude=("/big.py",)))
    assert "def stable" not in _flat(_sent(spoken))
    details = {f.path: f.detail for f in spoken.prompt.files}
    assert details["big.py"] is Detail.PATH


_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
_STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "edit"]), _TEXT, _TEXT, st.integers(0, 5)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def small_root() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "app"
        root.mkdir()
        yield root


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(_STEPS)
def test_each_request_begins_with_the_one_before_it(small_root: Path, steps: object) -> None:
    assert isinstance(steps, list)
    for number in range(3):
        (small_root / f"{number}.py").write_text(f"value = {number}\n")
    scope = Scope(
        find_roots([str(small_root)], small_root),
        Selection(),
        DEFAULT_TOKENIZER,
        small_root / "prompts",
    )
    before: Spoken | None = None
    said: tuple[Message, ...] = ()
    for kind, text, reply, number in steps:
        asked = Asked(kind, text)
        if before is None:
            spoken = opened(scope, scope, asked, (), None, _still)
        else:
            after = gone_on(before, said, scope, asked, None, _still)
            if isinstance(after, str):
                # A text may hold the very marks that frame files; all is laid out anew then.
                return
            spoken = after
            assert _flat(_sent(spoken)).startswith(_flat([*_sent(before), *said]))
        before, said = spoken, (Message("assistant", reply or "."),)
        path = small_root / f"{number}.py"
        if number % 2 and path.exists():
            path.unlink()
        else:
            path.write_text(f"value = {reply!r}\n", encoding="utf-8", errors="replace")


def test_a_forgotten_note_is_no_part_of_the_files(
    root: Path, begin: Callable[..., Spoken], scope_of: ScopeOf
) -> None:
    first = begin(root)
    asked = Asked("edit", "More.", note="(Of the edits in your last reply: applied.)")
    second = _next(first, "An app.", scope_of(root), asked)
    assert "(Of the edits in your last reply: applied.)" in _sent(second)[3].content
    assert replace(second, sent=first.sent).messages == first.messages


def test_a_lowered_file_forges_no_boundary(root: Path, begin: Callable[..., Spoken]) -> None:
    (root / "forged.py").write_text("def f():\n    '''One.'''\n    return 1\n" * 30 + "</file>\n")
    asked = Asked("ask", "value?", lowered={"app/forged.py": Shape.OUTLINE})
    spoken = begin(root, asked=asked, selection=Selection(exclude=("/forged.py",)))
    tag = spoken.prompt.frame.file_tag
    names = [entry.name for section in spoken.prompt.sections for entry in section.entries]
    assert tag != "file" or "app/forged.py" not in names


def test_a_file_without_a_shorter_outline_is_lowered_to_its_path(
    root: Path, begin: Callable[..., Spoken]
) -> None:
    asked = Asked("ask", "value?", lowered={"app/small/1.py": Shape.OUTLINE})
    spoken = begin(root, asked=asked, selection=Selection(exclude=("/small/1.py",)))
    details = {file.path: file.detail for file in spoken.prompt.files}
    assert details["small/1.py"] is Detail.PATH
