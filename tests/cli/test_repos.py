"""Repositories elsewhere, from the command line: read with --repo, kept with `copilot repos`."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
MakeRepository = Callable[..., Path]
Git = Callable[..., str]
GitServer = Any


@pytest.fixture
def app(make_repository: MakeRepository) -> Path:
    return make_repository({"main.py": "print('app')\n"}, "app")


@pytest.fixture
def far(git_server: GitServer, make_repository: MakeRepository) -> Callable[..., str]:
    """Publish a repository whose one file names it, and return its URL."""

    def make(name: str) -> str:
        root = make_repository({f"{name}.py": f"NAME = {name!r}\n"}, f"far-{name}")
        return str(git_server.publish(root, name))

    return make


@pytest.fixture
def configured(empty_home: Path) -> Callable[[str], None]:
    """Write the user's own configuration."""

    def write(text: str) -> None:
        file = empty_home / ".config" / "repo-copilot" / "config.toml"
        file.parent.mkdir(parents=True)
        file.write_text(text)

    return write


def test_three_far_and_two_local_repositories_with_and_without_their_server(
    copilot: Copilot,
    git_server: GitServer,
    far: Callable[..., str],
    app: Path,
    make_repository: MakeRepository,
    configured: Callable[[str], None],
    git: Git,
    tmp_path: Path,
) -> None:
    configured(f'[remotes]\nwork = "{git_server.url}/{{path}}.git"\n')
    lib = make_repository({"lib.py": "LIB = 1\n"}, "lib")
    for name in ("team/one", "two"):
        far(name.replace("/", "-"))
    git_server.publish(tmp_path / "far-team-one", "team/one")
    pinned = far("three")
    commit = git(tmp_path / "far-three", "rev-parse", "HEAD").strip()
    repos = ["work:team/one@main", f"zwei={git_server.url}/two.git", f"{pinned}@{commit}"]
    options = [part for repo in repos for part in ("--repo", repo)]
    made = []
    for number in range(2):
        out, listed = tmp_path / f"{number}.txt", tmp_path / f"{number}.json"
        done = copilot(
            *("pack", "Mend it", "-R", app, "-R", f"bib={lib}", *options),
            *("-o", out, "--manifest", listed),
        )
        assert done.returncode == 0, done.stderr
        made.append((out.read_bytes(), listed.read_bytes(), done.stderr))
        git_server.stop()
    assert made[0][:2] == made[1][:2]
    prompt, manifest = made[0][0].decode(), json.loads(made[0][1])
    names = ["one/team-one.py", "three/three.py", "zwei/two.py", "app/main.py", "bib/lib.py"]
    places = [prompt.index(f'path="{name}"') for name in names]
    assert places == sorted(places)
    assert "Read-only: `one/`, `zwei/`, `three/`." in prompt
    described = {one["alias"]: one for one in manifest["repositories"]}
    assert described["three"] == {
        "alias": "three",
        "url": pinned,
        "revision": commit,
        "dirty": False,
    }
    assert described["one"]["url"] == f"{git_server.url}/team/one.git"
    assert set(described["app"]) == {"alias", "root", "revision", "dirty"}
    assert " as kept " not in made[0][2]
    kept = [line for line in made[1][2].splitlines() if " as kept " in line]
    assert [line.split(":")[0] for line in kept] == ["one", "zwei"]
    assert all(" ago (" in line for line in kept)


def test_a_prompt_without_far_repositories_says_nothing_of_them(
    copilot: Copilot, app: Path
) -> None:
    assert "Read-only" not in copilot("pack", "Mend it", "-R", app).stdout


def test_an_edit_of_a_far_repository_is_refused(
    copilot: Copilot,
    fails: Fails,
    app: Path,
    far: Callable[..., str],
    model: Callable[..., str],
    block: Callable[..., str],
    reply: Callable[..., str],
    tree: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    before = tree(app)
    edits = (
        block("app/main.py", "print('app')\n", "print('x')\n"),
        block("lib/one.py", "NAME = 'one'\n", "NAME = 'two'\n"),
        "lib/new.py\n<<<<<<< CREATE\nx\n>>>>>>> END\n\n",
    )
    text = reply(*edits, files=3)
    whom = ("--base-url", model(text), "--model", "scripted")
    options = ("-R", app, "--repo", f"lib={far('one')}")
    said = fails(5, "edit", "Rename it", *options, *whom, "--yes")
    assert said.count("lies in lib, a repository that is only read") == 2
    (tmp_path / "reply.txt").write_text(text)
    applied = copilot("apply", tmp_path / "reply.txt", *options, "--yes")
    assert (applied.returncode, applied.stderr.count("only read")) == (5, 2)
    assert tree(app) == before


def test_an_edit_beside_a_far_repository_lands_and_is_checked_without_it(
    copilot: Copilot,
    app: Path,
    far: Callable[..., str],
    model: Callable[..., str],
    block: Callable[..., str],
    reply: Callable[..., str],
) -> None:
    text = reply(block("app/main.py", "print('app')\n", "print('x')\n"))
    whom = ("--base-url", model(text), "--model", "scripted")
    check = ("--check", "test -e main.py && ! test -e ../lib")
    options = ("-R", app, "--repo", f"lib={far('one')}", *check)
    done = copilot("edit", "Rename it", *options, *whom, "--yes")
    assert done.returncode == 0, done.stderr
    assert (app / "main.py").read_text() == "print('x')\n"


@pytest.mark.parametrize(
    ("code", "repo"),
    [
        (6, "http://user:hunter2@127.0.0.1:1/x.git"),
        (6, "https://hunter2@github.com/o/n"),
        (6, "file:///etc"),
        (2, "ext::sh -c touch% hunter2"),
        (2, "--upload-pack=x"),
        (2, "nowhere:o/n"),
        (2, "{url}/none.git"),
        (2, "{url}/one.git@none"),
        (7, "http://127.0.0.1:1/x.git"),
    ],
)
def test_what_cannot_be_had_is_said_in_a_line_with_a_hint(
    fails: Fails, app: Path, far: Callable[..., str], git_server: GitServer, code: int, repo: str
) -> None:
    far("one")
    value = repo.format(url=git_server.url)
    for command in (["pack", "-R", app, f"--repo={value}"], ["repos", "add", "--", value]):
        said = fails(code, *command)
        assert len(said.splitlines()) == 2, said
        assert "hunter2" not in said


def test_local_only_refuses_what_is_not_kept(fails: Fails, app: Path) -> None:
    environment = {"COPILOT_LOCAL_ONLY": "1"}
    said = fails(
        *(6, "pack", "-R", app, "--repo", "https://example.invalid/x.git"), environment=environment
    )
    assert "local_only is set, and https://example.invalid/x.git is not kept" in said


def test_add_list_update_remove(
    copilot: Copilot,
    fails: Fails,
    far: Callable[..., str],
    git_server: GitServer,
    git: Git,
    tmp_path: Path,
    empty_home: Path,
) -> None:
    one, two, root = far("one"), far("two"), tmp_path / "far-one"
    old = git(root, "rev-parse", "HEAD").strip()
    added = copilot("repos", "add", f"{one}@main", two)
    assert [line.split("  ")[:2] for line in added.stdout.splitlines()] == [
        [f"{one}@main", old[:12]],
        [two, git(tmp_path / "far-two", "rev-parse", "HEAD").strip()[:12]],
    ]
    rows = json.loads(copilot("repos", "list", "--json").stdout)
    assert [(row["url"], row["ref"]) for row in rows] == [(one, "main"), (two, "HEAD")]
    assert rows[0]["revision"] == old
    assert rows[0]["bytes"] > 0
    listed = copilot("repos", "list")
    assert listed.stdout.count(" ago  ") == 2
    assert listed.stderr.endswith(" MB in all\n")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "more")
    new = git(root, "rev-parse", "HEAD").strip()
    git_server.publish(root, "one")
    updated = copilot("repos", "update").stderr.splitlines()
    assert updated == [
        *(f"fetching {one}@main", f"{one}@main: {old[:12]} -> {new[:12]}", f"{two}: unchanged")
    ]
    kept = empty_home / ".cache" / "repo-copilot" / "repositories"
    assert {path.name for path in kept.glob("*/*") if path.is_dir()} >= {new}
    assert not list(kept.glob(f"*/{old}"))
    assert copilot("repos", "remove", f"{one}@main", two).returncode == 0
    assert json.loads(copilot("repos", "list", "--json").stdout) == []
    assert [path for path in kept.iterdir() if path.is_dir()] == []
    for command in ("remove", "update"):
        assert "is not kept" in fails(2, "repos", command, two)


def test_no_more_is_kept_than_the_user_allows(
    copilot: Copilot, far: Callable[..., str], configured: Callable[[str], None]
) -> None:
    one, two = far("one"), far("two")
    copilot("repos", "add", one)
    configured("repos_mb = 0\n")
    said = copilot("repos", "add", two).stderr
    assert f"no longer kept, for want of room (repos_mb): {one}\n" in said
    assert [row["url"] for row in json.loads(copilot("repos", "list", "--json").stdout)] == [two]


def test_several_processes_fetch_once(far: Callable[..., str], git_server: GitServer) -> None:
    command = [sys.executable, "-m", "copilot", "repos", "add", far("one")]
    running = [
        subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    done = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], done
    assert git_server.packs == 1


def test_a_process_killed_while_it_fetches_leaves_nothing_half(
    copilot: Copilot, far: Callable[..., str], git_server: GitServer, empty_home: Path
) -> None:
    url = far("one")
    release = git_server.hold = threading.Event()
    command = [sys.executable, "-m", "copilot", "repos", "add", url]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killed:
        assert git_server.holding.wait(60)
        killed.kill()
    assert json.loads(copilot("repos", "list", "--json").stdout) == []
    git_server.hold = None
    assert copilot("repos", "add", url).returncode == 0
    (row,) = json.loads(copilot("repos", "list", "--json").stdout)
    (folder,) = (empty_home / ".cache" / "repo-copilot" / "repositories").glob("one-*/")
    # The git of the killed process still waits for its server, and holds where it writes.
    (unfinished,) = folder.glob("fetch-*")
    release.set()
    held = os.open(unfinished, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.close(held)
    assert copilot("repos", "update").returncode == 0
    assert {path.name for path in folder.iterdir()} == {row["revision"], "kept.json"}


def test_an_interrupted_fetch_ends_all_that_it_started(
    far: Callable[..., str], git_server: GitServer, empty_home: Path
) -> None:
    git_server.hold = threading.Event()
    command = [sys.executable, "-m", "copilot", "repos", "add", far("one")]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A shell has what it runs in the background ignore interrupts, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert git_server.holding.wait(60)
        process.send_signal(signal.SIGINT)
    git_server.hold.set()
    assert process.returncode == 130
    (folder,) = (empty_home / ".cache" / "repo-copilot" / "repositories").glob("one-*/")
    assert list(folder.iterdir()) == []


def test_how_far_a_fetch_is_shows_in_a_terminal_only(
    copilot: Copilot, far: Callable[..., str]
) -> None:
    url = far("one")
    piped = copilot("repos", "add", url)
    assert piped.stderr == f"fetching {url}\n"
    copilot("repos", "remove", url)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "copilot", "repos", "add", url]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        command, env=environment, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = _read_all(ours)
    assert process.returncode == 0
    assert "fetching one" in shown
    assert "3/3" in shown


def _read_all(terminal: int) -> str:
    """Read until nobody has the terminal's other end."""
    pieces = []
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces).decode()


def test_a_run_tells_which_commits_were_read(
    copilot: Copilot,
    app: Path,
    far: Callable[..., str],
    model: Callable[..., str],
    git: Git,
    tmp_path: Path,
) -> None:
    whom = ("--base-url", model("It does."), "--model", "scripted")
    url = far("one")
    assert copilot("ask", "Why?", "-R", app, "--repo", f"lib={url}@main", *whom).returncode == 0
    assert copilot("ask", "Why?", "-R", app, *whom).returncode == 0
    latest, run = json.loads(copilot("runs", "list", "--json").stdout)
    head = git(tmp_path / "far-one", "rev-parse", "HEAD").strip()
    assert run["read_only"] == f"lib={url}@{head}"
    assert latest["read_only"] == ""


def test_a_template_with_credentials_is_refused(
    fails: Fails, app: Path, configured: Callable[[str], None]
) -> None:
    configured('remotes.work = "https://user:hunter2@example.com/{path}.git"\n')
    said = fails(2, "pack", "-R", app, "--repo", "work:a/b")
    assert "remotes.work holds a name or password" in said
    assert "hunter2" not in said
