"""All thirteen tasks, answered by programs that read the prompt as a model would."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest

from copilot.context.model import SectionKind
from copilot.context.tokens import count_tokens
from copilot.errors import UsageError
from copilot.evals.model import Material, Plan, Sample
from copilot.evals.ruler import RULER, definitions
from copilot.evals.ruler.definitions import DEFINITIONS
from copilot.evals.tasks import left_out

MakeMaterial = Callable[..., Material]
TASKS = list(DEFINITIONS)


def samples(material: Material, tokens: int, *tasks: str, apart: bool = False) -> Iterator[Sample]:
    plan = Plan([(tokens, tokens - 150)], 1, tasks=tasks, apart=apart)
    for batch in RULER.batches(plan, material):
        yield from RULER.make(batch, material)


def sample(material: Material, tokens: int, task: str) -> Sample:
    return next(iter(samples(material, tokens, task)))


def base(sample: Sample) -> dict[str, str]:
    section = next(one for one in sample.prompt.sections if one.kind is SectionKind.BASE)
    return {entry.name: text for entry, text in section.texts()}


def question(sample: Sample) -> str:
    return sample.prompt.sections[-1].text


def solved(sample: Sample) -> str:
    """Answer from the prompt alone, without the sample's references."""
    solver = SOLVERS[sample.recipe.task.split("_single")[0].split("_multi")[0]]
    return "ANSWER: " + ", ".join(solver(question(sample), base(sample)))


def _niah(asked: str, files: Mapping[str, str]) -> list[str]:
    text = "\n".join(files.values())
    if entry := re.search(r'under the name "(\w+)"', asked):
        return re.findall(rf'register\("{entry[1]}", (\d+)\)', text)
    if pair := re.search(r"`(ID_OF\[.*?\])`", asked):
        return re.findall(re.escape(pair[1]) + r' = "(.*)"', text)
    names = re.findall(r"`([A-Z_]+)`", asked)
    return [re.findall(rf'\b{name} = "?([\w-]+)', text)[0] for name in names]


def _vt(asked: str, files: Mapping[str, str]) -> list[str]:
    value = re.findall(r"the number (\d+)\?", asked)[-1]
    lines = "\n".join(files.values())
    found = re.findall(rf"\b([A-Z]{{5}}) = {value}$", lines, re.MULTILINE)
    while True:
        old = found[-1]
        plain = re.findall(rf"\b([A-Z]{{5}}) = {old}$", lines, re.MULTILINE)
        moved = re.findall(rf"import {old} as ([A-Z]{{5}})$", lines, re.MULTILINE)
        if not plain and not moved:
            return found
        found += plain + moved


def _cwe(asked: str, files: Mapping[str, str]) -> list[str]:
    text = "\n".join(files.values())
    calls = Counter(re.findall(r"^(\w+)\(\d*\)$", text, re.MULTILINE))
    return [name for name, _ in calls.most_common(10)]


def _fwe(asked: str, files: Mapping[str, str]) -> list[str]:
    imports = Counter(re.findall(r"^import (\w+)$", "\n".join(files.values()), re.MULTILINE))
    return [name for name, _ in imports.most_common(3)]


def _qa(asked: str, files: Mapping[str, str]) -> list[str]:
    if words := re.search(r"^> (.*)$", asked, re.MULTILINE):
        text = next(text for text in files.values() if words[1] in text)
        return re.findall(r"(?:def|class) (\w+)", text[: text.index(words[1])])[-1:]
    name, path = re.findall(r"function `(\w+)` in `(.*?)`", asked)[0]
    found = [node for node in ast.walk(ast.parse(files[path])) if isinstance(node, ast.FunctionDef)]
    body = next(node for node in found if node.name == name)
    calls = [node.func for node in ast.walk(body) if isinstance(node, ast.Call)]
    called = {func.id for func in calls if isinstance(func, ast.Name)}
    return [
        file.partition("/")[2]
        for file, text in files.items()
        if file != path and any(f"def {one}(" in text for one in called)
    ][:1]


SOLVERS = {"niah": _niah, "vt": _vt, "cwe": _cwe, "fwe": _fwe, "qa_1": _qa, "qa_2": _qa}


@pytest.mark.parametrize("tokens", [1024, 2048, 4096, 8192])
def test_a_reader_of_the_prompt_scores_everything_and_silence_nothing(
    tokens: int, material: Material
) -> None:
    made = list(samples(material, tokens))
    assert {one.recipe.task for one in made} == set(TASKS)
    for one in made:
        score = RULER.score(one, solved(one))
        assert (one.recipe.task, score.value, score.exact) == (one.recipe.task, 1.0, True)
        empty = RULER.score(one, "")
        assert (empty.value, empty.f1, empty.exact) == (0.0, 0.0, False)
        assert RULER.score(one, ", ".join(one.references)).value == 1.0


def test_an_answer_that_lists_everything_is_caught_by_the_set_measure(material: Material) -> None:
    for one in samples(material, 4096):
        everything = re.findall(r"[\w./-]+", "\n".join([*base(one), *base(one).values()]))
        score = RULER.score(one, "ANSWER: " + ", ".join(everything))
        assert score.value == 1.0
        assert score.exact is False
        assert score.f1 is not None
        assert score.f1 < 0.2


@pytest.mark.parametrize("tokens", [1024, 4096])
def test_prompts_are_within_one_percent_and_count_as_they_say(
    tokens: int, material: Material
) -> None:
    for one in samples(material, tokens):
        total = count_tokens([one.prompt.text], material.tokenizer)[0]
        assert total == one.prompt.total_tokens
        assert 0.99 * one.recipe.room <= total <= one.recipe.room
        assert one.reply_tokens == DEFINITIONS[one.recipe.task].reply_tokens


def test_eight_questions_are_asked_of_one_haystack_and_five_of_their_own(
    material: Material,
) -> None:
    made = list(samples(material, 8192))
    shared = [one for one in made if DEFINITIONS[one.recipe.task].is_shared]
    assert len({one.haystack for one in shared}) == 1
    assert len({one.haystack for one in made}) == 6
    assert [one.recipe.task for one in made[:8]] == [one.recipe.task for one in shared]


@pytest.mark.parametrize("tokens", [1200, 3151, 4096, 6000])
def test_every_haystack_can_be_made(tokens: int, material: Material) -> None:
    plan = Plan([(tokens, tokens - 150)], 6)
    for batch in RULER.batches(plan, material):
        for one in RULER.make(batch[-1:], material):
            assert 0.99 * one.recipe.room <= one.prompt.total_tokens <= one.recipe.room


def test_apart_each_question_has_a_haystack_of_its_own(material: Material) -> None:
    made = list(samples(material, 4096, apart=True))
    assert len({one.haystack for one in made}) == 13


def test_a_sample_does_not_depend_on_which_others_are_made(material: Material) -> None:
    plan = Plan([(4096, 3900)], 2)
    for batch in RULER.batches(plan, material):
        together = [one.prompt.sha256 for one in RULER.make(batch, material)]
        alone = [next(iter(RULER.make([one], material))).prompt.sha256 for one in batch[:2]]
        assert together[:2] == alone
        assert len(set(together)) == len(together)


def test_needles_stand_once_and_no_word_is_a_part_of_another(material: Material) -> None:
    for one in samples(material, 4096):
        text = "\n".join(base(one).values()).lower()
        if one.recipe.task.startswith("niah"):
            assert [text.count(value.lower()) for value in one.references] == [1] * len(
                one.references
            )
        lowered = [reference.lower() for reference in one.references]
        assert not any(a in b for a in lowered for b in lowered if a != b)
        assert not any(value in question(one).lower() for value in lowered)


def test_keys_values_and_queries_are_as_many_as_published(material: Material) -> None:
    text = "\n".join(base(sample(material, 4096, "niah_multikey_1")).values())
    counts = {
        "RETRY_BUDGET": 1,
        "FEATURE_FLAG_ID": 1,
        "CACHE_LIMIT": 4,
        "QUEUE_DEPTH": 4,
        'register("': 4,
    }
    assert {word: text.count(word) for word in counts} == counts
    assert len(sample(material, 4096, "niah_multivalue").references) == 4
    assert len(sample(material, 4096, "niah_multiquery").references) == 4
    assert len(sample(material, 4096, "niah_multikey_1").references) == 1
    uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert uuid.fullmatch(sample(material, 4096, "niah_single_3").references[0])
    assert uuid.fullmatch(sample(material, 4096, "niah_multikey_3").references[0])
    assert re.fullmatch(r"\d{7}", sample(material, 4096, "niah_single_2").references[0])


def test_a_haystack_of_needles_holds_nothing_else(material: Material) -> None:
    text = "\n".join(base(sample(material, 2048, "niah_multikey_2")).values())
    lines = [line for line in text.splitlines() if line and line != "# ..."]
    assert len(lines) > 50
    assert all(re.fullmatch(r"RETRY_BUDGET_[A-Z_]+ = \d{7}", line) for line in lines)
    assert len({line.split(" = ")[0] for line in lines}) == len(lines)


def test_the_repeated_haystack_is_of_five_functions(material: Material) -> None:
    text = "\n".join(base(sample(material, 2048, "niah_single_1")).values())
    assert len(set(re.findall(r"^def \w+", text, re.MULTILINE))) == 5


def test_a_chain_has_four_hops_in_order_and_five_letter_names(material: Material) -> None:
    one = sample(material, 8192, "vt")
    assert len(one.references) == definitions.HOPS + 1
    assert all(re.fullmatch("[A-Z]{5}", name) for name in one.references)
    assert list(one.positions) == sorted(one.positions)
    example = re.findall(r"^([A-Z]{3}) = ", question(one), re.MULTILINE)
    assert len(example) == definitions.HOPS + 1
    tokens = count_tokens([question(one)], material.tokenizer)[0]
    assert tokens <= 500


@pytest.mark.parametrize("tokens", [2048, 4096, 8192])
def test_common_words_stand_as_often_as_published(tokens: int, material: Material) -> None:
    one = sample(material, tokens, "cwe")
    calls = Counter(re.findall(r"^(\w+)\(\d*\)$", "\n".join(base(one).values()), re.MULTILINE))
    often, seldom = (6, 1) if tokens < 4096 else (30, 3)
    assert sorted(one.references) == sorted(name for name, n in calls.items() if n == often)
    assert {n for name, n in calls.items() if name not in one.references} == {seldom}
    assert len(calls) > 20
    block = question(one).split("```")[1]
    example = Counter(re.findall(r"^(\w+)\(\d*\)$", block, re.MULTILINE))
    words, (common, other) = (20, (3, 1)) if tokens < 4096 else (40, (10, 3))
    assert Counter(example.values()) == {common: 10, other: words - 10}
    assert not example.keys() & calls.keys()


def test_long_lists_are_numbered(material: Material) -> None:
    text = "\n".join(base(sample(material, 8192, "cwe")).values())
    numbers = [int(number) for number in re.findall(r"^\w+\((\d+)\)$", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_coded_words_follow_the_zeta_distribution(material: Material) -> None:
    one = sample(material, 8192, "fwe")
    text = "\n".join(base(one).values())
    imports = Counter(re.findall(r"^import ([a-z]{6})$", text, re.MULTILINE))
    noise = text.count("pass\n")
    ranked = [count for _, count in imports.most_common()]
    assert [name for name, _ in imports.most_common(3)] == list(one.references)
    assert ranked[0] / noise == pytest.approx(1 / 4, abs=0.01)
    assert ranked[1] / noise == pytest.approx(1 / 9, abs=0.01)
    assert ranked[2] / noise == pytest.approx(1 / 16, abs=0.01)
    assert len(imports) + 1 <= 8192 // 50


def test_depths_come_from_forty_slots_and_reach_both_ends(material: Material) -> None:
    plan = Plan([(8192, 8000)], 6, tasks=["niah_multiquery"])
    made = [one for batch in RULER.batches(plan, material) for one in RULER.make(batch, material)]
    depths = [position / 8000 for one in made for position in one.positions]
    assert len(set(depths)) > 20
    assert min(depths) < 0.2
    assert max(depths) > 0.8


def test_a_repository_without_documentation_leaves_a_task_out(make_material: MakeMaterial) -> None:
    material = make_material({f"a{n}.py": f"VALUE_{n} = {n}\n" * 5 for n in range(30)})
    known = {one.recipe.task for one in samples(material, 4096)}
    assert known == set(TASKS) - {"qa_1", "qa_2"}
    with pytest.raises(UsageError, match="no question"):
        list(samples(material, 4096, "qa_1"))


def test_an_unknown_task_is_refused(material: Material) -> None:
    with pytest.raises(UsageError, match="no task 'qa_3'"):
        list(samples(material, 4096, "qa_3"))


def test_a_length_too_small_for_a_list_is_refused(material: Material) -> None:
    made = sample(material, 2048, "cwe").recipe
    for task, room in (("cwe", 550), ("fwe", 340)):
        with pytest.raises(UsageError, match="too small"):
            list(RULER.make([replace(made, task=task, tokens=room + 100, room=room)], material))


@pytest.mark.parametrize("suffix", ["js", "go", "md"])
def test_repositories_in_other_languages_have_the_tasks_too(
    suffix: str, make_material: MakeMaterial
) -> None:
    texts = {
        "js": "// Gives what the {n}th of all callers wants.\nexport function give{n}one(x) {{\n"
        "  return x;\n}}\n",
        "go": "package shop\n\n// Give{n}One gives what the {n}th of all callers wants.\n"
        "func Give{n}One(x int) int {{\n\treturn x\n}}\n",
        "md": "# Page {n}\n\nSome words of the {n}th page.\n",
    }
    files = {f"src/p{n}/a{n}.{suffix}": texts[suffix].format(n=n) for n in range(100, 160)}
    made = list(samples(make_material(files), 4096))
    left_out = {"js": {"qa_2"}, "go": {"qa_1", "qa_2"}, "md": {"qa_1", "qa_2"}}[suffix]
    assert {one.recipe.task for one in made} == set(TASKS) - left_out
    for one in made:
        text = "\n".join(base(one).values())
        if DEFINITIONS[one.recipe.task].is_shared:
            assert all(reference in text for reference in one.references)


@pytest.mark.parametrize("tokens", [1024, 4096])
def test_of_files_too_long_for_a_length_the_definitions_alone_are_there(
    tokens: int, python_files: Mapping[str, str], make_material: MakeMaterial
) -> None:
    padding = "".join(f"\n\ndef pad_{n}(value):\n    return value + {n}\n" for n in range(300))
    long = {path: text + padding for path, text in python_files.items()}
    for one in samples(make_material(long), tokens, "qa_1", "qa_2"):
        assert RULER.score(one, solved(one)).exact is True
        assert 0.99 * one.recipe.room <= one.prompt.total_tokens <= one.recipe.room


def test_tasks_and_lengths_that_are_too_short_are_left_out_before_anything_is_asked(
    material: Material,
) -> None:
    plan = Plan([(500, 350), (1024, 880)], 1)
    batches = list(RULER.batches(plan, material))
    there = {(recipe.tokens, recipe.task) for batch in batches for recipe in batch}
    assert there >= {(500, "niah_single_1"), (1024, "niah_single_1"), (1024, "vt")}
    assert (500, "vt") not in there
    for batch in batches:
        assert len(list(RULER.make(batch, material))) == len(batch)
    told = left_out(RULER, plan, batches)
    assert [line.endswith(" at 500 tokens") for line in told] == [True]
    assert "vt" in told[0]
    with pytest.raises(UsageError, match=r"nothing to ask at 100, 200 tokens: .* too small"):
        list(RULER.batches(Plan([(100, 70), (200, 150)], 1, tasks=["vt", "cwe"]), material))


def test_a_task_without_a_question_is_told_to_be_left_out(
    python_files: Mapping[str, str], make_material: MakeMaterial
) -> None:
    plan = Plan([(4096, 3900)], 1)
    material = make_material(dict(list(python_files.items())[:2]))
    told = left_out(RULER, plan, list(RULER.batches(plan, material)))
    assert told == ("qa_2 at 4,096 tokens",)
    assert left_out(RULER, plan, []) == ("all tasks at 4,096 tokens",)
