from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Prompt
from copilot.context.reuse import LastStore, last_of, reuse_of
from copilot.context.tokens import count_tokens
from copilot.workspace.model import Snapshot

MakeSnapshot = Callable[[Mapping[str, str | None]], Snapshot]
FILES = {"a.py": "print('a')\n", "b.py": "print('b')\n"}


def _count(data: bytes) -> int:
    return count_tokens([data])[0]


def _prompt(make: MakeSnapshot, files: Mapping[str, str], task: str, rules: str = "R") -> Prompt:
    return compose_prompt(make(files), Wording(rules, "# Task\n\n{{task}}", task))


def test_the_same_prompt_is_all_there(make_snapshot: MakeSnapshot) -> None:
    prompt = _prompt(make_snapshot, FILES, "do it")
    found = reuse_of(last_of(prompt, "m"), prompt, _count)
    assert (found.tokens, found.total_tokens) == (prompt.total_tokens, prompt.total_tokens)
    assert (found.breaks, found.whom) == ("", "m")


def test_another_task_shares_all_before_it_and_its_own_beginning(
    make_snapshot: MakeSnapshot,
) -> None:
    before = _prompt(make_snapshot, FILES, "rename the function f")
    after = _prompt(make_snapshot, FILES, "rename the class C")
    found = reuse_of(last_of(before, "m"), after, _count)
    same = before.text[: len(before.text) - len("function f\n")]
    assert found.tokens == _count(same.encode())
    assert found.breaks == "the task is another"


def test_a_changed_file_breaks_the_rest(make_snapshot: MakeSnapshot) -> None:
    before = _prompt(make_snapshot, FILES, "do it")
    after = _prompt(make_snapshot, {**FILES, "b.py": "print('c')\n"}, "do it")
    last = last_of(before, "m")
    found = reuse_of(last, after, _count)
    line = '<file path="repo/b.py">\nprint(\''
    whole = after.sections[0].tokens + after.files[0].tokens
    assert found.tokens == whole + _count(line.encode())
    assert found.breaks == "repo/b.py stands where something else stood"
    # Of a prompt that is too long to be remembered whole, the entry counts as none.
    assert reuse_of(replace(last, whole=b""), after, _count).tokens == whole


def test_an_appended_file_is_told(make_snapshot: MakeSnapshot) -> None:
    before = _prompt(make_snapshot, FILES, "do it")
    after = _prompt(make_snapshot, {**FILES, "c.py": "c\n"}, "do it")
    found = reuse_of(last_of(before, "m"), after, _count)
    shared = sum(section.tokens for section in before.sections[:2])
    assert shared <= found.tokens < shared + 3
    assert found.breaks == "repo/c.py was appended"


def test_a_file_that_is_gone_from_the_end_breaks_there(make_snapshot: MakeSnapshot) -> None:
    before = _prompt(make_snapshot, FILES, "do it")
    after = _prompt(make_snapshot, {"a.py": FILES["a.py"]}, "do it")
    found = reuse_of(last_of(before, "m"), after, _count)
    assert found.tokens == after.sections[0].tokens + after.files[0].tokens
    assert found.breaks == "entries at the end of the base are gone"


def test_other_rules_leave_nothing(make_snapshot: MakeSnapshot) -> None:
    before = _prompt(make_snapshot, FILES, "do it")
    after = _prompt(make_snapshot, FILES, "do it", rules="Others")
    assert reuse_of(last_of(before, "m"), after, _count).tokens == 0


@settings(max_examples=40, deadline=None)
@given(one=st.text("ab \n", max_size=12), other=st.text("ab \n", max_size=12))
def test_what_is_counted_never_exceeds_either_prompt(
    make_snapshot: MakeSnapshot, one: str, other: str
) -> None:
    before = _prompt(make_snapshot, FILES, one)
    after = _prompt(make_snapshot, FILES, other)
    found = reuse_of(last_of(before, "m"), after, _count)
    # A token at the place where two texts part may be cut in two.
    assert found.tokens <= min(before.total_tokens, after.total_tokens) + 1


def test_each_model_has_its_own_last_prompt(make_snapshot: MakeSnapshot, tmp_path: Path) -> None:
    store = LastStore(tmp_path / "frozen", "key")
    one = last_of(_prompt(make_snapshot, FILES, "one"), "m")
    other = last_of(_prompt(make_snapshot, FILES, "other"), "n")
    store.save(one)
    store.save(other)
    assert LastStore(tmp_path / "frozen", "key").load() == {"m": one, "n": other}
    assert LastStore(tmp_path / "frozen", "another").load() == {}
    assert LastStore(None, "key").load() == {}


def test_so_many_models_are_remembered_and_no_more(
    make_snapshot: MakeSnapshot, tmp_path: Path
) -> None:
    store, prompt = LastStore(tmp_path, "key"), _prompt(make_snapshot, FILES, "one")
    for number in range(10):
        store.save(last_of(prompt, f"m{number}", float(number)))
    # Those that were asked last.
    assert set(store.load()) == {f"m{number}" for number in range(2, 10)}


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x81\xa1m\x01"])
def test_what_is_damaged_is_as_never_sent(
    make_snapshot: MakeSnapshot, tmp_path: Path, damage: bytes
) -> None:
    store = LastStore(tmp_path, "key")
    store.save(last_of(_prompt(make_snapshot, FILES, "one"), "m"))
    (file,) = tmp_path.glob("*.last")
    file.write_bytes(damage)
    assert store.load() == {}
