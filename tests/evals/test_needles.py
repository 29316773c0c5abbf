from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from copilot.context.model import SectionKind
from copilot.context.tokens import count_tokens
from copilot.errors import UsageError
from copilot.evals.model import Material, Plan, Sample
from copilot.evals.needles import NEEDLE

DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def samples(material: Material, tokens: int, *tasks: str, apart: bool = False) -> Iterator[Sample]:
    plan = Plan([(tokens, tokens - 150)], 1, tasks=tasks, depths=DEPTHS, apart=apart)
    for batch in NEEDLE.batches(plan, material):
        yield from NEEDLE.make(batch, material)


def by_task(material: Material, tokens: int = 4096) -> dict[str, Sample]:
    return {one.recipe.task: one for one in samples(material, tokens)}


def sections(sample: Sample) -> Mapping[SectionKind, str]:
    return {section.kind: section.text for section in sample.prompt.sections}


def solved(sample: Sample) -> str:
    """Answer from the prompt alone: a later entry of a file takes the place of an earlier one."""
    shown = sections(sample)
    files: dict[str, str] = {}
    text = shown[SectionKind.BASE] + shown.get(SectionKind.OVERLAY, "")
    for path, detail, body in re.findall(
        r'<file path="(.*?)"(.*?)>\n(.*?)(?=<file |\Z)', text, re.DOTALL
    ):
        files[path] = "" if "deleted" in detail else body
    names = re.findall(r"`([A-Z_]+)`", shown[SectionKind.TASK])
    lines = "\n".join(files.values())
    values = [value for name in names for value in re.findall(rf"{name} = (\d+)", lines)]
    return f"ANSWER: {', '.join(values) or 'NONE'}"


@pytest.mark.parametrize("tokens", [1024, 2048, 4096, 8192])
def test_a_reader_of_the_prompt_scores_everything_and_silence_nothing(
    tokens: int, material: Material
) -> None:
    made = list(samples(material, tokens))
    assert [one.recipe.task for one in made[:5]] == ["single"] * 5
    assert [one.recipe.task for one in made[5:]] == ["multiple", "conflict", "stale", "deleted"]
    for one in made:
        score = NEEDLE.score(one, solved(one))
        assert (one.recipe.task, score.value, score.stale) == (one.recipe.task, 1.0, False)
        assert NEEDLE.score(one, "").value == 0.0
        total = count_tokens([one.prompt.text], material.tokenizer)[0]
        assert 0.99 * one.recipe.room <= total <= one.recipe.room


def test_one_needle_is_moved_through_one_haystack_the_deepest_first(material: Material) -> None:
    made = list(samples(material, 8192, "single"))
    assert [one.recipe.depth for one in made] == sorted(DEPTHS, reverse=True)
    assert len({one.haystack for one in made}) == 1
    assert len({one.references for one in made}) == 1
    found = [one.positions[0] / 8042 for one in made]
    assert found == pytest.approx(sorted(DEPTHS, reverse=True), abs=0.06)
    for before, after in pairwise(made):
        pairs = zip(before.prompt.text, after.prompt.text, strict=False)
        prefix = next(at for at, (one, two) in enumerate(pairs) if one != two)
        shared = count_tokens([after.prompt.text[:prefix]], material.tokenizer)[0]
        assert shared == pytest.approx(after.positions[0], abs=8)


def test_four_tasks_share_a_haystack_where_it_is_long_enough(material: Material) -> None:
    made = [one for one in samples(material, 4096) if one.recipe.task != "single"]
    assert len({one.haystack for one in made}) == 1
    short = [one for one in samples(material, 1024) if one.recipe.task != "single"]
    assert len({one.haystack for one in short}) == 4
    apart = list(samples(material, 4096, "multiple", "stale", apart=True))
    assert len({one.haystack for one in apart}) == 2


def test_a_sample_does_not_depend_on_which_others_are_made(material: Material) -> None:
    plan = Plan([(4096, 3900)], 1)
    for batch in NEEDLE.batches(plan, material):
        together = [one.prompt.sha256 for one in NEEDLE.make(batch, material)]
        alone = [next(iter(NEEDLE.make([one], material))).prompt.sha256 for one in batch]
        assert together == alone


def test_the_base_holds_the_stale_value_and_the_overlay_the_current_one(
    material: Material,
) -> None:
    one = by_task(material)["stale"]
    shown = sections(one)
    (old,), (new,) = one.forbidden, one.references
    assert old in shown[SectionKind.BASE]
    assert new not in shown[SectionKind.BASE]
    assert new in shown[SectionKind.OVERLAY]
    assert old not in shown[SectionKind.OVERLAY]
    assert "What changed in the files above" in shown[SectionKind.TASK]
    stale = NEEDLE.score(one, f"ANSWER: {old}")
    assert (stale.value, stale.stale) == (0.0, True)
    assert NEEDLE.score(one, f"ANSWER: {new}, before {old}").value == 0.0


def test_a_deleted_value_is_only_in_the_base(material: Material) -> None:
    one = by_task(material)["deleted"]
    assert one.forbidden[0] in sections(one)[SectionKind.BASE]
    assert 'detail="deleted"' in sections(one)[SectionKind.OVERLAY]
    assert NEEDLE.score(one, f"ANSWER: {one.forbidden[0]}").stale is True
    assert NEEDLE.score(one, "ANSWER: NONE").value == 1.0


def test_a_silent_choice_between_two_values_is_told_from_both(material: Material) -> None:
    one = by_task(material)["conflict"]
    first, second = one.references
    silent = NEEDLE.score(one, f"ANSWER: {first}")
    assert (silent.value, silent.steps) == (0.5, {"found": True, "told": False})
    both = NEEDLE.score(one, f"ANSWER: {second}, {first}")
    assert (both.value, both.steps) == (1.0, {"found": True, "told": True})


def test_of_several_needles_the_share_found_counts(material: Material) -> None:
    one = by_task(material)["multiple"]
    assert len(one.references) == len(one.positions) == 4
    assert NEEDLE.score(one, f"ANSWER: {one.references[2]}").value == 0.25


def test_an_unknown_task_is_refused(material: Material) -> None:
    with pytest.raises(UsageError, match="needle has no task"):
        list(samples(material, 4096, "many"))


def test_lengths_that_are_too_short_are_refused_before_anything_is_asked(
    material: Material,
) -> None:
    with pytest.raises(UsageError, match=r"nothing to ask at 100 tokens: .* too small"):
        list(NEEDLE.batches(Plan([(100, 70)], 1), material))
    (batch,) = NEEDLE.batches(Plan([(100, 70), (1024, 900)], 1, tasks=["single"]), material)
    assert {recipe.tokens for recipe in batch} == {1024}


def test_an_answer_s_limit_is_within_its_length(material: Material) -> None:
    batches = list(NEEDLE.batches(Plan([(200, 900), (1024, 900)], 1), material))
    made = [sample for batch in batches for sample in NEEDLE.make(batch, material)]
    assert {(one.recipe.tokens, one.reply_tokens) for one in made} == {(200, 50), (1024, 64)}
