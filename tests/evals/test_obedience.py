"""Edit obedience: right replies count, and every other one falls at the step where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from copilot.context.model import SectionKind
from copilot.errors import UsageError
from copilot.evals.calibrating import room_of
from copilot.evals.exampled import examples_text
from copilot.evals.mechanical import KINDS
from copilot.evals.model import Material, Plan, Sample, material_of
from copilot.evals.obedience import EDITS, LEAST_REPLY, whole_samples
from copilot.evals.rows import Calibration
from copilot.evals.tasks import left_out
from copilot.settings.bundled import bundled
from copilot.workspace.model import Snapshot, SourceFile

ROOM = 3000
PROMPTS = {path.stem: path.read_text("utf-8") for path in bundled("prompts").glob("*.md")}
MODULE = PROMPTS["eval-probe-module"]


def _material(texts: dict[str, str]) -> Material:
    files = (
        SourceFile("app", path, None, "tracked", text.encode()) for path, text in texts.items()
    )
    return material_of(Snapshot((), tuple(files)), "o200k_base", PROMPTS)


def _files() -> dict[str, str]:
    """Return modules that differ in their names, and one file of another language."""
    return {
        **{f"pkg/m{n}.py": MODULE.replace("Bucket", f"Bucket{n}") for n in range(12)},
        "web/limit.go": "package web\n\nconst Limit = 42\n\n"
        "func Left(used int) int {\n\trest := Limit\n\trest -= used\n\treturn rest\n}\n",
    }


@pytest.fixture(scope="module")
def material() -> Material:
    return _material(_files())


@pytest.fixture(scope="module")
def samples(material: Material) -> tuple[Sample, ...]:
    (batch,) = EDITS.batches(Plan([(4096, ROOM)], 1), material)
    return tuple(EDITS.make(batch, material))


@pytest.fixture(params=KINDS)
def sample(request: pytest.FixtureRequest, samples: tuple[Sample, ...]) -> Sample:
    return next(one for one in samples if one.recipe.task == request.param)


def _whole(sample: Sample, text: str, path: str | None = None) -> str:
    """Return a reply that writes a whole file anew."""
    marker = sample.prompt.frame.marker
    path = path or f"app/{sample.about['path']}"
    block = f"{path}\n{'<' * marker} OVERWRITE\n{text}{'>' * marker} END\n"
    return f"{block}\nEND OF EDITS: 1 file, 1 block\n"


def _steps(sample: Sample, reply: str) -> str:
    score = EDITS.score(sample, reply)
    assert score.value == float(score.steps["correct"])
    return " ".join(name for name, passed in score.steps.items() if passed)


def test_a_right_reply_passes_all_steps(sample: Sample) -> None:
    assert _steps(sample, _whole(sample, sample.references[0])) == "parsed placed correct"


def test_blank_lines_at_the_end_do_not_count(sample: Sample) -> None:
    assert EDITS.score(sample, _whole(sample, sample.references[0] + "\n\n")).value == 1


def test_blocks_of_changed_lines_are_right_too(sample: Sample) -> None:
    marker = sample.prompt.frame.marker
    before, after = sample.about["before"].split("\n"), sample.references[0].split("\n")
    first = next(n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    last = next(n for n in range(len(before)) if before[-n - 1] != after[-n - 1])
    old = "".join(f"{line}\n" for line in before[first - 1 : len(before) - last])
    new = "".join(f"{line}\n" for line in after[first - 1 : len(after) - last])
    block = f"{'<' * marker} SEARCH\n{old}{'=' * marker}\n{new}{'>' * marker} REPLACE\n"
    reply = f"app/{sample.about['path']}\n{block}\nEND OF EDITS: 1 file, 1 block\n"
    assert _steps(sample, reply) == "parsed placed correct"
    assert _steps(sample, reply.partition("END OF EDITS")[0]) == ""
    elsewhere = reply.replace(old, "no such line\n")
    assert _steps(sample, elsewhere) == "parsed"


@pytest.mark.parametrize(
    ("reply", "steps"),
    [
        ("", ""),
        ("I cannot do that.", ""),
        ("END OF EDITS: 0 files, 0 blocks", ""),
        ("<<<<<<< SEARCH\na\n", ""),
    ],
)
def test_what_holds_no_edits(samples: tuple[Sample, ...], reply: str, steps: str) -> None:
    assert _steps(samples[0], reply) == steps


def test_what_was_not_asked_for_is_not_correct(sample: Sample) -> None:
    unchanged, after = sample.about["before"], sample.references[0]
    assert _steps(sample, _whole(sample, unchanged)) == "parsed placed"
    assert _steps(sample, _whole(sample, after + "# more\nmore = 1\n")) == "parsed placed"
    assert _steps(sample, _whole(sample, after, "app/pkg/other.py")) == "parsed"
    assert _steps(sample, _whole(sample, after, "../pkg/m1.py")) == "parsed"
    created = _whole(sample, "x = 1\n", "app/new.py").replace("OVERWRITE", "CREATE")
    blocks = (_whole(sample, after) + created).split("\nEND OF EDITS: 1 file, 1 block\n")
    both = "\n".join(blocks) + "\nEND OF EDITS: 2 files, 2 blocks\n"
    assert _steps(sample, both) == "parsed placed"


def test_after_a_rename_layout_does_not_count(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        text = sample.references[0].replace("import time\n", "import time  # the clock\n")
        wanted = "parsed placed correct" if sample.recipe.task == "rename" else "parsed placed"
        if sample.about["path"].endswith(".py"):
            assert _steps(sample, _whole(sample, text)) == wanted


def test_the_request_is_that_of_an_edit(sample: Sample) -> None:
    kinds = [section.kind for section in sample.prompt.sections]
    assert kinds == [SectionKind.RULES, SectionKind.BASE, SectionKind.TASK]
    task = sample.prompt.sections[-1].text
    assert "Reply with edit blocks and nothing else" in task
    # As in `Scope.rules`.
    rules = [PROMPTS[name].rstrip() for name in ("rules", "outlines", "masks")]
    places = [sample.prompt.sections[0].text.find(text.splitlines()[-1]) for text in rules]
    assert -1 < places[0] < places[1] < places[2]
    assert f"`app/{sample.about['path']}`" in task
    assert sample.about["before"] in sample.prompt.sections[1].text
    assert sample.reply_tokens >= LEAST_REPLY
    assert 0.99 * ROOM <= sample.prompt.total_tokens <= ROOM


def test_all_edits_share_what_comes_before(samples: tuple[Sample, ...]) -> None:
    assert [one.recipe.task for one in samples] == list(KINDS)
    assert len({one.haystack for one in samples}) == 1
    assert all(0 < one.positions[0] < one.prompt.total_tokens for one in samples)


def test_the_position_is_where_the_change_is(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        before, after = sample.about["before"].split("\n"), sample.references[0].split("\n")
        line = next(a for a, b in zip(before, after, strict=False) if a != b)
        share = sample.positions[0] / sample.prompt.total_tokens
        text = sample.prompt.text
        near = text[int(share * len(text)) - 3000 : int(share * len(text)) + 3000]
        assert line in near


def test_apart_each_edit_has_a_haystack_of_its_own(material: Material) -> None:
    plan = Plan([(4096, ROOM)], 1, apart=True)
    batches = list(EDITS.batches(plan, material))
    assert [len(batch) for batch in batches] == [1] * len(KINDS)
    made = [sample for batch in batches for sample in EDITS.make(batch, material)]
    assert all(EDITS.score(one, _whole(one, one.references[0])).value == 1 for one in made)


def test_which_samples_are_made_does_not_change_their_bytes(
    material: Material, samples: tuple[Sample, ...]
) -> None:
    def alone() -> Iterator[Sample]:
        for sample in reversed(samples):
            yield from EDITS.make([sample.recipe], material)

    assert [one.prompt.sha256 for one in alone()] == [s.prompt.sha256 for s in reversed(samples)]


def test_the_same_bytes_in_another_process(
    samples: tuple[Sample, ...], made_elsewhere: Callable[[str], list[str]]
) -> None:
    script = (
        "import test_obedience as t\n"
        "m = t._material(t._files())\n"
        "b = next(t.EDITS.batches(t.Plan([(4096, t.ROOM)], 1), m))\n"
        "print(*(s.prompt.sha256 for s in t.EDITS.make(b, m)))\n"
    )
    assert made_elsewhere(script) == [sample.prompt.sha256 for sample in samples]


def test_lengths_that_hold_nothing_are_left_out(material: Material) -> None:
    (batch,) = EDITS.batches(Plan([(800, 600), (4096, ROOM)], 1), material)
    assert batch[0].tokens == 4096
    with pytest.raises(UsageError, match="no file offers"):
        list(EDITS.batches(Plan([(800, 600)], 1), material))


def test_a_reply_s_limit_is_within_its_length(material: Material) -> None:
    (batch,) = EDITS.batches(Plan([(1600, 1180)], 1), material)
    assert {one.reply_tokens for one in EDITS.make(batch, material)} == {400}


def test_unknown_edits_are_refused(material: Material) -> None:
    with pytest.raises(UsageError, match="no such edit: rewrite"):
        list(EDITS.batches(Plan([(4096, ROOM)], 1, tasks=["rewrite"]), material))


def test_some_edits_alone(material: Material, samples: tuple[Sample, ...]) -> None:
    (batch,) = EDITS.batches(Plan([(4096, ROOM)], 1, tasks=["constant"]), material)
    (sample,) = EDITS.make(batch, material)
    wanted = next(one for one in samples if one.recipe.task == "constant")
    assert sample.prompt.sha256 == wanted.prompt.sha256


def test_other_languages_can_be_edited() -> None:
    files = {path: text for path, text in _files().items() if path.endswith(".go")}
    material = _material(files)
    (batch,) = EDITS.batches(Plan([(2048, 1500)], 1), material)
    assert [recipe.task for recipe in batch] == ["rename", "constant", "insert"]
    for sample in EDITS.make(batch, material):
        assert EDITS.score(sample, _whole(sample, sample.references[0])).value == 1


def test_edits_about_a_few_files_as_they_are() -> None:
    material = _material({"limits.py": MODULE})
    made = list(whole_samples(material, 1))
    assert [one.recipe.task for one in made] == list(KINDS)
    assert all(one.about["before"] == MODULE for one in made)
    assert all(EDITS.score(one, _whole(one, one.references[0])).value == 1 for one in made)
    other = list(whole_samples(material, 2))
    assert [one.recipe for one in other] == [replace(one.recipe, seed=2) for one in made]


def test_examples_stand_in_the_haystack_and_the_edits_stay(material: Material) -> None:
    text = "Task: Raise the limit\n\nReply:\n\napp/a.py\n"
    files = [SourceFile("examples", f"{n}.txt", None, "drawn", text.encode()) for n in range(4)]
    shown = replace(material, prompts={**PROMPTS, "examples-4": examples_text(files)})
    plan = Plan([(4096, ROOM)], 1, tasks=["constant"], examples=(0, 4))
    (without,), (with_four,) = EDITS.batches(plan, shown)
    (plain,), (shot,) = EDITS.make([without], shown), EDITS.make([with_four], shown)
    assert plain.references == shot.references
    assert EDITS.score(shot, _whole(shot, shot.references[0])).value == 1
    for number in range(4):
        assert f'path="examples/{number}.txt">\n{text}</file>' in shot.prompt.text
    rules = shot.prompt.sections[0].text
    told = ("- Outlines: ", "- Masks: ", "- Read-only: `examples/`.", "- Examples: each ")
    places = [rules.find(words) for words in told]
    assert -1 < places[0] < places[1] < places[2] < places[3]
    assert "examples/" not in plain.prompt.text
    assert 0.99 * ROOM <= shot.prompt.total_tokens <= ROOM


def test_a_thousand_tokens_hold_an_edit_of_a_small_file() -> None:
    small = "".join(f"# {n} of many\n" for n in range(60))
    material = _material({"version.py": 'VERSION = "1.2"\n', "long.py": MODULE, "notes.py": small})
    room = room_of(1000, EDITS.reply_tokens, Calibration(13, 1.0))
    (batch,) = EDITS.batches(Plan([(1000, room)], 1), material)
    made = list(EDITS.make(batch, material))
    assert {one.about["path"] for one in made} == {"version.py"}
    assert all(0.99 * room <= one.prompt.total_tokens <= room for one in made)
    assert all(EDITS.score(one, _whole(one, one.references[0])).value == 1 for one in made)


@pytest.mark.parametrize("seed", range(6))
def test_edits_leave_room_for_examples_where_a_smaller_file_offers_them(seed: int) -> None:
    large = "".join(f"PLACE_{n} = {n * 1000 + 7}\n" for n in range(160))
    material = _material({"large.py": large, "small.py": "LIMIT = 42\n"})
    plan = Plan([(4096, ROOM)], 1, seed, tasks=["constant"])
    (batch,) = EDITS.batches(plan, material)
    assert next(iter(EDITS.make(batch, material))).about["path"] == "small.py"
    alone = _material({"large.py": large})
    (batch,) = EDITS.batches(plan, alone)
    assert next(iter(EDITS.make(batch, alone))).about["path"] == "large.py"


def test_a_length_that_holds_fewer_examples_is_left_out(material: Material) -> None:
    text = "Task: Raise the limit\n" * 400
    files = [SourceFile("examples", f"{n}.txt", None, "drawn", text.encode()) for n in range(4)]
    shown = replace(material, prompts={**PROMPTS, "examples-4": examples_text(files)})
    plan = Plan([(4096, ROOM)], 1, examples=(0, 4))
    batches = list(EDITS.batches(plan, shown))
    assert [batch[0].examples for batch in batches] == [0]
    assert left_out(EDITS, plan, batches) == ("all tasks with 4 examples at 4,096 tokens",)


def test_without_a_history_there_are_no_examples(material: Material) -> None:
    with pytest.raises(UsageError, match="no examples"):
        list(EDITS.batches(Plan([(4096, ROOM)], 1, examples=(4,)), material))
