"""Fetching and keeping, against a real git server on loopback and over ssh's own protocol."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from copilot.errors import PolicyRefused, UsageError
from copilot.workspace.remote_cache import (
    forget,
    keep,
    kept_repositories,
    shrink,
    tidy,
)
from copilot.workspace.remote_git import RemoteUnreachable
from copilot.workspace.remote_name import RemoteName
from copilot.workspace.remote_watch import Progress

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
GitServer = Any


@pytest.fixture
def origin(make_repository: MakeRepository) -> Path:
    return make_repository({"a.txt": "one\n", "b.txt": "x" * 5000}, "origin")


@pytest.fixture
def name(git_server: GitServer, origin: Path) -> RemoteName:
    return RemoteName("lib", git_server.publish(origin, "lib"), "main")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "repositories"


def _commit(root: Path, git: Git, text: str = "two\n") -> str:
    (root / "a.txt").write_text(text)
    git(root, "commit", "--quiet", "--all", "--message", "more")
    return git(root, "rev-parse", "HEAD").strip()


def _left(cache: Path) -> set[str]:
    """What lies in the only repository's folder of the cache."""
    (folder,) = (path for path in cache.iterdir() if path.is_dir())
    return {path.name for path in folder.iterdir()}


def test_a_commit_is_fetched_once_and_its_branch_looked_up_again(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    first = keep(name, cache)
    assert first.revision == git(origin, "rev-parse", "HEAD").strip()
    assert keep(name, cache).revision == first.revision
    assert git_server.packs == 1
    newer = _commit(origin, git)
    git_server.publish(origin, "lib")
    assert keep(name, cache).revision == newer
    assert git_server.packs == 2
    assert _left(cache) == {first.revision, newer, "kept.json"}
    del first
    keep(name, cache)
    assert _left(cache) == {newer, "kept.json"}


def test_it_is_bare_shallow_and_without_hooks(
    name: RemoteName, cache: Path, origin: Path, git: Git, git_server: GitServer
) -> None:
    _commit(origin, git)
    git(origin, "tag", "v1")
    git_server.publish(origin, "lib")
    kept = keep(name, cache)
    where = f"--git-dir={kept.git_dir}"
    assert git(cache, where, "rev-list", "--count", kept.revision).strip() == "1"
    assert git(cache, where, "for-each-ref") == ""
    assert not (kept.git_dir / "hooks").exists()
    assert not list(kept.git_dir.rglob("a.txt"))


def test_refs_mean_what_git_says(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    old = git(origin, "rev-parse", "HEAD").strip()
    git(origin, "tag", "--annotate", "--message", "first", "v1")
    git(origin, "tag", "both")
    git(origin, "update-ref", "refs/pull/7/head", old)
    new = _commit(origin, git)
    git(origin, "branch", "both")
    git(origin, "branch", "deep/main", old)
    git_server.publish(origin, "lib")
    meanings = {"HEAD": new, "main": new, "deep/main": old, "v1": old, "both": old}
    meanings |= {"refs/heads/both": new, "refs/pull/7/head": old, old: old, new: new}
    for ref, revision in meanings.items():
        assert keep(replace(name, ref=ref), cache).revision == revision, ref


def test_a_full_commit_id_needs_the_network_once(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    old = git(origin, "rev-parse", "HEAD").strip()
    _commit(origin, git)
    git_server.publish(origin, "lib")
    pinned = replace(name, ref=old)
    keep(pinned, cache)
    asked = len(git_server.asked)
    assert keep(pinned, cache).stale == ""
    assert len(git_server.asked) == asked
    git_server.stop()
    assert keep(pinned, cache).revision == old


def test_a_commit_fetched_under_another_name_serves_by_its_id_too(
    git_server: GitServer, name: RemoteName, cache: Path
) -> None:
    kept = keep(name, cache)
    git_server.stop()
    assert keep(replace(name, ref=kept.revision), cache).git_dir == kept.git_dir
    forget(name, cache)
    assert [one.name.ref for one in kept_repositories(cache)] == [kept.revision]


def test_it_is_told_before_a_commit_is_fetched(name: RemoteName, cache: Path) -> None:
    told: list[RemoteName] = []
    seen: list[tuple[int, int, str]] = []

    @contextmanager
    def fetching(fetched: RemoteName) -> Iterator[Progress]:
        told.append(fetched)
        yield lambda *how_far: seen.append(how_far)

    for _ in range(2):
        keep(name, cache, fetching=fetching)
    assert told == [name]
    assert (4, 4, "receiving") in seen


def test_with_the_server_gone_the_kept_commit_serves(
    git_server: GitServer, name: RemoteName, cache: Path
) -> None:
    first = keep(name, cache)
    git_server.stop()
    kept = keep(name, cache)
    assert (kept.revision, kept.fetched) == (first.revision, first.fetched)
    assert name.url in kept.stale
    with pytest.raises(RemoteUnreachable, match="cannot fetch"):
        keep(replace(name, ref="other"), cache)


def test_an_interrupted_fetch_leaves_nothing_half(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    git_server.breaks_after = 300
    with pytest.raises(RemoteUnreachable):
        keep(name, cache)
    assert _left(cache) == set()
    assert kept_repositories(cache) == ()
    git_server.breaks_after = None
    first = keep(name, cache)
    _commit(origin, git, "three\n" * 1000)
    git_server.publish(origin, "lib")
    git_server.breaks_after = 300
    assert keep(name, cache).revision == first.revision
    assert _left(cache) == {first.revision, "kept.json"}


def test_what_a_killed_process_left_goes_with_the_next_fetch(name: RemoteName, cache: Path) -> None:
    kept = keep(name, cache)
    abandoned = kept.git_dir.parent / "fetch-abc" / "git" / "objects"
    abandoned.mkdir(parents=True)
    keep(name, cache)
    assert _left(cache) == {kept.revision, "kept.json"}


@pytest.mark.parametrize("damage", [b"", b"{", b'{"url": 1}', b"\xff\x00"])
def test_a_damaged_record_is_written_anew(name: RemoteName, cache: Path, damage: bytes) -> None:
    kept = keep(name, cache)
    (kept.git_dir.parent / "kept.json").write_bytes(damage)
    assert kept_repositories(cache) == ()
    assert keep(name, cache).revision == kept.revision
    assert len(kept_repositories(cache)) == 1


def test_a_commit_that_no_ref_leads_to_goes(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    first = keep(name, cache).revision
    pinned = replace(name, ref=first)
    keep(pinned, cache)
    for text in ("two\n", "three\n", "four\n"):
        last = _commit(origin, git, text)
        git_server.publish(origin, "lib")
        keep(name, cache)
        assert _left(cache) == {first, last, "kept.json"}
    forget(name, cache)
    assert _left(cache) == {first, "kept.json"}
    forget(pinned, cache)
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_what_somebody_reads_is_not_removed(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    reading = keep(name, cache)
    forget(name, cache)
    assert kept_repositories(cache) == ()
    assert _left(cache) == {reading.revision}
    assert git(reading.git_dir, "show", f"{reading.revision}:a.txt") == "one\n"
    tidy(cache)
    assert _left(cache) == {reading.revision}
    del reading
    tidy(cache)
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_what_another_process_reads_is_not_removed(name: RemoteName, cache: Path) -> None:
    place = keep(name, cache).git_dir
    held = os.open(place, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    forget(name, cache)
    assert _left(cache) == {place.name}
    os.close(held)
    tidy(cache)
    assert not place.exists()


def test_what_was_used_least_lately_goes_first(
    git_server: GitServer, make_repository: MakeRepository, cache: Path
) -> None:
    names = []
    for word in ("old", "middle", "new"):
        root = make_repository({"a.bin": os.urandom(100_000)}, f"from-{word}")
        names.append(RemoteName(word, git_server.publish(root, word)))
    for age, name in enumerate(reversed(names)):
        place = keep(name, cache).git_dir
        os.utime(place, (1_000_000 - age, 1_000_000 - age))
    assert shrink(cache, 10_000_000, ()) == []
    assert [name.url for name in shrink(cache, 250_000, ())] == [names[0].url]
    assert [name.url for name in shrink(cache, 0, names[1:2])] == [names[2].url]
    assert [kept.name.url for kept in kept_repositories(cache)] == [names[1].url]
    keep(names[1], cache)
    (kept,) = kept_repositories(cache)
    assert kept.git_dir.stat().st_mtime > 1_000_000


def test_tidying_leaves_what_is_kept_and_a_fetch_that_goes_on(
    name: RemoteName, cache: Path
) -> None:
    kept = keep(name, cache)
    place = kept.git_dir.parent
    (place / "fetch-abandoned" / "git").mkdir(parents=True)
    (place / ".gone-abandoned" / "git").mkdir(parents=True)
    (place / "fetch-going-on").mkdir()
    held = os.open(place / "fetch-going-on", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    tidy(cache)
    assert _left(cache) == {kept.revision, "kept.json", "fetch-going-on"}
    with FileLock(f"{place}.lock"):
        os.close(held)
        tidy(cache)
        assert (place / "fetch-going-on").exists()
    tidy(cache)
    assert _left(cache) == {kept.revision, "kept.json"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ref": "no-such"}, "no branch or tag no-such in http"),
        ({"ref": "abc1234"}, "no branch or tag abc1234 in http"),
        ({"ref": "0" * 40}, f"no commit {'0' * 40} in http"),
        ({"ref": "refs/heads/\x1b"}, r"no branch or tag refs/heads/\\x1b in http"),
        ({"url": "{}/nowhere.git"}, "cannot fetch .*nowhere.git@main: .*not found"),
        ({"url": "{}/openssl.git"}, "cannot fetch .*openssl.git@main: .*not found"),
    ],
)
def test_a_wrong_ref_or_url(
    git_server: GitServer, name: RemoteName, cache: Path, change: dict[str, str], message: str
) -> None:
    values = {key: value.format(git_server.url) for key, value in change.items()}
    with pytest.raises(UsageError, match=message) as caught:
        keep(replace(name, **values), cache)
    assert caught.value.hint
    assert (caught.value.message + caught.value.hint).isprintable()


def test_a_tag_of_something_else_than_a_commit(
    git_server: GitServer, name: RemoteName, cache: Path, origin: Path, git: Git
) -> None:
    git(origin, "tag", "blob", git(origin, "rev-parse", "HEAD:a.txt").strip())
    git_server.publish(origin, "lib")
    with pytest.raises(UsageError, match="is no commit"):
        keep(replace(name, ref="blob"), cache)
    assert _left(cache) == set()


def test_a_repository_without_commits(
    git_server: GitServer, tmp_path: Path, cache: Path, git: Git
) -> None:
    git(tmp_path, "init", "--quiet", "empty")
    url = git_server.publish(tmp_path / "empty", "empty")
    with pytest.raises(UsageError, match="has no commit yet"):
        keep(RemoteName("empty", url), cache)


def test_redirects_are_not_followed(git_server: GitServer, name: RemoteName, cache: Path) -> None:
    git_server.moved_to = git_server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(UsageError) as caught:
        keep(name, cache)
    assert "redirects" in caught.value.hint
    assert len(git_server.asked) == 1


def test_credentials_come_from_gits_helpers_and_stay_there(
    git_server: GitServer,
    name: RemoteName,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    git_server.password = "hunter2"
    with pytest.raises(UsageError, match="terminal prompts disabled") as caught:
        keep(name, cache)
    assert "private" in caught.value.hint
    config = tmp_path / "gitconfig"
    config.write_text('[credential]\n\thelper = "!echo username=user; echo password=hunter2; :"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    keep(name, cache)
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert files
    assert not any(b"hunter2" in path.read_bytes() for path in files)


@pytest.mark.parametrize("elsewhere", ["file://{}/", "ext::sh -c touch% {}/canary% ", "{}/"])
def test_no_configuration_opens_another_protocol(
    git_server: GitServer,
    name: RemoteName,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: str,
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[url "{elsewhere.format(git_server.folder)}"]\n\tinsteadOf = {git_server.url}/\n'
        '[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with pytest.raises(UsageError, match="not allowed"):
        keep(name, cache)
    assert not (git_server.folder / "canary").exists()


@pytest.fixture
def over_ssh(
    git_server: GitServer, name: RemoteName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RemoteName:
    """The same repository by an ssh URL of another machine; what ssh would run there runs here."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    return replace(name, url=f"ssh://git@example.invalid{git_server.folder}/lib.git")


def test_ssh_serves_too(over_ssh: RemoteName, name: RemoteName, cache: Path) -> None:
    scp_like = replace(over_ssh, url=over_ssh.url.replace("ssh://", "").replace("/", ":/", 1))
    assert keep(over_ssh, cache).revision == keep(scp_like, cache).revision
    assert len(kept_repositories(cache)) == 2


def test_local_only_asks_no_other_machine_and_kept_commits_serve(
    over_ssh: RemoteName, name: RemoteName, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PolicyRefused, match="local_only"):
        keep(over_ssh, cache, local_only=True)
    kept = keep(over_ssh, cache)
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    local = keep(over_ssh, cache, local_only=True)
    assert (local.revision, local.stale) == (kept.revision, "local_only is set")
    assert keep(name, cache, local_only=True).stale == ""


def test_nothing_of_the_users_or_the_servers_runs(
    git_server: GitServer,
    name: RemoteName,
    cache: Path,
    origin: Path,
    tmp_path: Path,
    git: Git,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    canary = tmp_path / "canary"
    for hook in ("reference-transaction", "post-checkout", "post-index-change"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch '{canary}'\n")
        (hooks / hook).chmod(0o755)
    for evil in ("--upload-pack=x", "$(touch${IFS}canary)", ";id", "\u202emain", "-x"):
        git(origin, "update-ref", f"refs/heads/{evil}", "HEAD")
    git_server.publish(origin, "lib")
    config = tmp_path / "gitconfig"
    config.write_text(f"[init]\n\ttemplateDir = {hooks.parent}\n[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.chdir(tmp_path)
    kept = keep(name, cache)
    assert kept.revision == git(origin, "rev-parse", "main").strip()
    assert not canary.exists()
