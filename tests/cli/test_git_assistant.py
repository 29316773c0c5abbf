"""Review, message and hooks from end to end: real repositories in every state, real commits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
MakeRepository = Callable[..., Path]

MESSAGE = "Say what changed"
_EMBEDDED = "qwen2.5-coder-0.5b"
# On a machine without a graphics card, each takes a while.
_FEW_TOKENS = 150
_HUNK = re.compile(r'<\S+ hunk="(\d+)" path="([^"]+)"')
_BUG = re.compile(r"^ *(\d+) \+ (.*BUG.*)$", re.MULTILINE)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _review(asked: str) -> str:
    """Return what an attentive reviewer says: each hunk was looked at, each BUG is found."""
    hunks = _HUNK.findall(asked)
    found = []
    for part in re.split(r'(?=<\S+ hunk="\d)', asked)[1:]:
        head = _HUNK.match(part)
        path = head[2] if head else ""
        found += [(path, line, text) for line, text in _BUG.findall(part)]
    said = [f"HUNK {number}: looked at\n" for number, _ in hunks]
    said += [
        f"FINDING\nfile: {path}\nline: {line}\nevidence:\n> {text}\nclaim: This is a bug.\n"
        "severity: error\ncategory: correctness\nEND FINDING\n"
        for path, line, text in found
    ]
    closing = f"{_counted(len(hunks), 'hunk')}, {_counted(len(found), 'finding')}"
    return f"{''.join(said)}END OF REVIEW: {closing}\n"


@pytest.fixture
def reviewer() -> Iterator[str]:
    """Serve a model that reviews what it is shown, and writes one message for all; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(json.dumps({"data": [{"id": "scripted"}]}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked = body["messages"][-1]["content"]
            reply = _review(asked) if "END OF REVIEW" in asked else f"{MESSAGE}\n"
            chunks = [
                {"choices": [{"delta": {"content": reply}}]},
                {"choices": [{"delta": {}, "finish_reason": "stop"}]},
            ]
            stream = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
            self._answer(f"{stream}data: [DONE]\n\n".encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def _settle(home: Path, model: str) -> None:
    """Make a model the user's; hooks wait long."""
    config = home / ".config" / "repo-copilot" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'model = "mine"\nhook_seconds = 240\n[models.mine]\n{model}')


@pytest.fixture
def settled(reviewer: str, empty_home: Path) -> None:
    """Make that reviewer the user's model."""
    _settle(empty_home, f'base_url = "{reviewer}"\nmodel = "scripted"\nwindow = 30000\n')


def _state(root: Path, git: Git) -> dict[str, object]:
    """Return index, stash and work tree, with the times and modes of all files."""
    top = Path(git(root, "rev-parse", "--absolute-git-dir").strip())
    common = root / git(root, "rev-parse", "--git-common-dir").strip()
    files = [path for path in sorted(root.rglob("*")) if ".git" not in path.parts]
    files += [top / "index", common / "refs" / "stash", common / "logs" / "refs" / "stash"]
    found: dict[str, object] = {}
    for path in files:
        if path.is_symlink() or path.is_file():
            data = str(path.readlink()) if path.is_symlink() else path.read_bytes()
            facts = path.lstat()
            found[str(path)] = (data, facts.st_mode, facts.st_mtime_ns, facts.st_ino)
    return found


def _but_the_index(state: dict[str, object]) -> dict[str, object]:
    return {path: facts for path, facts in state.items() if not path.endswith("/index")}


Stage = Callable[[Path, Git], Path]


def _staged(root: Path, git: Git) -> Path:
    (root / "a.py").write_text("one = 1\ntwo = 2\n")
    git(root, "add", "a.py")
    return root


def _partly(root: Path, git: Git) -> Path:
    _staged(root, git)
    (root / "a.py").write_text("one = 1\ntwo = 'BUG on disk only'\n")
    (root / "b.py").write_text("three = 'BUG on disk only'\n")
    (root / "untracked.py").write_text("four = 'BUG on disk only'\n")
    return root


def _renamed(root: Path, git: Git) -> Path:
    git(root, "mv", "b.py", "c.py")
    return root


def _renamed_and_changed(root: Path, git: Git) -> Path:
    git(root, "mv", "long.py", "longer.py")
    (root / "longer.py").write_text((root / "longer.py").read_text() + "last = 1\n")
    git(root, "add", "longer.py")
    return root


def _deleted(root: Path, git: Git) -> Path:
    git(root, "rm", "--quiet", "b.py")
    return root


def _binary(root: Path, git: Git) -> Path:
    (root / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    git(root, "add", "picture.png")
    return root


def _mode(root: Path, git: Git) -> Path:
    (root / "a.py").chmod(0o755)
    git(root, "add", "a.py")
    return root


def _link(root: Path, git: Git) -> Path:
    (root / "b.py").unlink()
    (root / "b.py").symlink_to("a.py")
    git(root, "add", "b.py")
    return root


def _submodule(root: Path, git: Git) -> Path:
    other = root.parent / "other"
    git(root.parent, "clone", "--quiet", str(root), str(other))
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    return root


def _inside_a_submodule(root: Path, git: Git) -> Path:
    _submodule(root, git)
    return _staged(root / "sub", git)


def _folder_of_git_elsewhere(root: Path, git: Git) -> Path:
    git(root, "init", "--quiet", "--separate-git-dir", str(root.parent / "state"))
    return _staged(root, git)


def _empty(root: Path, git: Git) -> Path:
    (root / "empty.py").touch()
    git(root, "add", "empty.py")
    return root


def _unborn(root: Path, git: Git) -> Path:
    new = root.parent / "new"
    new.mkdir()
    git(new, "init", "--quiet", "--initial-branch=main")
    (new / "a.py").write_text("one = 1\n")
    git(new, "add", "a.py")
    return new


def _worktree(root: Path, git: Git) -> Path:
    git(root, "worktree", "add", "--quiet", "../second")
    return _staged(root.parent / "second", git)


def _sparse(root: Path, git: Git) -> Path:
    git(root, "sparse-checkout", "set", "--no-cone", "/a.py")
    assert not (root / "b.py").exists()
    return _staged(root, git)


def _detached(root: Path, git: Git) -> Path:
    git(root, "switch", "--quiet", "--detach")
    return _staged(root, git)


def _stashed(root: Path, git: Git) -> Path:
    (root / "b.py").write_text("kept = 'in the stash'\n")
    git(root, "stash", "push", "--quiet")
    return _staged(root, git)


def _odd_names(root: Path, git: Git) -> Path:
    for name in (b"two words.py", b"quo\"te'.py", b"line\nfeed.py", b"-dash.py", b"b\xfft.py"):
        (root / os.fsdecode(name)).write_text("one = 1\n")
    git(root, "add", "--all")
    return root


def _line_ends(root: Path, git: Git) -> Path:
    (root / "a.py").write_bytes(b"one = 1\r\ntwo = 2")
    git(root, "-c", "core.autocrlf=false", "add", "a.py")
    return root


def _intended(root: Path, git: Git) -> Path:
    (root / "later.py").write_text("later = 'BUG that is not staged'\n")
    git(root, "add", "--intent-to-add", "later.py")
    return _staged(root, git)


SITUATIONS: dict[str, tuple[Stage, int]] = {
    "staged": (_staged, 0),
    "partly staged": (_partly, 0),
    "renamed": (_renamed, 0),
    "renamed and changed": (_renamed_and_changed, 0),
    "deleted": (_deleted, 0),
    "binary": (_binary, 7),
    "mode": (_mode, 0),
    "link": (_link, 0),
    # .gitmodules is named by our own checks.
    "submodule": (_submodule, 1),
    "inside a submodule": (_inside_a_submodule, 0),
    "folder of git elsewhere": (_folder_of_git_elsewhere, 0),
    "empty": (_empty, 0),
    "unborn": (_unborn, 0),
    "worktree": (_worktree, 0),
    "sparse": (_sparse, 0),
    "detached": (_detached, 0),
    "stashed": (_stashed, 0),
    "odd names": (_odd_names, 0),
    "line ends": (_line_ends, 0),
    "intended": (_intended, 0),
}


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    return make_repository(
        {
            "a.py": "one = 1\n",
            "b.py": "def run():\n    return one\n",
            "long.py": "".join(f"line_{number} = {number}\n" for number in range(20)),
        },
        "app",
    )


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_staged_is_reviewed_described_and_committed(
    name: str, root: Path, git: Git, copilot: Copilot, settled: None
) -> None:
    stage, expected = SITUATIONS[name]
    place = stage(root, git)
    before = _state(place, git)
    review = copilot("review", "--staged", "--json", cwd=place)
    assert review.returncode == expected, review.stdout + review.stderr
    found = json.loads(review.stdout)["findings"]
    assert [one for one in found if one["origin"] == "model"] == []
    assert _state(place, git) == before
    message = copilot("message", cwd=place)
    assert (message.returncode, message.stdout) == (0, f"{MESSAGE}\n"), message.stderr
    assert _state(place, git) == before
    copilot("hook", "install", cwd=place)
    assert _state(place, git) == before
    tree = git(place, "write-tree")
    done = subprocess.run(
        ["git", "-C", str(place), "commit", "--quiet"],
        env={**os.environ, "GIT_EDITOR": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert git(place, "log", "-1", "--format=%B").strip() == MESSAGE
    assert git(place, "rev-parse", "HEAD^{tree}") == tree
    assert _but_the_index(_state(place, git)) == _but_the_index(before)


def test_a_bug_that_is_staged_holds_the_commit_back(
    root: Path, git: Git, copilot: Copilot, settled: None
) -> None:
    (root / "a.py").write_text("one = 1\ntwo = 'BUG'\n")
    git(root, "add", "a.py")
    (root / "a.py").write_text("one = 1\n")
    copilot("hook", "install", cwd=root)
    # The index is refreshed by git commit itself.
    before, entries = _but_the_index(_state(root, git)), git(root, "ls-files", "--stage")
    commit = ["git", "-C", str(root), "commit", "--quiet"]
    environment = {**os.environ, "GIT_EDITOR": "true"}
    for _ in range(2):
        done = subprocess.run(commit, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "a.py:2: This is a bug. (error, correctness)" in done.stderr
        assert _but_the_index(_state(root, git)) == before
        assert git(root, "ls-files", "--stage") == entries
    state = _state(root, git)
    lines = copilot("review", "--lines", cwd=root)
    assert (lines.returncode, lines.stdout) == (1, "a.py:2: error: This is a bug. [correctness]\n")
    assert _state(root, git) == state
    git(root, "commit", "--quiet", "--no-verify", "--message", "all the same")
    assert git(root, "log", "--format=%s").splitlines() == ["all the same", "start"]


@pytest.mark.xdist_group("llama")
def test_the_embedded_model_reviews_and_describes(
    root: Path, git: Git, copilot: Copilot, llama_server: str, empty_home: Path
) -> None:
    """A small model may say anything; what is made of that is in form, and nothing is touched."""
    _settle(
        empty_home,
        f'base_url = "{llama_server}"\nmodel = "{_EMBEDDED}"\nmax_reply_tokens = {_FEW_TOKENS}\n',
    )
    _staged(root, git)
    before = _state(root, git)
    review = copilot("review", "--json", cwd=root)
    outcomes = {0: "pass", 1: "findings", 7: "incomplete"}
    told = json.loads(review.stdout)
    assert told["outcome"] == outcomes[review.returncode]
    assert told["complete"] or review.returncode != 0
    message = copilot("message", cwd=root)
    subject, _, rest = message.stdout.partition("\n")
    assert message.returncode in {0, 3}, message.stderr
    assert bool(subject) == (message.returncode == 0)
    assert len(subject) <= 72
    assert rest == "" or rest.startswith("\n")
    assert _state(root, git) == before
