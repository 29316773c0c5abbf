"""git on the network: only https, ssh, and http on this machine; no redirects, no questions.

A server that sends or says too much, or nothing for long, is given up.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from copilot.errors import CopilotError, ReadIncomplete, UsageError
from copilot.text import one_line
from copilot.workspace.git import GitFailed, run_git, talking_git
from copilot.workspace.remote_name import RemoteName
from copilot.workspace.remote_watch import Bounds, GivenUp, Progress, run_watched

_SETTINGS = (
    # A server could send us, and what a credential helper knows, to any other one.
    "http.followRedirects=false",
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
    # What is larger is written to disk piece by piece, never held as a whole.
    "core.bigFileThreshold=16m",
    "fetch.recurseSubmodules=false",
    # No packs from other places that a server names.
    "fetch.uriProtocols=",
    # One file for all objects, however few.
    "fetch.unpackLimit=1",
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "transfer.bundleURI=false",
)
_NAMED_TOO = re.compile(r"(?<=//)[^/\s'\"]*@")
_ACCESS = re.compile(r"unable to access '[^']*': ")
_LONGEST_REASON = 200
_PIECE_BYTES = 1024 * 1024

_DENIED = (
    "authentication failed",
    "could not read password",
    "could not read username",
    "permission denied",
    "returned error: 401",
    "returned error: 403",
)
_ABSENT = ("does not appear to be a git repository", "not found", "returned error: 404")
_MOVED = re.compile(r"returned error: 30\d|unable to update url base from redirection")
_NO_COMMIT = ("not our ref", "couldn't find remote ref", "no such remote ref")
_AWAY = (
    "certificate",
    "connection closed",
    "connection refused",
    "connection reset",
    "could not resolve",
    "couldn't connect",
    "early eof",
    "empty reply",
    "failed to connect",
    "hung up",
    "network is unreachable",
    "no route to host",
    "recv failure",
    "returned error: 5",
    "rpc failed",
    "ssl",
    "timed out",
    "too slow",
    "transfer closed",
    "unexpected disconnect",
)


@dataclass(frozen=True)
class Line:
    """How servers are talked to: the descriptor `held` is open as long as any process that does."""

    held: int
    bounds: Bounds
    progress: Progress | None = None


class RemoteUnreachable(ReadIncomplete):
    """The server did not answer, or broke off."""


@dataclass(frozen=True)
class Advertised:
    """What a server says of a ref: its full name, and the commit (or whatever) it leads to."""

    ref: str
    object_id: str


def look_up(git_dir: Path, name: RemoteName, line: Line) -> Advertised:
    """Ask the server which commit a branch, a tag or `HEAD` is; a tag goes before a branch.

    Raises RemoteUnreachable, or UsageError if there is no such repository or ref.
    """
    if name.ref.startswith("refs/") or name.ref == "HEAD":
        wanted = [name.ref]
    else:
        wanted = [f"refs/tags/{name.ref}", f"refs/heads/{name.ref}"]
    patterns = [pattern for ref in wanted for pattern in (ref, f"{ref}^{{}}")]
    printed = _run(git_dir, name, line, "ls-remote", "--quiet", "--", name.url, *patterns)
    ids = dict(_advertised(printed))
    for ref in wanted:
        if ref in ids:
            # The second is what an annotated tag leads to.
            return Advertised(ref, ids.get(f"{ref}^{{}}", ids[ref]))
    raise _no_ref(name)


def _advertised(printed: bytes) -> list[tuple[str, str]]:
    lines = printed.decode("utf-8", "surrogateescape").split("\n")
    pairs = (line.partition("\t") for line in lines)
    return [(ref, digits) for digits, _, ref in pairs if re.fullmatch(r"[0-9a-f]{40,64}", digits)]


def fetch(git_dir: Path, name: RemoteName, wanted: str, line: Line) -> str:
    """Fetch one commit without its history into an empty bare repository; return its id.

    `wanted` is a full ref or commit id. Raises RemoteUnreachable or UsageError.
    """
    options = ("--progress", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-gc")
    _run(git_dir, name, line, "fetch", *options, "--", name.url, wanted)
    try:
        fetched = run_git(
            git_dir, f"--git-dir={git_dir}", "rev-parse", "--verify", "FETCH_HEAD^{commit}"
        )
    except GitFailed as failure:
        raise UsageError(
            f"{name.shown} is no commit", "name a branch, a tag or a commit"
        ) from failure
    _check_names(git_dir, name, line.bounds)
    # Attributes are read from the index; a tree that git takes for evil has none.
    with suppress(GitFailed):
        run_git(git_dir, f"--git-dir={git_dir}", "read-tree", "FETCH_HEAD^{commit}")
    return fetched.decode("ascii").strip()


def _check_names(git_dir: Path, name: RemoteName, bounds: Bounds) -> None:
    """Refuse a commit that names more files than memory holds: few trees can name billions."""
    listing = ("ls-tree", "-r", "-z", "-l", "--full-tree", "FETCH_HEAD^{commit}")
    size = 0
    with talking_git(git_dir, f"--git-dir={git_dir}", *listing) as git:
        while git.stdout and (piece := git.stdout.read(_PIECE_BYTES)):
            size += len(piece)
            if size > bounds.names:
                raise UsageError(
                    f"{name.shown} names more files than can be read",
                    "name a smaller repository; this one may be made to do harm",
                )


def _run(git_dir: Path, name: RemoteName, line: Line, *arguments: str) -> bytes:
    settings = list(_SETTINGS)
    protocols = "https:ssh"
    if name.url.startswith("http://"):
        protocols = "http:https:ssh"
        # A proxy would carry to another machine what was to stay on this one.
        settings.append("http.proxy=")
    flags = [part for setting in settings for part in ("-c", setting)]
    # GIT_ALLOW_PROTOCOL refuses all others, whatever a configuration or the server says. Helpers
    # that know credentials may stand in the machine's own configuration.
    environment = {"GIT_ALLOW_PROTOCOL": protocols, "GIT_CONFIG_NOSYSTEM": "0"}
    try:
        outcome = run_watched(
            git_dir,
            *flags,
            *arguments,
            environment=environment,
            held=line.held,
            bounds=line.bounds,
            progress=line.progress,
        )
    except GivenUp as reason:
        raise _given_up(name, reason) from None
    if outcome.status:
        raise _explained(name, outcome.complaint)
    return outcome.output


def _given_up(name: RemoteName, reason: GivenUp) -> CopilotError:
    what = f"cannot fetch {name.shown}: {reason}"
    if reason.silent:
        return RemoteUnreachable(what, "try again later; nothing of it is kept here")
    return UsageError(what, "clone it yourself, and name the folder with --root")


def _explained(name: RemoteName, complaint: str) -> CopilotError:
    """Return the error for what git said; credentials in it are never shown."""
    said = complaint.replace(name.url, "").lower()
    what = f"cannot fetch {name.shown}: {_reason(complaint)}"
    if any(part in said for part in _NO_COMMIT):
        return _no_ref(name)
    if any(part in said for part in _DENIED):
        hint = f"check the name; if it is private, git must know how to: git ls-remote {name.url}"
        return UsageError(what, hint)
    if _MOVED.search(said):
        return UsageError(what, "it redirects; name the URL that it leads to (perhaps with .git)")
    if any(part in said for part in _AWAY):
        return RemoteUnreachable(
            what, "check the network and the host's name; nothing of it is kept here"
        )
    if any(part in said for part in _ABSENT):
        return UsageError(what, "check the name; a private one needs git's credential helpers")
    return UsageError(what, f"try the same with git: git ls-remote {name.url}")


def _reason(complaint: str) -> str:
    """Return git's own line, or what ssh said before it, without userinfo, short."""
    lines = [line for line in complaint.splitlines() if line.strip()] or ["no reason given"]
    fatal = next((n for n, line in enumerate(lines) if line.startswith("fatal: ")), 0)
    if fatal and "Could not read from remote" in lines[fatal]:
        fatal -= 1
    line = _ACCESS.sub("", lines[fatal].removeprefix("fatal: "))
    return one_line(_NAMED_TOO.sub("", line))[:_LONGEST_REASON]


def _no_ref(name: RemoteName) -> UsageError:
    if name.ref == "HEAD":
        return UsageError(f"{name.url} has no commit yet", "name a branch behind an @")
    hint = f"git ls-remote {name.url} lists them"
    if re.fullmatch(r"[0-9a-fA-F]{4,63}", name.ref) and not name.is_commit:
        hint = "a commit is named by its full id"
    kind = "commit" if name.is_commit else "branch or tag"
    return UsageError(f"no {kind} {one_line(name.ref)} in {name.url}", hint)
