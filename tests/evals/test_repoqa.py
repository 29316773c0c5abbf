"""Searching Needle Function: which functions are asked about, what is told, and what counts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from copilot.errors import UsageError
from copilot.evals.described import described, hidden, told_of_python, told_of_signature, words_of
from copilot.evals.functions import BINS, MOST_BYTES, candidates_of
from copilot.evals.model import Material, Plan, Sample, material_of
from copilot.evals.repoqa import NEEDLES, REPLY_TOKENS, REPOQA, block_of, first_function
from copilot.settings.bundled import bundled
from copilot.workspace.model import Snapshot, SourceFile

ROOM = 4000
PROMPTS = {path.stem: path.read_text("utf-8") for path in bundled("prompts").glob("*.md")}
WORDS = words_of(PROMPTS["eval-repoqa-words"])
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _module(number: int) -> str:
    """Return a module with two functions that no other module has, and one that all have."""
    word = NUMBERS[number % 10] * (1 + number // 10)
    return f'''"""Part {number}."""

import re


def shared(text: str) -> str:
    """Return the text as it is."""
    return text


def sort_{word}(rows: list[str], least: int = {number}) -> list[str]:
    """Order the lines by what stands in column {number}, those with fewer columns last."""
    kept = [row for row in rows if row.count(",") >= least]
    for row in rows:
        if row not in kept:
            kept.append(row)
    return sorted(kept, key=lambda row: row.split(",")[{number}:])


class Part{number}:
    def find_{word}(self, text_value: str) -> str:
        """Search `text_value` for a number of {number} digits."""
        match = re.search("[0-9]{{{number}}}", text_value)
        if match is None:
            raise ValueError(text_value)
        return match[0]
'''


def _material(texts: dict[str, str]) -> Material:
    files = (
        SourceFile("app", path, None, "tracked", text.encode()) for path, text in texts.items()
    )
    return material_of(Snapshot((), tuple(files)), "o200k_base", PROMPTS)


def _files() -> dict[str, str]:
    return {f"pkg/part_{number:02}.py": _module(number) for number in range(30)}


@pytest.fixture(scope="module")
def material() -> Material:
    return _material(_files())


@pytest.fixture(scope="module")
def samples(material: Material) -> tuple[Sample, ...]:
    (batch,) = REPOQA.batches(Plan([(8192, ROOM)], 1), material)
    return tuple(REPOQA.make(batch, material))


def test_candidates_have_a_name_of_their_own_and_are_short(material: Material) -> None:
    long = "def huge():\n" + "    print('a long line that says little')\n" * 60
    files = {
        **_files(),
        "long.py": long,
        "dunder.py": "class A:\n    def __len__(self):\n        1\n",
    }
    names = [one.defined.name for one in candidates_of(_material(files))]
    assert len(names) == len(set(names)) == 60
    assert not {"shared", "huge", "__len__"} & set(names)
    for one in candidates_of(material):
        data = one.file.data or b""
        assert data[one.start :].startswith(one.text.encode())
        assert len(one.text.encode()) <= MOST_BYTES
    places = [one.bin for one in candidates_of(material)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, BINS - 1)


def test_ten_needles_each_in_a_bin_of_its_own(
    material: Material, samples: tuple[Sample, ...]
) -> None:
    assert len(samples) == NEEDLES
    bins = {one.text: one.bin for one in candidates_of(material)}
    assert len({bins[sample.references[0]] for sample in samples}) == NEEDLES
    assert len({sample.haystack for sample in samples}) == 1
    assert [sample.recipe.question for sample in samples] == list(range(NEEDLES))
    assert all(sample.reply_tokens == REPLY_TOKENS == 1024 for sample in samples)
    assert all(0.99 * ROOM <= sample.prompt.total_tokens <= ROOM for sample in samples)


def test_each_function_stands_whole_where_it_is_said_to(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        text = sample.prompt.text
        assert text.count(sample.references[0]) >= 1
        before = text[: text.index(sample.references[0])]
        share = len(before) / len(text)
        assert sample.positions[0] / sample.prompt.total_tokens == pytest.approx(share, abs=0.05)


def test_the_description_comes_last_and_names_nothing(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        task = sample.prompt.sections[-1].text
        assert task.index("How to answer") < task.index("- Purpose: ") < task.index("- Procedure: ")
        name = re.search(r"def (\w+)", sample.references[0])
        assert name is not None
        assert name[1] not in task
        assert "text_value" not in task


def test_the_function_itself_is_right(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        text = sample.references[0]
        for answer in (text, f"```python\n{text}```", f"Here it is:\n\n```\n{text}\n```\nDone."):
            score = REPOQA.score(sample, answer)
            assert (score.value, dict(score.steps)) == (1, {"found": True, "copied": True})


def test_what_was_thought_before_is_no_answer(samples: tuple[Sample, ...]) -> None:
    first, other = samples[0], samples[1].references[0]
    thought = f"<think>\nThis one?\n```python\n{other}```\nNo.\n</think>\n\n"
    assert REPOQA.score(first, f"{thought}```python\n{first.references[0]}```").value == 1
    assert REPOQA.score(first, f"<think>\n```python\n{first.references[0]}```").value == 0


def test_another_function_is_not_found(samples: tuple[Sample, ...]) -> None:
    first, *others = samples
    for other in others:
        assert REPOQA.score(first, other.references[0]).value == 0
        assert not REPOQA.score(first, other.references[0]).steps["found"]


@pytest.mark.parametrize("answer", ["", "I do not know.", "```\n```", "def nothing(): pass"])
def test_no_function_is_no_answer(samples: tuple[Sample, ...], answer: str) -> None:
    score = REPOQA.score(samples[0], answer)
    assert score.value == 0
    assert not score.steps["copied"]


def test_a_function_that_nobody_asked_about_is_not_found(samples: tuple[Sample, ...]) -> None:
    """It is nearer to one of the ten than to the others, and near to none."""
    other = """def open_door(self, key: str) -> bool:
    for lock in self.locks:
        if lock.fits(key):
            return lock.turn(key)
    return False
"""
    assert not any(REPOQA.score(sample, other).steps["found"] for sample in samples)


def test_what_is_as_near_to_another_is_not_found(samples: tuple[Sample, ...]) -> None:
    first, text = samples[0], samples[0].references[0]
    key = next(key for key in first.about if key.startswith("function 1 "))
    sample = replace(first, about={**first.about, key: f"{text}\n"})
    assert REPOQA.score(first, text).steps["found"]
    assert not REPOQA.score(sample, text).steps["found"]


def test_an_answer_s_limit_is_within_its_length(material: Material) -> None:
    (batch,) = REPOQA.batches(Plan([(1500, 1103)], 1), material)
    assert {sample.reply_tokens for sample in REPOQA.make(batch, material)} == {1500 // 4}


def test_no_function_is_asked_for_that_the_answer_s_limit_does_not_hold(
    material: Material,
) -> None:
    with pytest.raises(UsageError, match="no file with a documented function"):
        list(REPOQA.batches(Plan([(300, ROOM)], 1), material))


def test_found_but_not_copied(samples: tuple[Sample, ...]) -> None:
    """Half of the lines are nearer to the right function than to another, and too few."""
    lines = samples[0].references[0].splitlines()
    score = REPOQA.score(samples[0], "\n".join(lines[: len(lines) // 2]))
    assert (score.value, dict(score.steps)) == (0, {"found": True, "copied": False})


def test_all_functions_at_once_is_the_first_of_them(samples: tuple[Sample, ...]) -> None:
    everything = "\n\n".join(sample.references[0] for sample in samples)
    values = [REPOQA.score(sample, everything).value for sample in samples]
    assert values == [1] + [0] * (len(samples) - 1)


def test_the_first_block_and_the_first_function_count() -> None:
    assert block_of("a\n```py\nfirst\n```\nb\n~~~\nsecond\n~~~\n") == "first\n"
    assert block_of("````\n```\ninner\n```\n````\n") == "```\ninner\n```\n"
    assert block_of("```\nnever closed\n") == "never closed\n"
    assert block_of("no block") == "no block"
    code = "import re\n\n@cache\ndef f():\n    return 1\n\ndef g():\n    return 2\n"
    assert first_function("a.py", code) == "def f():\n    return 1"
    assert first_function("a.py", "    def f(self):\n        return 1\n").startswith("def f(self):")
    assert first_function("a.go", "x\n\nfunc F() int {\n\treturn 1\n}\n") == (
        "func F() int {\n\treturn 1\n}"
    )
    assert first_function("a.py", "no function") == "no function"


def _told(code: str, name: str = "f", *, is_method: bool = False) -> str:
    tree = ast.parse(code)
    nodes = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    node = next(node for node in nodes if node.name == name)
    told = told_of_python(node, tree, is_method=is_method)
    return described(told, PROMPTS["eval-repoqa-description"], WORDS)


def test_what_the_structure_tells() -> None:
    code = (
        "import os.path as p\nfrom re import compile as make\nimport mine\n\n"
        "async def f(a, b: int, *rest, c: str = 'x') -> dict[str, int]:\n"
        "    for one in a:\n        make(one)\n        p.join(one)\n        mine.call()\n"
        "    def inner():\n        raise KeyError\n"
        "    raise ValueError(a) from None\n"
    )
    assert _told(code) == (
        "- Purpose: not told\n"
        "- Input: 3 parameters, of the types int, str, 1 of them may be left out, "
        "and any number of further ones\n"
        "- Output: a value of the type dict[str, int]\n"
        "- Procedure: 8 lines; runs asynchronously; loops; defines a function inside; "
        "raises ValueError; calls re.compile, os.path.join of the standard library"
    )


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("def f(): pass", "no value"),
        ("def f() -> None: pass", "no value"),
        ("def f(): return 1", "a value"),
        ("def f(): yield 1", "one value after another"),
        ("def f():\n def g(): return 1", "no value"),
    ],
)
def test_what_comes_out(code: str, wanted: str) -> None:
    assert f"- Output: {wanted}\n" in _told(code)


def test_the_object_itself_is_no_parameter() -> None:
    assert "- Input: one parameter\n" in _told("class A:\n def f(self, a): 1", is_method=True)
    static = "class A:\n @staticmethod\n def f(a, b): 1"
    assert "- Input: 2 parameters\n" in _told(static, is_method=True)


def test_only_the_prose_of_a_documentation_is_told() -> None:
    doc = '"""Join lines.\n\n    Each ends.\n\n    Args:\n        a: The first.\n    """'
    assert "- Purpose: Join lines. Each ends.\n" in _told(f"def f(a):\n    {doc}\n")


@pytest.mark.parametrize(
    ("name", "parameters", "text", "wanted"),
    [
        ("load_prompt", (), "Call load_prompt twice.", "Call * twice."),
        ("load_prompt", (), "Load prompts from disk.", "* from disk."),
        ("loadPrompt", (), "The load-prompt step.", "The * step."),
        ("load_prompt", (), "Load each prompt.", "Load each *."),
        ("load_prompt", (), "Load each text.", "Load each text."),
        ("outline", (), "The outline of a file.", "The * of a file."),
        ("f", ("max_size",), "At most max_size bytes.", "At most * bytes."),
        ("f", ("path",), "The path is `path`.", "The path is *."),
        ("f", ("x",), "Return x or y.", "Return * or y."),
        ("f", ("a", "ctx"), "A part of a ctx.", "A part of a *."),
    ],
)
def test_names_are_blanked(name: str, parameters: tuple[str, ...], text: str, wanted: str) -> None:
    told = told_of_python(ast.parse("def f(): 1").body[0], ast.parse(""), is_method=False)  # type: ignore[arg-type]
    told = type(told)(name, parameters, text, (), (), ())
    assert hidden(text, told, "*") == wanted


def test_other_languages_are_told_by_their_comments() -> None:
    told = told_of_signature(
        "Left", "func Left(used int, of map[string]int) int", "What is left.", 3
    )
    shown = described(told, PROMPTS["eval-repoqa-description"], WORDS)
    assert "- Purpose: What is *.".replace("*", WORDS["hidden"]) in shown
    assert "- Input: 2 parameters\n" in shown
    assert told.is_enough
    assert not told_of_signature("Left", "func Left()", "", 3).is_enough


def test_each_function_is_read_in_its_own_language() -> None:
    go = (
        "// Left tells what is left of a limit.\nfunc Left(used int) int {\n\treturn 42 - used\n}\n"
    )
    files = {"a/left.go": f"package a\n\n{go}", "b/part.py": _module(1)}
    material = _material(files)
    (batch,) = REPOQA.batches(Plan([(4096, 2000)], 1), material)
    samples = list(REPOQA.make(batch, material))
    assert {sample.about["path"] for sample in samples} == set(files)
    for sample in samples:
        assert REPOQA.score(sample, sample.references[0]).value == 1


def test_apart_each_question_has_a_haystack_of_its_own(
    material: Material, samples: tuple[Sample, ...]
) -> None:
    batches = list(REPOQA.batches(Plan([(8192, ROOM)], 1, apart=True), material))
    assert [len(batch) for batch in batches] == [1] * NEEDLES
    (first,) = REPOQA.make(batches[0], material)
    assert first.references == samples[0].references
    assert first.prompt.sha256 != samples[0].prompt.sha256


def test_one_question_alone_has_the_same_bytes(
    material: Material, samples: tuple[Sample, ...]
) -> None:
    (alone,) = REPOQA.make([samples[4].recipe], material)
    assert alone.prompt.sha256 == samples[4].prompt.sha256


def test_the_same_bytes_in_another_process(
    samples: tuple[Sample, ...], made_elsewhere: Callable[[str], list[str]]
) -> None:
    script = (
        "import test_repoqa as t\n"
        "m = t._material(t._files())\n"
        "b = next(t.REPOQA.batches(t.Plan([(8192, t.ROOM)], 1), m))\n"
        "print(*(s.prompt.sha256 for s in t.REPOQA.make(b, m)))\n"
    )
    assert made_elsewhere(script) == [sample.prompt.sha256 for sample in samples]


def test_lengths_that_hold_no_function_are_left_out(material: Material) -> None:
    (batch,) = REPOQA.batches(Plan([(500, 300), (8192, ROOM)], 1), material)
    assert batch[0].tokens == 8192
    with pytest.raises(UsageError, match="no file with a documented function"):
        list(REPOQA.batches(Plan([(500, 300)], 1), material))
    with pytest.raises(UsageError, match="no such task"):
        list(REPOQA.batches(Plan([(8192, ROOM)], 1, tasks=["search"]), material))
