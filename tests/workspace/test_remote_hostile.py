"""Servers that want something: memory, disk, time, credentials, a way to somewhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from copilot.errors import CopilotError, UsageError
from copilot.workspace.remote_cache import keep, kept_repositories
from copilot.workspace.remote_name import RemoteName
from copilot.workspace.remote_watch import USUAL

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
GitServer = Any
# The head of a pack of one object, a blob of nearly 2**60 bytes, and the head of its contents.
_PACK = b"PACK" + (2).to_bytes(4, "big") + (1).to_bytes(4, "big")
_ENDLESS = _PACK + b"\xbf" + b"\xff" * 7 + b"\x7f" + b"\x78\x01"


@pytest.fixture
def origin(make_repository: MakeRepository) -> Path:
    return make_repository({"a.txt": "one\n"}, "origin")


@pytest.fixture
def name(git_server: GitServer, origin: Path) -> RemoteName:
    return RemoteName("lib", git_server.publish(origin, "lib"), "main")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def _nothing_left(cache: Path) -> bool:
    return kept_repositories(cache) == () and not [*cache.glob("*/*")]


def test_a_pack_that_never_ends_is_given_up(
    git_server: GitServer, name: RemoteName, cache: Path
) -> None:
    size = 60_000
    # A block that is not compressed, nor the last one (RFC 1951, 3.2.4).
    head = b"\x00" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
    git_server.endless = (b"\x01" + _ENDLESS, b"\x01" + head + os.urandom(size))
    with pytest.raises(UsageError, match="it sends more than 20,000,000 bytes"):
        keep(name, cache, bounds=replace(USUAL, fetched=20_000_000))
    assert _nothing_left(cache)


def test_a_pack_larger_than_the_bound_is_given_up(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    (origin / "large").write_bytes(os.urandom(3_000_000))
    git(origin, "add", "large")
    git(origin, "commit", "--quiet", "--message", "large")
    git_server.publish(origin, "lib")
    with pytest.raises(UsageError, match="it sends more than 1,000,000 bytes") as caught:
        keep(name, cache, bounds=replace(USUAL, fetched=1_000_000))
    assert "--root" in caught.value.hint
    assert _nothing_left(cache)
    assert keep(name, cache).revision == git(origin, "rev-parse", "HEAD").strip()


def test_a_server_that_never_stops_talking_is_given_up(
    git_server: GitServer, name: RemoteName, cache: Path
) -> None:
    words = b"\x02" + b"\x1b]0;owned\x07 Receiving objects: 50% (1/2)\r\n" * 1000
    git_server.endless = (words, words)
    with pytest.raises(UsageError, match="it says more than 1,000,000 bytes") as caught:
        keep(name, cache, bounds=replace(USUAL, said=1_000_000))
    assert caught.value.message.isprintable()
    assert _nothing_left(cache)


def test_a_server_that_says_nothing_is_given_up_and_the_kept_commit_serves(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    first = keep(name, cache)
    git(origin, "commit", "--quiet", "--allow-empty", "--message", "more")
    git_server.publish(origin, "lib")
    git_server.hold = threading.Event()
    kept = keep(name, cache, bounds=replace(USUAL, silent=1.0))
    git_server.hold.set()
    assert kept.revision == first.revision
    assert "nothing came for 1 seconds" in kept.stale


def test_progress_is_gits_own_alone(git_server: GitServer, name: RemoteName, cache: Path) -> None:
    words = b"\x02" + b"Receiving objects: 50% (31337/2)\r\n" * 1000
    git_server.endless = (words, words)
    seen: list[tuple[int, int, str]] = []

    @contextmanager
    def fetching(_name: RemoteName) -> Iterator[Callable[[int, int, str], None]]:
        yield lambda *how_far: seen.append(how_far)

    with pytest.raises(UsageError):
        keep(name, cache, fetching=fetching, bounds=replace(USUAL, said=1_000_000))
    assert seen == []


def test_few_trees_that_name_billions_of_files_are_refused(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    kind, entry = "100644 blob", git(origin, "rev-parse", "HEAD:a.txt").strip()
    for _ in range(10):
        lines = "".join(f"{kind} {entry}\t{number}\n" for number in range(10))
        command = ["git", "-C", str(origin), "mktree"]
        done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
        kind, entry = "040000 tree", done.stdout.strip()
    commit = git(origin, "commit-tree", entry, "-m", "bomb").strip()
    git(origin, "update-ref", "refs/heads/main", commit)
    git_server.publish(origin, "lib")
    with pytest.raises(UsageError, match="names more files than can be read"):
        keep(name, cache, bounds=replace(USUAL, names=1_000_000))
    assert _nothing_left(cache)


@pytest.mark.parametrize(
    "elsewhere",
    ["http://localhost:{port}", "file:///etc", "http://169.254.169.254/latest", "ext::x"],
)
def test_redirects_are_not_followed_wherever_they_lead(
    git_server: GitServer, name: RemoteName, cache: Path, elsewhere: str
) -> None:
    git_server.moved_to = elsewhere.format(port=git_server.url.rpartition(":")[2])
    with pytest.raises(UsageError) as caught:
        keep(name, cache)
    assert "redirects" in caught.value.hint
    assert len(git_server.asked) == 1


@pytest.fixture
def file_server(tmp_path: Path) -> Iterator[tuple[Path, str, list[str]]]:
    """Serve a folder's files, as web servers without git do; yield its URL and what is asked."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            asked.append(self.path)

    folder = tmp_path / "files"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}", asked
        http.shutdown()
        thread.join()


def test_a_servers_alternates_are_not_asked(
    git_server: GitServer,
    file_server: tuple[Path, str, list[str]],
    origin: Path,
    cache: Path,
    git: Git,
) -> None:
    folder, url, asked = file_server
    git(folder, "clone", "--quiet", "--bare", str(origin), "lib.git")
    bare = folder / "lib.git"
    git(bare, "update-server-info")
    for objects in (bare / "objects").glob("[0-9a-f][0-9a-f]"):
        objects.rename(folder / objects.name)
    info = bare / "objects" / "info"
    (info / "http-alternates").write_text(f"{git_server.url}/other.git/objects\n")
    (info / "alternates").write_text("/etc\n")
    with pytest.raises(CopilotError):
        keep(RemoteName("lib", f"{url}/lib.git", "main"), cache)
    assert "/lib.git/info/refs?service=git-upload-pack" in asked
    assert git_server.asked == []
    assert _nothing_left(cache)


def test_credentials_in_the_users_own_rewritten_urls_are_not_shown(
    git_server: GitServer,
    name: RemoteName,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    git_server.password = "hunter2"
    config = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    host = git_server.url.removeprefix("http://")
    for password, works in (("hunter2-wrong", False), ("hunter2", True)):
        config.write_text(
            f'[url "http://user:{password}@{host}/"]\n\tinsteadOf = {git_server.url}/\n'
        )
        if works:
            assert keep(name, cache).name.url == name.url
            continue
        with pytest.raises(UsageError) as caught:
            keep(name, cache)
        assert "hunter2" not in caught.value.message + caught.value.hint
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert files
    assert not any(b"hunter2" in path.read_bytes() for path in files)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_credentials_of_gits_helpers_are_in_no_process_list(
    git_server: GitServer,
    name: RemoteName,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    git_server.password = "hunter2"
    git_server.hold = threading.Event()
    (tmp_path / "known").write_text("username=user\npassword=hunter2\n")
    config = tmp_path / "gitconfig"
    config.write_text(f'[credential]\n\thelper = "!cat {tmp_path}/known; :"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with ThreadPoolExecutor() as pool:
        kept = pool.submit(keep, name, cache)
        assert git_server.holding.wait(60)
        lines = [_command_line(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        git_server.hold.set()
        kept.result()
    assert any(name.url.encode() in line for line in lines)
    assert not any(b"git" in line and b"hunter2" in line for line in lines)


def _command_line(file: Path) -> bytes:
    """Return a process's words; it may be gone by now."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
