"""What a prompt holds, how it is shown, and what is said of it before and after it is sent."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.context.tokens import count_tokens

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]
MARK = re.compile(r"<file-mark (\w+)>")


def _module(name: str, functions: int) -> str:
    bodies = (f"def {name}_{n}(value):\n    return value + {n}\n\n\n" for n in range(functions))
    return "".join(bodies)


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    """A repository of some 9,000 tokens: two modules that matter for retries, and others."""
    files = {f"src/part_{n}.py": _module(f"part_{n}", 40) for n in range(8)}
    files["src/retry.py"] = _module("retry_delay", 10)
    files["tests/test_retry.py"] = "from src.retry import retry_delay_1\n"
    files["AGENTS.md"] = "Write plainly.\n"
    return make_repository(files, "app")


def _pack(copilot: Copilot, root: Path, *options: str | Path) -> dict[str, Any]:
    done = copilot("pack", "--json", *options, cwd=root)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _by_detail(manifest: dict[str, Any], detail: str) -> set[str]:
    return {file["path"] for file in manifest["files"] if file["detail"] == detail}


def test_a_small_budget_gets_what_the_task_needs(copilot: Copilot, root: Path) -> None:
    manifest = _pack(copilot, root, "make the retry delay configurable", "--budget", "3k")
    assert manifest["total_tokens"] <= 3000
    full = _by_detail(manifest, "full")
    assert {"src/retry.py", "tests/test_retry.py", "AGENTS.md"} <= full
    assert _by_detail(manifest, "outline") | _by_detail(manifest, "path")
    reason = next(f["reason"] for f in manifest["files"] if f["path"] == "src/retry.py")
    assert "retry" in reason.partition(";")[2]


def test_a_person_may_say_what_the_task_is_about(copilot: Copilot, root: Path) -> None:
    for path in ("src/part_3.py", "app/src/part_3.py"):
        manifest = _pack(copilot, root, "mend it", "--budget", "3k", "--focus", path)
        assert "src/part_3.py" in _by_detail(manifest, "full")


def test_a_focus_that_is_nowhere_is_refused(fails: Fails, root: Path) -> None:
    said = fails(2, "pack", "--focus", "src/none.py", cwd=root)
    assert "no such file or folder" in said


def test_whole_in_a_small_budget_keeps_a_base_and_a_focus(copilot: Copilot, root: Path) -> None:
    options = ("make the retry delay configurable", "--budget", "5k", "--mode", "whole")
    manifest = _pack(copilot, root, *options)
    kinds = [section["kind"] for section in manifest["sections"]]
    assert kinds[:2] == ["rules", "base"]
    assert manifest["total_tokens"] <= 5000
    assert "src/retry.py" in _by_detail(manifest, "full")


def test_the_model_may_choose(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    url = model("app/src/part_5.py\napp/src/nowhere.py\nEND OF FILES: 2 files\n")
    listed = tmp_path / "m.json"
    options = ("--mode", "select", "--budget", "8k", "--base-url", url, "--manifest", listed)
    done = copilot("ask", "what is part 5?", *options, cwd=root)
    assert done.returncode == 0, done.stderr
    assert "the model named 1 files: app/src/part_5.py" in done.stderr
    assert "and 1 that there are not: app/src/nowhere.py" in done.stderr
    assert len(asked) == 2
    assert "Do not do the task" in asked[0]["messages"][1]["content"]
    manifest = json.loads(listed.read_text())
    assert "src/part_5.py" in _by_detail(manifest, "full")
    runs = json.loads(copilot("runs", "list", "--json").stdout)
    assert [run["mode"] for run in runs] == ["select", "select"]


def test_a_choice_that_breaks_off_is_no_choice(fails: Fails, model: Model, root: Path) -> None:
    url = model("app/src/part_5.py\napp/src/pa")
    said = fails(3, "ask", "x", "--mode", "select", "--base-url", url, cwd=root)
    assert "breaks off before its closing line" in said


def test_the_next_prompt_begins_with_the_last_one(
    copilot: Copilot, model: Model, root: Path
) -> None:
    before = copilot("pack", "--explain-cache", cwd=root)
    assert before.stdout == "nothing was sent from here yet: a cache holds none of it\n"
    copilot("ask", "one?", "--base-url", model("1"), cwd=root)
    explained = copilot("pack", "two?", "--explain-cache", cwd=root)
    reused, total = map(
        int, re.findall(r"([\d,]+) of ([\d,]+) tokens", explained.stdout.replace(",", ""))[0]
    )
    assert 0.9 * total < reused < total
    (root / "src" / "retry.py").write_text("def other():\n    return 1\n")
    changed = copilot("pack", "two?", "--explain-cache", cwd=root).stdout
    assert "app/src/retry.py was appended" in changed
    fresh = copilot("pack", "two?", "--explain-cache", "--fresh", cwd=root).stdout
    assert "stands where something else stood" in fresh


def test_what_a_request_takes_is_said_before_it(copilot: Copilot, model: Model, root: Path) -> None:
    url = model("1")
    first = copilot("ask", "one?", "--base-url", url, cwd=root)
    assert "the cache should hold" not in first.stderr
    second = copilot("ask", "two?", "--base-url", url, cwd=root)
    said, _, after = second.stderr.partition("answered in")
    assert re.search(r"[\d,]+ tokens, of which the cache should hold [\d,]+", said)
    assert after


def test_a_cache_that_forgot_is_told(copilot: Copilot, model: Model, root: Path) -> None:
    usage = {"prompt_tokens": 9000, "completion_tokens": 1}
    cached = {**usage, "prompt_tokens_details": {"cached_tokens": 0}}
    url = model("1", usage=cached)
    first = copilot("ask", "one?", "--base-url", url, cwd=root)
    assert "cache held" not in first.stderr
    second = copilot("ask", "two?", "--base-url", url, cwd=root)
    assert (
        "the server's cache held 0 tokens where the last prompt would have given" in second.stderr
    )


def test_words_that_the_model_does_not_repeat_are_missed(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    done = copilot("ask", "x?", "--base-url", model("It is 42.\nMARKS: none\n"), cwd=root)
    assert done.stdout == "It is 42.\n"
    assert "the model repeated 0 of 3 marks: the prompt may have been cut" in done.stderr
    words = MARK.findall(asked[0]["messages"][1]["content"])
    assert len(set(words)) == 3
    heard = copilot("ask", "x?", "--base-url", model(f"42\nMARKS: {' '.join(words)}"), cwd=root)
    assert heard.stdout == "42\n"
    assert "marks" not in heard.stderr


def test_a_server_that_read_a_part_is_told(copilot: Copilot, model: Model, root: Path) -> None:
    url = model("42", usage={"prompt_tokens": 2048, "completion_tokens": 1})
    done = copilot("ask", "x?", "--base-url", url, cwd=root)
    assert "the server read 2,048 tokens of about" in done.stderr


def test_llama_cpp_is_not_asked_for_marks(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("42", facts={"owned_by": "llamacpp"})
    done = copilot("ask", "x?", "--base-url", url, cwd=root)
    assert "marks" not in done.stderr
    assert "MARKS" not in asked[0]["messages"][1]["content"]


def test_above_the_threshold_nothing_is_sent_unasked(
    fails: Fails, model: Model, root: Path, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    config = tmp_path / "own.toml"
    config.write_text("ask_above_tokens = 1000\n")
    said = fails(6, "ask", "x?", "--base-url", model("42"), "--config", config, cwd=root)
    assert "above your threshold" in said
    assert asked == []


def test_other_forms_hold_every_file(copilot: Copilot, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.xml"
    assert copilot("pack", "--format", "xml", "-o", out, cwd=root).returncode == 0
    names = [file.get("path") for file in ElementTree.parse(out).iter("file")]  # noqa: S314
    assert "app/src/retry.py" in names
    assert len(names) == 11
    document = json.loads(copilot("pack", "--format", "json", "x", cwd=root).stdout)
    texts = {file["path"]: file["text"] for file in document["files"]}
    assert texts["app/src/retry.py"] == (root / "src" / "retry.py").read_text()
    assert "x" in document["task"]
    assert "## `app/src/retry.py`" in copilot("pack", "--format", "markdown", cwd=root).stdout


def test_parts_for_a_small_window(
    copilot: Copilot, fails: Fails, root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "p.txt"
    done = copilot("pack", "do it", "--split", "4k", "-o", out, cwd=root)
    assert done.returncode == 0, done.stderr
    parts = sorted(tmp_path.glob("p.txt.*"))
    assert len(parts) > 1
    assert max(count_tokens([part.read_bytes() for part in parts])) <= 4000
    assert "do it" in parts[-1].read_text()
    assert "name a file for them" in fails(2, "pack", "--split", "4k", cwd=root)


def test_the_map(copilot: Copilot, fails: Fails, root: Path, tmp_path: Path) -> None:
    drawn = copilot("pack", "--map", cwd=root, environment={"COLUMNS": "100", "LINES": "40"})
    assert "src/" in drawn.stdout
    assert "retry.py" in drawn.stdout
    picture = tmp_path / "map.svg"
    copilot("pack", "--map", picture, cwd=root)
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")  # noqa: S314
    assert "--map FILE.svg" in fails(2, "pack", "--map=x.png", cwd=root)


@pytest.mark.parametrize(
    "options", [("--mode", "select"), ("--split", "4k", "--format", "xml"), ("--map=x",)]
)
def test_options_that_make_no_sense(fails: Fails, root: Path, options: tuple[str, ...]) -> None:
    fails(2, "pack", *options, cwd=root)
