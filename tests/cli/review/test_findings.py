"""`copilot review`: true findings are told, inventions dropped, and nothing unread is a pass."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.review.shop import (
    CHECK,
    SHOP,
    SUGGESTION,
    Copilot,
    Fails,
    Git,
    Model,
    finding,
    reply,
)


def test_a_true_finding(
    copilot: Copilot, model: Model, repo: Path, as_it_was: Any, asked: list[dict[str, Any]]
) -> None:
    before = as_it_was(repo)
    url = model(reply(finding()), usage={"prompt_tokens": 900, "completion_tokens": 40})
    done = copilot("review", "--base-url", url, cwd=repo)
    assert done.returncode == 1, done.stderr
    assert "shop.py:2: len(prices) may be 0. (error, correctness)" in done.stdout
    assert "return sum(prices) / len(prices)" in done.stdout
    assert "1 finding (1 error)" in done.stdout
    assert as_it_was(repo) == before
    assert "not staged" not in asked[0]["messages"][1]["content"].split("# A change to review")[1]
    assert "grammar" not in asked[0]


def test_a_pass(copilot: Copilot, model: Model, repo: Path) -> None:
    done = copilot("review", "--staged", "--base-url", model(reply()), cwd=repo)
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "pass"), done.stderr


def test_inventions_are_dropped_and_counted_and_what_is_true_is_kept(
    copilot: Copilot, model: Model, repo: Path
) -> None:
    lies = [
        finding(file="repo/lost.py"),
        finding(file="../../etc/passwd"),
        finding(line="4711"),
        finding(quote="    return sum(prices) / 0"),
        finding(severity="catastrophic"),
        finding(file="repo/notes.md", line="1", quote="n"),
        finding(quote="..."),
    ]
    true = [
        finding(),
        finding(file="repo/report.py", line="5", quote="return mean(prices)", claim="It fails."),
        finding(line="3-4", claim="The check is gone.", quote="    if not prices:"),
    ]
    mixed = [one for pair in zip(lies, [*true, *[finding()] * 4], strict=True) for one in pair]
    url = model(reply(*mixed))
    done = copilot("review", "--json", "--base-url", url, cwd=repo)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["outcome"] == "findings"
    assert document["complete"] is True
    places = [(one["path"], one["line"], one["claim"]) for one in document["findings"]]
    assert places == [
        ("report.py", 5, "It fails."),
        ("shop.py", 2, "len(prices) may be 0."),
        ("shop.py", 2, "The check is gone."),
    ]
    assert sorted(one["reason"] for one in document["dropped"]) == [
        "a file that was not shown",
        "a file that was not shown",
        "a severity that there is not",
        "nothing is quoted",
        "the place is neither in the change nor caused by it",
        "what it quotes does not stand there",
        "what it quotes stands elsewhere in the file",
    ]


@pytest.mark.parametrize(
    ("text", "reason", "note"),
    [
        ("LGTM", "stop", "breaks off"),
        ("", "stop", "breaks off"),
        ("I will not review that.", "refused", "breaks off"),
        (reply(hunks=""), "stop", "not looked at"),
        (reply(hunks="HUNK 1: not looked at\n"), "stop", "not looked at"),
        (reply()[:-20], "stop", "breaks off"),
        (reply(), "length", "limit of tokens"),
        (reply() + "And all is well!\n", "stop", "behind the closing line"),
    ],
)
def test_what_is_incomplete(
    copilot: Copilot, model: Model, repo: Path, text: str, reason: str, note: str
) -> None:
    done = copilot("review", "--json", "--base-url", model(text, reason=reason), cwd=repo)
    document = json.loads(done.stdout)
    assert (done.returncode, document["outcome"], document["findings"]) == (7, "incomplete", [])
    assert note in document["note"]


def test_an_answer_that_breaks_off_keeps_its_findings(
    copilot: Copilot, model: Model, repo: Path
) -> None:
    done = copilot("review", "--json", "--base-url", model(reply(finding()), reason=""), cwd=repo)
    document = json.loads(done.stdout)
    assert (done.returncode, document["outcome"], document["complete"]) == (1, "findings", False)


def test_a_reply_that_is_not_in_the_form_is_asked_for_once_more(
    copilot: Copilot, model: Model, repo: Path, asked: list[dict[str, Any]]
) -> None:
    url = model(f"Sure! Here is my review.\n{reply(finding())}", reply())
    done = copilot("review", "--json", "--base-url", url, cwd=repo)
    document = json.loads(done.stdout)
    # What was found at first stays found.
    assert (done.returncode, document["complete"], len(document["findings"])) == (1, True, 1)
    assert len(asked) == 2
    assert asked[1]["messages"][:2] == asked[0]["messages"]
    assert "a line of it is not in the form" in asked[1]["messages"][-1]["content"]


def test_a_prompt_that_may_have_been_cut_was_not_read(
    copilot: Copilot, model: Model, repo: Path, asked: list[dict[str, Any]], git: Git
) -> None:
    (repo / "big.py").write_text("".join(f"value_{n} = {n}\n" for n in range(800)))
    git(repo, "add", "big.py")
    both = reply(hunks="HUNK 1: looked at\nHUNK 2: looked at\n")
    for mode in ("auto", "rank"):
        done = copilot("review", "--json", "--mode", mode, "--base-url", model(both), cwd=repo)
        document = json.loads(done.stdout)
        assert (done.returncode, len(document["unread"])) == (7, 2)
        assert "marks" in document["note"]
        text = asked[-1]["messages"][1]["content"]
        words = re.findall(r"(?m)^<file-mark (\w+)>$", text)
        assert len(words) == 3, mode
        url = model(f"{both}MARKS: {' '.join(words)}\n")
        done = copilot("review", "--mode", mode, "--base-url", url, cwd=repo)
        assert done.returncode == 0, done.stdout
    # A server that counts what it reads is believed.
    counted = {"prompt_tokens": 20_000, "completion_tokens": 9}
    done = copilot("review", "--base-url", model(both, usage=counted), cwd=repo)
    assert done.returncode == 0, done.stdout
    cut = {"prompt_tokens": 900, "completion_tokens": 9}
    done = copilot("review", "--base-url", model(both, usage=cut), cwd=repo)
    assert done.returncode == 7, done.stdout
    assert "the server read 900 tokens of about" in done.stdout
    assert "marks" not in done.stdout


def test_our_own_checks_count_whatever_the_model_says(
    copilot: Copilot, model: Model, repo: Path, git: Git
) -> None:
    (repo / "key.py").write_text('password = "hunter2Kq9vXw4LmZ7tRb1"\n')
    git(repo, "add", "key.py")
    both = "HUNK 1: looked at\nHUNK 2: looked at\n"
    done = copilot("review", "--json", "--base-url", model(reply(hunks=both)), cwd=repo)
    (found,) = json.loads(done.stdout)["findings"]
    assert (done.returncode, found["path"], found["origin"]) == (1, "key.py", "check")
    assert "hunter2" not in done.stdout + done.stderr
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        done = copilot("review", "--json", "--base-url", url, cwd=repo)
    document = json.loads(done.stdout)
    assert (done.returncode, len(document["findings"])) == (1, 1)
    assert "no model looked at it" in document["note"]


def test_a_closed_port(fails: Fails, repo: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        assert "no answer from" in fails(3, "review", "--base-url", url, cwd=repo)


def test_nothing_is_staged(copilot: Copilot, model: Model, repo: Path, git: Git) -> None:
    git(repo, "reset", "--quiet", "--hard")
    done = copilot("review", "--base-url", "http://127.0.0.1:1/v1", cwd=repo)
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "pass")
    assert "nothing to review" in done.stdout


def test_other_changes(copilot: Copilot, model: Model, repo: Path, git: Git) -> None:
    url = model(reply(finding()), reply(finding()), reply(finding()))
    git(repo, "commit", "--quiet", "--message", "worse")
    done = copilot("review", "--range", "HEAD~1..HEAD", "--base-url", url, cwd=repo)
    assert (done.returncode, "shop.py:2:" in done.stdout) == (1, True), done.stderr
    patch = git(repo, "diff", "HEAD~1", "HEAD")
    git(repo, "reset", "--quiet", "--hard", "HEAD~1")
    done = copilot("review", "-", "--base-url", url, cwd=repo, stdin=patch)
    assert (done.returncode, "shop.py:2:" in done.stdout) == (1, True), done.stderr
    (repo / "shop.py").write_text(SHOP.replace(CHECK, ""))
    done = copilot("review", "--worktree", "--base-url", url, cwd=repo)
    assert (done.returncode, "shop.py:2:" in done.stdout) == (1, True), done.stderr


@pytest.fixture
def many(repo: Path, git: Git) -> Path:
    """The same repository with more changed files than one prompt of 5,000 tokens holds."""
    for n in range(12):
        (repo / f"f{n:02}.py").write_text("".join(f"value_{i} = {i}\n" for i in range(80)))
    git(repo, "add", "--all")
    git(repo, "reset", "--quiet", "shop.py", "notes.md")
    return repo


def test_several_requests_for_a_large_change(
    copilot: Copilot, model: Model, many: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("END OF REVIEW: 0 hunks, 0 findings\n")
    options = ("--json", "--budget", "5000", "--base-url", url)
    copilot("review", *options, cwd=many)
    sent = [re.findall(r'hunk="(\d+)"', one["messages"][1]["content"]) for one in asked]
    assert len(sent) > 1
    assert [int(n) for some in sent for n in some] == list(range(1, 13))
    asked.clear()
    done = copilot("review", *options, "--requests", "1", cwd=many)
    document = json.loads(done.stdout)
    assert (done.returncode, len(asked)) == (7, 1)
    assert "--requests" in document["note"]
    assert len(document["unread"]) == 12


def test_what_costs_too_much_is_not_sent(
    copilot: Copilot, model: Model, many: Path, asked: list[dict[str, Any]], empty_home: Path
) -> None:
    config = empty_home / ".config/repo-copilot/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("ask_above_tokens = 6000\n")
    options = ("--budget", "5000", "--base-url", model(reply()))
    done = copilot("review", *options, cwd=many)
    assert (done.returncode, asked) == (6, [])
    assert "above your threshold" in done.stderr


def test_binary_files_and_submodules_are_no_pass(
    copilot: Copilot, model: Model, repo: Path, git: Git
) -> None:
    (repo / "logo.png").write_bytes(b"\x89PNG\0\0")
    git(repo, "add", "logo.png")
    commit = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    done = copilot("review", "--json", "--base-url", model(reply()), cwd=repo)
    document = json.loads(done.stdout)
    assert (done.returncode, document["outcome"]) == (7, "incomplete")
    assert [one["path"] for one in document["left_out"]] == ["logo.png", "sub"]


def test_what_has_no_lines_is_shown_to_no_model(copilot: Copilot, repo: Path, git: Git) -> None:
    nobody = ("--base-url", "http://127.0.0.1:1/v1")
    git(repo, "reset", "--quiet", "--hard")
    git(repo, "mv", "notes.md", "moved.md")
    git(repo, "update-index", "--chmod=+x", "shop.py")
    done = copilot("review", *nobody, cwd=repo)
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "pass"), done.stderr
    (repo / "logo.png").write_bytes(b"\x89PNG\0\0")
    git(repo, "add", "logo.png")
    assert copilot("review", *nobody, cwd=repo).returncode == 7


def test_before_the_first_commit(copilot: Copilot, model: Model, tmp_path: Path, git: Git) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "shop.py").write_text(SHOP.replace(CHECK, ""))
    git(root, "add", "--all")
    done = copilot("review", "--base-url", model(reply(finding())), cwd=root)
    assert (done.returncode, "shop.py:2:" in done.stdout) == (1, True), done.stderr


def test_forms_for_programs(copilot: Copilot, model: Model, repo: Path) -> None:
    url = model(reply(finding(more=SUGGESTION)))
    done = copilot("review", "--lines", "--base-url", url, cwd=repo)
    assert done.stdout.startswith("shop.py:2: error: len(prices) may be 0.")
    done = copilot("review", "--sarif", "--base-url", url, cwd=repo)
    log = json.loads(done.stdout)
    (result,) = log["runs"][0]["results"]
    assert (log["version"], result["level"]) == ("2.1.0", "error")
    assert result["fixes"]


def test_runs_are_recorded(copilot: Copilot, model: Model, repo: Path) -> None:
    copilot("review", "--base-url", model(reply()), cwd=repo)
    (run,) = json.loads(copilot("runs", "list", "--json", cwd=repo).stdout)
    assert (run["command"], run["outcome"]) == ("review", "answered")
    # What was asked can be seen again, although it never lay on disk.
    (repo / "shop.py").unlink()
    done = copilot("runs", "replay", str(run["id"]), cwd=repo)
    assert done.returncode == 0, done.stderr
    assert "# A change to review" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--json", "--sarif"], "exclude each other"),
        (["--staged", "--worktree"], "exclude each other"),
        (["--range", "A..B", "-"], "exclude each other"),
        (["--last", "--range", "A..B"], "exclude each other"),
        (["--range", "--upload-pack=x"], "not a range"),
        (["--range", "lost..HEAD"], "no commit lost"),
        (["HEAD"], "not understood"),
        (["--yes"], "--yes accepts suggested changes"),
        (["--apply", "--fix-staged"], "exclude each other"),
        (["--fix-staged", "--worktree"], "--fix-staged is for what is staged"),
        (["--tui"], "--tui needs a terminal"),
        (["--unfix-staged"], "no fix of what is staged"),
        (["--staged", "-R", ".", "-R", "/"], "overlap"),
    ],
)
def test_wrong_usage(fails: Fails, repo: Path, options: list[str], said: str) -> None:
    assert said in fails(2, "review", *options, cwd=repo)


def test_last_without_any(copilot: Copilot, repo: Path) -> None:
    done = copilot("review", "--last", cwd=repo)
    assert done.returncode == 0
    assert "no hook has asked" in done.stderr


def test_a_grammar_for_servers_that_follow_one(
    copilot: Copilot, model: Model, repo: Path, asked: list[dict[str, Any]]
) -> None:
    url = model(reply(), facts={"owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}})
    done = copilot("review", "--base-url", url, cwd=repo)
    assert done.returncode == 0, done.stderr
    assert 'root ::= "HUNK 1: "' in asked[0]["grammar"]


@pytest.mark.xdist_group("llama")
def test_a_small_model_held_to_the_form(copilot: Copilot, llama_server: str, repo: Path) -> None:
    done = copilot("review", "--json", "--base-url", llama_server, cwd=repo)
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"]
    # Whatever it thinks of the change, it says so in the form, and what it quotes stands there.
    assert document["dropped"] == []
    assert document["note"] in ("", "1 hunk not looked at")
