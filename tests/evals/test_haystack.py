from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.context.compose import Wording
from copilot.context.model import Prompt, SectionKind
from copilot.context.tokens import count_tokens, reference_encoding
from copilot.errors import UsageError
from copilot.evals.haystack import fitted, room_for
from copilot.evals.model import Material, Recipe
from copilot.evals.plants import Form, Plant
from copilot.structure.syntax import first_error_line

MakeMaterial = Callable[..., Material]
PLANT = Plant("RETRY_BUDGET_ODD_HERON", "4821937", 0.5)


def recipe(material: Material, tokens: int, index: int = 0, room: int = 0) -> Recipe:
    room = room or tokens - 150
    names = ("ruler", "niah_single_2", tokens, room, index, 42)
    return Recipe(*names, material.tokenizer, material.sha256)


def wording(material: Material, question: str = "What is RETRY_BUDGET_ODD_HERON?") -> Wording:
    return Wording(material.prompts["rules"], "{{task}}", question)


def base(prompt: Prompt) -> dict[str, str]:
    """Return the texts of the base by name."""
    section = next(one for one in prompt.sections if one.kind is SectionKind.BASE)
    return {entry.name: text for entry, text in section.texts()}


def common_prefix(texts: Sequence[str]) -> str:
    pairs = enumerate(zip(*texts, strict=False))
    return texts[0][: next(at for at, characters in pairs if len(set(characters)) > 1)]


@pytest.mark.parametrize("tokenizer", ["o200k_base", "qwen3"])
@pytest.mark.parametrize("tokens", [1024, 2048, 4096, 8192, 32768])
def test_lengths_are_within_one_percent_by_the_tokenizers_own_count(
    tokens: int,
    tokenizer: str,
    python_files: Mapping[str, str],
    make_material: MakeMaterial,
) -> None:
    material = make_material(python_files, tokenizer)
    made = recipe(material, tokens)
    asked = wording(material)
    prompt = fitted(material, made, [asked], [PLANT]).prompt(asked)
    counted = count_tokens([prompt.text], tokenizer)[0]
    assert prompt.total_tokens == counted
    assert 0.99 * made.room <= counted <= made.room


def test_the_count_is_that_of_the_reference_tokenizer(material: Material) -> None:
    asked = wording(material)
    prompt = fitted(material, recipe(material, 2048), [asked], [PLANT]).prompt(asked)
    encoding = reference_encoding(material.tokenizer)
    assert len(encoding.encode(prompt.text, disallowed_special=())) == prompt.total_tokens


def test_all_questions_of_a_haystack_begin_alike_and_fill_the_room(material: Material) -> None:
    made = recipe(material, 4096)
    asked = [wording(material, "Which? " * length) for length in (1, 40, 150)]
    hay = fitted(material, made, asked, [PLANT])
    prompts = [hay.prompt(one) for one in asked]
    assert all(0.99 * made.room <= prompt.total_tokens <= made.room for prompt in prompts)
    shared = common_prefix([prompt.text for prompt in prompts])
    assert PLANT.name in shared
    assert count_tokens([shared], material.tokenizer)[0] > 0.85 * made.room
    assert all(prompt.sections[-1].kind is SectionKind.TASK for prompt in prompts)


def test_a_question_longer_than_those_given_is_refused(material: Material) -> None:
    hay = fitted(material, recipe(material, 1024), [wording(material)], [PLANT])
    with pytest.raises(UsageError, match="takes more than"):
        hay.prompt(wording(material, "Which? " * 600))


def test_positions_are_the_tokens_before_each_line(material: Material) -> None:
    asked = wording(material)
    plants = [replace(PLANT, name=f"BUDGET_{n}", depth=n / 9) for n in range(10)]
    hay = fitted(material, recipe(material, 8192), [asked], plants)
    text = hay.prompt(asked).text
    for plant, position in zip(plants, hay.positions, strict=True):
        before = text[: text.index(f"{plant.name} = ")].removesuffix("    ")
        assert count_tokens([before], material.tokenizer) == [position]
    depths = [position / 8042 for position in hay.positions]
    assert depths == pytest.approx([plant.depth for plant in plants], abs=0.05)


def test_each_line_is_planted_once_and_the_material_stays_as_it_was(material: Material) -> None:
    before = [file.data for file in material.snapshot.files]
    asked = wording(material, "Which?")
    text = fitted(material, recipe(material, 4096), [asked], [PLANT]).prompt(asked).text
    assert text.count(PLANT.name) == text.count(PLANT.value) == 1
    assert [file.data for file in material.snapshot.files] == before


def test_a_small_repository_is_repeated_under_other_names(make_material: MakeMaterial) -> None:
    material = make_material({"a.py": "ONE = 1\n", "b/c.py": "TWO = 2\n"})
    asked = wording(material)
    hay = fitted(material, recipe(material, 1024), [asked], [PLANT])
    names = list(base(hay.prompt(asked)))
    assert hay.copies > 2
    assert {"shop/a.py", "shop/again-2/a.py", "shop/again-2/b/c.py"} <= set(names)
    assert len(set(names)) == len(names)


def test_files_that_are_needed_are_in_it_whole(material: Material) -> None:
    needed = ["shop/maps/sort_maps.py", "shop/tides/split_tides.py"]
    asked = wording(material)
    for index in range(5):
        hay = fitted(material, recipe(material, 1024, index), [asked], needed=needed)
        texts = base(hay.prompt(asked))
        for file in material.snapshot.files:
            if file.name in needed:
                assert texts[file.name] == file.text


def test_what_is_needed_can_be_too_much(material: Material) -> None:
    needed = [file.name for file in material.snapshot.files]
    with pytest.raises(UsageError, match="too small"):
        fitted(material, recipe(material, 1024), [wording(material)], needed=needed)


def test_without_a_text_there_is_no_haystack(make_material: MakeMaterial) -> None:
    material = make_material({})
    with pytest.raises(UsageError, match="no text"):
        fitted(material, recipe(material, 1024), [wording(material)])


def test_indexes_have_haystacks_of_their_own(material: Material) -> None:
    asked = wording(material)
    hays = {fitted(material, recipe(material, 2048, n), [asked]).haystack for n in range(4)}
    assert len(hays) == 4


def test_the_files_of_a_folder_keep_their_order(material: Material) -> None:
    asked = wording(material)
    names = list(base(fitted(material, recipe(material, 8192), [asked]).prompt(asked)))
    folders = [name.rpartition("/")[0] for name in names[:-1]]
    for folder in set(folders):
        inside = [name for name in names[:-1] if name.rpartition("/")[0] == folder]
        assert inside == sorted(inside)
        start = folders.index(folder)
        assert folders[start : start + len(inside)] == [folder] * len(inside)


def test_the_overlay_shows_a_file_again_or_says_that_it_is_gone(material: Material) -> None:
    asked = wording(material)
    later = Plant("PERIOD", "1111111", 0.4, later="2222222")
    gone = Plant("NUMBER", "3333333", 0.6, gone=True)
    hay = fitted(material, recipe(material, 4096), [asked], [later, gone])
    sections = {section.kind: section for section in hay.prompt(asked).sections}
    overlay = sections[SectionKind.OVERLAY].text
    assert "PERIOD = 1111111" in sections[SectionKind.BASE].text
    assert "PERIOD = 2222222" in overlay
    assert "1111111" not in overlay
    assert f'<file path="{hay.planted[1]}" detail="deleted"/>' in overlay
    assert f'- "{hay.planted[1]}": deleted' in sections[SectionKind.TASK].text
    assert hay.prompt(asked).total_tokens <= recipe(material, 4096).room


LANGUAGES = {
    "py": """
"Doc."

import os


def a{n}(x):
    return [
        x,
    ]


B{n} = 1
""",
    "js": """
"use strict";

import os from "os";

function a{n}(x) {{
  return x;
}}
""",
    "ts": """
export interface A{n} {{
  x: number;
}}

export const b{n} = (x: number) => x;
""",
    "go": """
package shop

import "os"

// A{n} is documented.
func A{n}() string {{
    return os.Args[0]
}}
""",
    "rs": """
//! Doc.

use std::fmt;

#[derive(Debug)]
pub struct A{n} {{
    x: u32,
}}
""",
    "java": """
package shop;

class A{n} {{
    int x;

    int get() {{
        return x;
    }}
}}
""",
    "c": """
#ifndef A{n}
#define A{n}

int a{n}(int x)
{{
    return x;
}}

int b{n};
#endif
""",
    "cpp": """
namespace shop {{

int a{n}(int x) {{
  return x;
}}

int b{n};
}}
""",
    "rb": """
module Shop
  class A{n}
    def x
      1
    end
  end
end
""",
    "php": """
<?php

namespace Shop;

function a{n}($x) {{
    return $x;
}}
""",
    "sh": """
#!/bin/sh
set -eu

a{n}() {{
    echo {n}
}}
""",
    "lua": """
local a{n} = 1

local function b{n}(x)
  return x
end
""",
    "md": """
# Heading {n}

Some words of the {n}th page, and some more of them.
""",
    "json": """
{{
  "name": "a{n}",
  "values": [1, 2, 3]
}}
""",
}


@pytest.mark.parametrize("suffix", LANGUAGES)
def test_files_of_every_language_stay_valid(suffix: str, make_material: MakeMaterial) -> None:
    files = {
        f"src/part-{n}/a{n}.{suffix}": LANGUAGES[suffix].lstrip().format(n=n) for n in range(40)
    }
    material = make_material(files)
    asked = wording(material)
    plants = [
        Plant("LIMIT_NUMBER", "4821937", 0.1),
        Plant("LIMIT_TEXT", "0c6e6a1c", 0.3, Form.TEXT),
        Plant("odd_heron", "5821937", 0.5, Form.ENTRY),
        Plant("QWERT", "48213", 0.2, linked=True),
        Plant("ZUIOP", "QWERT", 0.6, Form.ALIAS, linked=True),
        Plant("ASDFG", "ZUIOP", 0.8, Form.ALIAS, linked=True),
    ]
    hay = fitted(material, recipe(material, 2600), [asked], plants)
    texts = base(hay.prompt(asked))
    whole = list(texts.items())[:-1]
    assert all(first_error_line(name, text.encode()) is None for name, text in whole)
    is_held = suffix not in ("md", "json")
    for plant, name in zip(plants, hay.planted, strict=True):
        assert ("config/limits" in name) is not is_held
        assert sum(plant.name in line for line in texts[name].splitlines()) >= 1
        assert plant.value in texts[name]


def test_the_bytes_do_not_depend_on_the_process(material: Material) -> None:
    program = (
        "import sys; from conftest import _material, _SUBJECTS, _DEEDS, _module;"
        "from copilot.evals.ruler import RULER; from copilot.evals.model import Plan;"
        "files = {f'{s}/{d.lower()}_{s}.py': _module(s, d, n * 8 + p)"
        " for n, s in enumerate(_SUBJECTS) for p, d in enumerate(_DEEDS)};"
        "m = _material(files); plan = Plan([(4096, 3900)], 1, tasks=['vt', 'qa_2']);"
        "print(*[s.prompt.sha256 for b in RULER.batches(plan, m) for s in RULER.make(b, m)])"
    )
    found = set()
    for seed in ("0", "7"):
        paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths, "LC_ALL": "C"}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop().split()) == 2


def test_a_long_haystack_takes_a_small_multiple_of_its_bytes(material: Material) -> None:
    asked = wording(material)
    made = recipe(material, 200_000)
    fitted(material, recipe(material, 1024), [asked])
    tracemalloc.start()
    prompt = fitted(material, made, [asked], [PLANT]).prompt(asked)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = sum(len(piece) for section in prompt.sections for piece in section.pieces)
    assert prompt.total_tokens >= 0.99 * made.room
    assert peak < 8 * size


def test_room_for_files_is_what_rules_and_question_leave(material: Material) -> None:
    asked = wording(material)
    made = recipe(material, 1024)
    prompt = fitted(material, made, [asked]).prompt(asked)
    rules, _, task = prompt.sections
    assert room_for(material, made, asked) == made.room - rules.tokens - task.tokens


def test_names_that_are_no_utf8_and_files_of_one_long_line_do_no_harm(
    make_material: MakeMaterial,
) -> None:
    files = {f"src/\udcff {n}'/a{n}.js": f"export const a{n} = {n};\n" for n in range(30)}
    files |= {f"min{n}.js": f"var b = [{'1, ' * 3000}];\n" for n in range(30)}
    material = make_material(files)
    asked = wording(material)
    chain = [
        Plant("QWERT", "48213", 0.2, linked=True),
        Plant("ZUIOP", "QWERT", 0.8, Form.ALIAS, linked=True),
    ]
    for tokens in (1024, 2048, 4096):
        made = recipe(material, tokens)
        prompt = fitted(material, made, [asked], chain).prompt(asked)
        assert 0.99 * made.room <= prompt.total_tokens <= made.room
        assert "QWERT as ZUIOP" in prompt.text or "ZUIOP = QWERT" in prompt.text
