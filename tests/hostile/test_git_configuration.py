"""A `.git` folder that arrived with a configuration of its own, as in an unpacked archive.

Whatever it tells git to start, to fetch, or to read, what is read is the same.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
Pack = Callable[..., Any]
Trip = Callable[[str], str]

FILES = {
    ".gitattributes": "* filter=bad diff=bad merge=bad text eol=crlf ident\n",
    "a.txt": "one $Id$\n",
    "src/b.py": "two = 2\n",
}

# Keys whose value is a command line.
COMMANDS = (
    *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy"),
    *("core.askPass", "core.alternateRefsCommand", "sequence.editor", "diff.external"),
    *("diff.bad.textconv", "diff.bad.command", "diff.tool", "difftool.bad.cmd", "merge.tool"),
    *("mergetool.bad.cmd", "merge.bad.driver", "filter.bad.clean", "filter.bad.smudge"),
    *("filter.bad.process", "interactive.diffFilter", "uploadpack.packObjectsHook"),
    *("gpg.program", "gpg.ssh.program", "gpg.x509.program", "gpg.ssh.defaultKeyCommand"),
    *("web.browser", "browser.bad.cmd", "man.viewer", "man.bad.cmd", "help.browser"),
    *("sendemail.smtpServer", "sendemail.toCmd", "trailer.bad.command", "trailer.bad.cmd"),
    *("remote.origin.uploadpack", "remote.origin.receivepack", "remote.origin.vcs"),
    *("pager.ls-files", "pager.ls-tree", "pager.rev-parse", "pager.check-attr", "pager.config"),
    *(
        "submodule.sub.update",
        "submodule.sub.url",
        "receive.procReceiveRefs",
        "gc.recentObjectsHook",
    ),
)
SHELL = (
    *("credential.helper", "credential.https://github.com.helper", "alias.ls-files"),
    *("alias.ls-tree", "alias.rev-parse", "alias.check-attr", "alias.check-ignore", "alias.init"),
    *("alias.cat-file", "alias.config", "alias.version", "alias.status"),
)
HOOKS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit"),
    *("prepare-commit-msg", "commit-msg", "post-commit", "pre-rebase", "post-checkout"),
    *("post-merge", "pre-push", "pre-receive", "update", "proc-receive", "post-receive"),
    *("post-update", "reference-transaction", "push-to-checkout", "pre-auto-gc", "post-rewrite"),
    *("sendemail-validate", "fsmonitor-watchman", "p4-changelist", "p4-pre-submit"),
    *("post-index-change", "query-watchman", "pre-checkout"),
)


def _script(path: Path, command: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


def _plant_commands(root: Path, git: Git, trip: Trip) -> None:
    """Set every key that starts something; each leaves a trace of its own."""
    with (root / ".git" / "config").open("a") as config:
        for key in (*COMMANDS, *SHELL):
            section, _, rest = key.partition(".")
            name, dot, variable = rest.rpartition(".")
            head = f'[{section} "{name}"]' if dot else f"[{section}]"
            value = ("!" if key in SHELL else "") + trip(key.replace("/", "-"))
            config.write(f'{head}\n\t{variable} = "{value}"\n')
    for hook in HOOKS:
        _script(root / ".git" / "hooks" / hook, trip(f"hook-{hook}"))
    assert git(root, "config", "diff.bad.textconv").strip() == trip("diff.bad.textconv")


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    """A repository of three files; one of them looks changed, so that git would look inside."""
    root = make_repository(FILES)
    os.utime(root / "a.txt", (1, 1))
    return root


def _read_as_ever(seen: Any) -> None:
    assert (seen.code, seen.files) == (0, dict.fromkeys(FILES, "tracked"))
    assert seen.texts == FILES


def test_no_command_and_no_hook_is_started(pack: Pack, root: Path, git: Git, trip: Trip) -> None:
    _plant_commands(root, git, trip)
    _read_as_ever(pack(root))
    _read_as_ever(pack(root, door=("pack", "Mend it")))
    assert pack(root / "src", "-R", ".", allowed=[root]).texts == {"b.py": "two = 2\n"}


def test_git_by_itself_would_start_them(root: Path, git: Git, tmp_path: Path) -> None:
    tripped = tmp_path / "started"
    tripped.mkdir()
    _plant_commands(root, git, lambda name: f"touch {tripped / name}")
    for command in ("status", "diff", "add --renormalize .", "branch x"):
        subprocess.run(["git", "-C", root, *command.split()], capture_output=True, check=False)
    started = {path.name for path in tripped.iterdir()}
    assert started >= {"core.fsmonitor", "filter.bad.process", "hook-reference-transaction"}


def test_hooks_from_a_folder_of_the_repositorys_choice(
    pack: Pack, root: Path, git: Git, trip: Trip, outside: Path
) -> None:
    for hook in HOOKS:
        _script(outside / "hooks" / hook, trip(hook))
    git(root, "config", "core.hooksPath", str(outside / "hooks"))
    _read_as_ever(pack(root))


# Where a partial clone is told to fetch an object that is not there, and by which command.
PROMISORS = {
    "command": ("{outside}", ("remote.origin.uploadpack", "{trip}")),
    "transport that is a command": ("ext::sh -c {trip}", ("protocol.ext.allow", "always")),
    "helper": ("x", ("remote.origin.vcs", "ext")),
    "ssh": ("ssh://127.0.0.1:9/x", ("core.sshCommand", "{trip}")),
    "ssh without scheme": ("127.0.0.1:x", ("core.sshCommand", "{trip}")),
    "git's protocol": ("git://127.0.0.1:9/x", ("core.gitProxy", "{trip}")),
    "web": ("http://127.0.0.1:9/x", ("credential.helper", "!{trip}")),
    "bundle": ("file://{outside}/x.bundle", ("protocol.file.allow", "always")),
}


def test_nothing_is_fetched_that_a_partial_clone_lacks(
    pack: Pack, root: Path, git: Git, trip: Trip, outside: Path
) -> None:
    tree = git(root, "rev-parse", "HEAD:src").strip()
    (root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    clean = (root / ".git" / "config").read_text()
    for case, (url, (key, value)) in PROMISORS.items():
        filled = {"outside": outside, "trip": trip(case.replace(" ", "-"))}
        (root / ".git" / "config").write_text(clean)
        for name, given in {
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.url": url.format(**filled).replace("touch ", "touch% "),
            key: value.format(**filled),
        }.items():
            git(root, "config", name, given)
        seen = pack(root)
        assert (seen.code, seen.stdout) == (2, ""), case
        assert f"git cannot read {root}" in seen.stderr


INCLUDES = {
    "absolute": ("include.path", "{outside}/evil"),
    "relative": ("include.path", "../../outside/evil"),
    "by folder": ("includeIf.gitdir:/.path", "{outside}/evil"),
    "by branch": ("includeIf.onbranch:**.path", "{outside}/evil"),
    "by remote": ("includeIf.hasconfig:remote.*.url:**.path", "{outside}/evil"),
}


@pytest.mark.parametrize("case", INCLUDES)
def test_what_an_included_file_sets_is_not_done(
    pack: Pack, root: Path, git: Git, trip: Trip, outside: Path, case: str
) -> None:
    """git itself reads the file, as it must; what it says starts nothing, and reads nothing."""
    values = [f'[core]\n\tfsmonitor = "{trip("fsmonitor")}"\n\tpager = "{trip("pager")}"\n']
    values.append(f'[filter "bad"]\n\tclean = "{trip("clean")}"\n\trequired = true\n')
    values.append(f"[core]\n\tattributesFile = {outside}/private.txt\n")
    (outside / "evil").write_text("".join(values))
    git(root, "config", "remote.origin.url", "https://127.0.0.1:9/x")
    key, value = INCLUDES[case]
    git(root, "config", key, value.format(outside=outside))
    _read_as_ever(pack(root, allowed=[outside / "evil"]))


NAMED = {
    "include.path": "../pipe",
    "includeIf.gitdir:/.path": "{root}/pipe",
    "core.excludesFile": "pipe",
    "core.ExcludesFile": "/dev/tty",
    "include.Path": "more",
}


def test_a_pipe_that_a_setting_names_is_not_waited_for(pack: Pack, root: Path, git: Git) -> None:
    clean = (root / ".git" / "config").read_text()
    (root / ".git" / "more").write_text("[include]\n\tpath = even-more\n")
    (root / ".git" / "even-more").write_text(f"[core]\n\texcludesFile = {root}/pipe\n")
    os.mkfifo(root / "pipe")
    for key, value in NAMED.items():
        (root / ".git" / "config").write_text(clean)
        git(root, "config", "--file", ".git/config", key, value.format(root=root))
        seen = pack(root)
        assert (seen.code, seen.stdout) == (2, ""), key
        assert ", which is no file\nhint: take it out there\n" in seen.stderr
    (root / ".git" / "config").write_text(f"{clean}[core]\n\texcludesFile = {os.devnull}\n")
    assert pack(root).code == 0


ODD = """[core]
\tsymlinks = false\n\tfileMode = false\n\tprotectHFS = false\n\tprotectNTFS = false
\tquotePath = true\n\tprecomposeUnicode = true\n\ttrustctime = false\n\tcheckStat = minimal
\tuntrackedCache = true\n\tsplitIndex = true\n\tautocrlf = true\n\teol = crlf\n\tsafecrlf = true
\tabbrev = 4\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n\tpreloadIndex = true
\twhitespace = -trailing-space\n\tcommentChar = auto\n\tbigFileThreshold = 1\n
[color]\n\tui = always\n[column]\n\tui = always\n[format]\n\tpretty = evil
[status]\n\tshowUntrackedFiles = no\n\trelativePaths = false\n[index]\n\tthreads = 99\n\tversion = 4
[feature]\n\tmanyFiles = true\n[i18n]\n\tcommitEncoding = utf-16\n\tlogOutputEncoding = utf-16
[trace2]\n\tnormalTarget = {outside}/n\n\teventTarget = {outside}/e\n\tperfTarget = {outside}/p
[safe]\n\tdirectory = *\n[submodule]\n\trecurse = true\n[lfs]\n\turl = http://127.0.0.1:9
[url "ext::sh -c"]\n\tinsteadOf = https:\n[init]\n\ttemplateDir = {outside}
[http]\n\tproxy = http://127.0.0.1:9\n\tcookieFile = {outside}/private.txt
"""


def test_settings_that_change_how_git_looks_at_files(pack: Pack, root: Path, outside: Path) -> None:
    with (root / ".git" / "config").open("a") as config:
        config.write(ODD.format(outside=outside))
    (root / "new.txt").write_text("new\n")
    (root / "link").symlink_to(outside / "private.txt")
    seen = pack(root)
    assert seen.files == {
        **dict.fromkeys(FILES, "tracked"),
        "link": "symbolic link, not followed",
        "new.txt": "untracked",
    }
    assert (seen.code, seen.texts) == (0, {**FILES, "new.txt": "new\n"})


def test_attributes_of_the_repositorys_choice_do_not_count(
    pack: Pack, root: Path, git: Git, outside: Path
) -> None:
    (outside / "private.txt").write_text("* linguist-generated\n")
    git(root, "config", "core.attributesFile", str(outside / "private.txt"))
    _read_as_ever(pack(root))


def test_ignore_rules_of_the_repositorys_choice(
    pack: Pack, root: Path, git: Git, outside: Path
) -> None:
    """git reads them as rules: they can leave a file out, and none of their words gets further."""
    (outside / "rules").write_text("private words\n*.log\n")
    git(root, "config", "core.excludesFile", str(outside / "rules"))
    (root / "x.log").write_text("log\n")
    seen = pack(root, allowed=[outside / "rules"])
    assert seen.files == {
        **dict.fromkeys(FILES, "tracked"),
        "x.log": "ignored by git's ignore rules",
    }
    assert (seen.code, seen.texts) == (0, FILES)
    assert "private" not in seen.stdout + seen.stderr + str(seen.manifest)


@pytest.mark.parametrize("key", ["core.worktree", "extensions.worktreeConfig"])
def test_a_work_tree_elsewhere_is_not_read(
    pack: Pack, root: Path, git: Git, outside: Path, key: str
) -> None:
    if key == "core.worktree":
        git(root, "config", key, str(outside))
    else:
        git(root, "config", "core.repositoryFormatVersion", "1")
        git(root, "config", key, "true")
        (root / ".git" / "config.worktree").write_text(f"[core]\n\tworktree = {outside}\n")
    seen = pack(root)
    assert (seen.code, seen.files) == (0, dict.fromkeys(FILES, "in folder"))
    assert seen.texts == FILES


REFUSED = {
    "unknown extension": (
        {"core.repositoryFormatVersion": "1", "extensions.evil": "1"},
        "extension",
    ),
    "unknown version": ({"core.repositoryFormatVersion": "99"}, "version"),
    "other object ids": (
        {"core.repositoryFormatVersion": "1", "extensions.objectFormat": "md5"},
        "objectformat",
    ),
    "bare": ({"core.bare": "true"}, "work tree"),
}


def test_what_git_refuses_is_an_error(pack: Pack, root: Path, git: Git) -> None:
    clean = (root / ".git" / "config").read_text()
    for case, (keys, named) in REFUSED.items():
        (root / ".git" / "config").write_text(clean)
        for key, value in keys.items():
            subprocess.run(["git", "config", "-f", ".git/config", key, value], cwd=root, check=True)
        seen = pack(root)
        assert (seen.code, seen.stdout) == (2, ""), case
        assert named in seen.stderr.splitlines()[0]
        assert seen.stderr.splitlines()[1].startswith("hint: ")
    (root / ".git" / "config").write_text("[core\n\x1b]0;title\x07")
    assert pack(root).code == 2


def test_a_repository_cannot_declare_itself_safe(pack: Pack, root: Path, git: Git) -> None:
    """git asks the user's own configuration alone whether a folder of someone else's is safe."""
    git(root, "config", "safe.directory", "*")
    git(root, "config", "safe.bareRepository", "all")
    someone_elses = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    seen = pack(root, environment=someone_elses)
    assert (seen.code, seen.stdout) == (2, "")
    assert "dubious ownership" in seen.stderr
    assert f"hint: if you trust it: git config --global --add safe.directory {root}" in seen.stderr
