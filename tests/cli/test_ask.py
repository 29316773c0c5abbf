"""`copilot ask`: the answer on stdout, everything else beside it."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.txt": "forty-two\n"}, "app")


def test_stdout_is_the_answer_and_nothing_else(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model(
        "It is 42,\nas `app/a.txt` says. \u00e9\u2028\x1b[31m",
        usage={"prompt_tokens": 99, "completion_tokens": 9},
    )
    done = copilot("ask", "What is it?", "--base-url", url, cwd=root)
    assert done.returncode == 0
    assert done.stdout == "It is 42,\nas `app/a.txt` says. \u00e9\\u2028\\x1b[31m\n"
    assert "99 tokens read, 9 written" in done.stderr
    assert "What is it?" in asked[0]["messages"][1]["content"]
    assert "grammar" not in asked[0]


def test_json(copilot: Copilot, model: Model, root: Path, tmp_path: Path) -> None:
    listed = tmp_path / "m.json"
    usage = {"prompt_tokens": 99, "completion_tokens": 9}
    options = ("--json", "--manifest", listed, "--base-url", model("It is\x1b 42.", usage=usage))
    done = copilot("ask", "What?", *options, cwd=root)
    manifest = json.loads(listed.read_text())
    assert json.loads(done.stdout) == {
        "answer": "It is\x1b 42.",
        "complete": True,
        "model": "scripted",
        "prompt_sha256": manifest["prompt_sha256"],
        "prompt_tokens": 99,
        "reply_tokens": 9,
        "cached_tokens": None,
    }


def test_an_answer_that_ran_into_its_limit(copilot: Copilot, model: Model, root: Path) -> None:
    done = copilot("ask", "x", "--base-url", model("It is", reason="length"), cwd=root)
    assert (done.returncode, done.stdout) == (3, "It is\n")
    assert "max_reply_tokens" in done.stderr


def test_what_is_said_in_the_end_begins_its_own_line(
    copilot: Copilot, model: Model, root: Path
) -> None:
    for reason in ("", "length", "content_filter", "stop"):
        done = copilot("ask", "x", "--base-url", model("It is", reason=reason), cwd=root)
        assert done.stdout == "It is\n"


def test_an_answer_that_broke_off(copilot: Copilot, model: Model, root: Path) -> None:
    done = copilot("ask", "x", "--base-url", model("It is", reason=""), cwd=root)
    assert done.returncode == 3
    assert done.stdout.startswith("It is")
    assert "broke off" in done.stderr


@pytest.mark.parametrize(
    "reason", ["", "content_filter", "error", "abort", "insufficient_system_resource", "tool_calls"]
)
def test_what_came_of_an_answer_is_printed_and_on_record(
    copilot: Copilot, model: Model, root: Path, reason: str
) -> None:
    done = copilot("ask", "x", "--json", "--base-url", model("It is", reason=reason), cwd=root)
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert (document["answer"], document["complete"]) == ("It is", False)
    assert done.stderr.count("broke") + done.stderr.count("called a tool") == 1
    (run,) = json.loads(copilot("runs", "list", "--json", cwd=root).stdout)
    assert run["outcome"] == "broke off"


@pytest.mark.parametrize(
    ("reason", "said"),
    [("stop", "without a word"), ("tool_calls", "a tool"), ("content_filter", "refused to answer")],
)
def test_no_answer_is_none(
    copilot: Copilot, model: Model, root: Path, reason: str, said: str
) -> None:
    done = copilot("ask", "x", "--json", "--base-url", model("", reason=reason), cwd=root)
    assert (done.returncode, done.stdout) == (3, "")
    assert said in done.stderr
    assert "hint: " in done.stderr


def test_another_server_of_the_same_name_has_nothing_in_its_cache(
    copilot: Copilot, model: Model, root: Path
) -> None:
    (root / "b.txt").write_text("long enough to be told\n" * 500)
    one, other = (model("Yes.", usage={"prompt_tokens": 9}) for _ in range(2))
    told = [copilot("ask", "x", "--base-url", url, cwd=root).stderr for url in (one, other, other)]
    assert ["the cache should hold" in said for said in told] == [False, False, True]


def test_a_closed_port(fails: Fails, root: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        said = fails(3, "ask", "x", "--base-url", url, cwd=root)
    assert f"no answer from {url}: " in said
    assert "start the server" in said


@pytest.mark.parametrize("environment", [{}, {"MY_KEY": "sk-wrong"}, {"MY_KEY": "sk-right"}])
def test_keys(copilot: Copilot, model: Model, root: Path, environment: dict[str, str]) -> None:
    url = model("Yes.", key="sk-right")
    options = ["--api-key-env", "MY_KEY"] if environment else []
    done = copilot("ask", "x", *options, "--base-url", url, cwd=root, environment=environment)
    if environment.get("MY_KEY") == "sk-right":
        assert (done.returncode, done.stdout) == (0, "Yes.\n")
        return
    assert (done.returncode, done.stdout) == (3, "")
    assert "refused (401): wrong key" in done.stderr
    assert "api_key_env" in done.stderr
    assert "sk-wrong" not in done.stderr


def test_a_model_that_the_server_does_not_know(copilot: Copilot, model: Model, root: Path) -> None:
    done = copilot("ask", "x", "--model", "lost", "--base-url", model("Yes."), cwd=root)
    assert (done.returncode, done.stdout) == (3, "")
    assert "copilot: lost refused (404): no such model\nhint: check the model" in done.stderr


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--model", "lost"], "no model is named 'lost'"),
        (["--base-url", "127.0.0.1:8080"], "not a base URL"),
        (["--base-url", "http://127.0.0.1:1/v1", "--api-key-env", "NO_SUCH"], "NO_SUCH"),
    ],
)
def test_wrong_usage(fails: Fails, root: Path, options: list[str], named: str) -> None:
    assert named in fails(2, "ask", "x", *options, cwd=root)


def test_what_is_sent_to_the_users_own_model(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]], empty_home: Path
) -> None:
    url = model("Yes.", name="served-7", key="sk-right")
    config = empty_home / ".config" / "repo-copilot" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'model = "mine"\n[models.mine]\nbase_url = "{url}"\nmodel = "served-7"\n'
        'api_key_env = "MY_KEY"\ntemperature = 0.3\nmax_reply_tokens = 77\n'
    )
    environment = {"MY_KEY": "sk-right", "OPENAI_API_KEY": "sk-other"}
    assert copilot("ask", "x", cwd=root, environment=environment).returncode == 0
    (question,) = asked
    assert question["model"] == "served-7"
    assert (question["temperature"], question["max_tokens"]) == (0.3, 77)
    assert "sk-other" not in str(question)


def test_a_project_may_forbid_other_machines(
    fails: Fails, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({".copilot.toml": "local_only = true\n", "a.txt": "x\n"})
    said = fails(6, "ask", "x", "--base-url", "https://api.example.com/v1", cwd=root)
    assert "api.example.com is not this machine" in said


def test_a_repositorys_env_file_is_not_read(
    copilot: Copilot, model: Model, make_repository: Callable[..., Path]
) -> None:
    evil = "COPILOT_MODEL=evil\nOPENAI_BASE_URL=http://127.0.0.1:1/v1\n"
    root = make_repository({".env": evil, "a.txt": "x\n"})
    done = copilot("ask", "x", "--base-url", model("Yes."), cwd=root)
    assert (done.returncode, done.stdout) == (0, "Yes.\n")


@pytest.mark.xdist_group("llama")
def test_a_real_model_answers_in_a_stream(copilot: Copilot, llama_server: str, root: Path) -> None:
    config = root.parent / "config.toml"
    config.write_text(f'[models.near]\nbase_url = "{llama_server}"\nmax_reply_tokens = 12\n')
    done = copilot("ask", "Which number?", "-m", "near", "--config", config, cwd=root)
    assert done.returncode in {0, 3}, done.stderr
    assert done.stdout.strip()
    assert "tokens read" in done.stderr
