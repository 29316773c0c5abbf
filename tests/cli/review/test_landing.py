"""What a review suggests lands on the work tree or on the index, as a person decides."""

from __future__ import annotations

from pathlib import Path

from tests.cli.review.shop import SUGGESTION, Copilot, Git, Model, finding, reply


def test_suggestions_go_through_the_journal(copilot: Copilot, model: Model, repo: Path) -> None:
    url = model(reply(finding(more=SUGGESTION)))
    done = copilot("review", "--apply", "--yes", "--base-url", url, cwd=repo)
    assert done.returncode == 1, done.stderr
    assert "if prices else 0" in (repo / "shop.py").read_text()
    assert copilot("undo", cwd=repo).returncode == 0
    assert "if prices else 0" not in (repo / "shop.py").read_text()


def test_suggestions_on_the_index_alone(
    copilot: Copilot, model: Model, repo: Path, git: Git
) -> None:
    (repo / "shop.py").write_text("not staged\n")
    staged = git(repo, "ls-files", "--stage")
    url = model(reply(finding(more=SUGGESTION)))
    done = copilot("review", "--fix-staged", "--yes", "--base-url", url, cwd=repo)
    assert done.returncode == 1, done.stderr
    assert "if prices else 0" in git(repo, "show", ":shop.py")
    assert (repo / "shop.py").read_text() == "not staged\n"
    done = copilot("review", "--unfix-staged", cwd=repo)
    assert done.returncode == 0, done.stderr
    assert git(repo, "ls-files", "--stage") == staged


def test_nothing_that_a_repository_brings_is_run(
    copilot: Copilot, model: Model, repo: Path, git: Git, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    trap = f"touch {ran}; cat"
    (repo / ".gitattributes").write_text("*.py diff=trap filter=trap\n")
    git(repo, "add", ".gitattributes")
    for key in ("core.fsmonitor", "diff.external", "diff.trap.textconv", "diff.trap.command"):
        git(repo, "config", key, trap)
    for key in ("filter.trap.clean", "filter.trap.smudge", "filter.trap.process", "core.pager"):
        git(repo, "config", key, trap)
    for name in ("post-index-change", "pre-commit", "reference-transaction"):
        hook = repo / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
        hook.chmod(0o755)
    ran.unlink(missing_ok=True)
    both = "HUNK 1: looked at\nHUNK 2: looked at\n"
    url = model(reply(finding(more=SUGGESTION), hunks=both))
    done = copilot("review", "--fix-staged", "--yes", "--base-url", url, cwd=repo)
    assert done.returncode == 1, done.stderr
    copilot("review", "--unfix-staged", cwd=repo)
    copilot("review", "--worktree", "--base-url", url, cwd=repo)
    assert not ran.exists()


def test_a_person_decides_line_by_line(copilot: Copilot, model: Model, repo: Path) -> None:
    url = model(reply(finding(more=SUGGESTION)))
    options = ("--apply", "--plain", "--base-url", url)
    done = copilot("review", *options, cwd=repo, stdin="n\n")
    assert "if prices else 0" not in (repo / "shop.py").read_text()
    assert "len(prices) may be 0." in done.stderr
    copilot("review", *options, cwd=repo, stdin="y\ny\n")
    assert "if prices else 0" in (repo / "shop.py").read_text()


def test_on_the_index_nothing_is_taken_over_from_an_earlier_review(
    copilot: Copilot, model: Model, repo: Path, git: Git
) -> None:
    staged = git(repo, "ls-files", "--stage")
    url = model(reply(finding(more=SUGGESTION)))
    options = ("--fix-staged", "--plain", "--base-url", url)
    done = copilot("review", *options, cwd=repo, stdin="y\n")
    assert "changed in the index" in done.stderr
    copilot("review", "--unfix-staged", cwd=repo)
    done = copilot("review", *options, cwd=repo, stdin="q\n")
    assert "the index is as it was" in done.stderr
    assert "copilot apply" not in done.stderr
    assert git(repo, "ls-files", "--stage") == staged
