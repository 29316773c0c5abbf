"""Run by the tests in a process of its own: one journal call, disturbed at a chosen moment.

Takes one JSON object as its argument and prints one. Every call of a function in COUNTED, and of
renameat2, is a moment. Just before the call of the given number,

    kill_at    the process dies (in the middle of a write);
    fail_at    the call fails with `errno` (in the middle of a write);
    full_from  the disk is full: from here on every call fails that takes room;
    edit_at    an editor changes the file `path` in the way that `editor` names.

With `reads`, calls that only look count as well. With `old_kernel` there is no renameat2.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import CopilotError
from copilot.journal import exchange
from copilot.journal.history import redo, undo
from copilot.journal.recover import recover
from copilot.journal.transact import commit

# The calls that change something on disk: a kill between two of them leaves what the first left.
COUNTED = ("open", "write", "fsync", "fchmod", "fchown", "chmod", "rename", "link", "unlink")

READS = ("lstat", "fstat", "read", "pread")
TAKES_ROOM = frozenset({"open", "write", "mkdir"})

Order = dict[str, Any]
Tree = dict[str, tuple[bytes, int] | None]


def main() -> None:
    # A shell that runs the tests in the background has this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    order = json.loads(sys.argv[1])
    if order.get("wait"):
        sys.stdin.readline()
    # Forks share their memory as long as nothing is collected.
    gc.freeze()
    gc.disable()
    perform = {"kills": sweep_kills, "faults": sweep_faults, "edits": sweep_edits}
    print(json.dumps(perform.get(order.get("sweep"), run)(order)))  # noqa: T201


def run(order: Order) -> dict[str, Any]:
    """Do what the order says; return the names of the moments and the error, if any."""
    calls: list[str] = []
    editor = EDITORS[order["editor"]](Path(order["path"])) if "editor" in order else None
    for name in (*COUNTED, "mkdir", "rmdir", *(READS if order.get("reads") else ())):
        setattr(os, name, counted(getattr(os, name), name, order, calls, editor))
    system_call = None if order.get("old_kernel") else exchange._system_call()
    wrapped = system_call and counted(system_call, "renameat2", order, calls, editor)
    setattr(exchange, "_system_call", lambda: wrapped)  # noqa: B010
    if order.get("file_size"):
        limit_file_size(order["file_size"])
    if order.get("spoil"):
        sys.addaudithook(spoiler(order))
    try:
        perform(order)
    except CopilotError as error:
        told = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
        return {"calls": calls, **told}
    return {"calls": calls, "error": None}


def perform(order: Order) -> None:
    roots = {alias: Path(root) for alias, root in order["roots"].items()}
    journals = Path(order["journals"])
    match order["op"]:
        case "commit":
            commit(changes_of(order["changes"]), roots, journals, label="test")
        case "undo":
            undo(journals, next(iter(roots.values())))
        case "redo":
            redo(journals, next(iter(roots.values())))
        case "recover":
            recover(journals)


def changes_of(items: list[list[Any]]) -> ChangeSet:
    def data(text: str | None) -> bytes | None:
        return None if text is None else text.encode("latin-1")

    return ChangeSet(
        tuple(
            FileChange(alias, path, data(before), data(after), old_path, old_mode, mode)
            for alias, path, before, after, old_path, old_mode, mode in items
        )
    )


Editor = Callable[[], object]


def counted(
    original: Callable[..., Any], name: str, order: Order, calls: list[str], editor: Editor | None
) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        if name == "open" and not args[1] & os.O_CREAT and not order.get("reads"):
            return original(*args, **options)
        calls.append(name)
        moment = len(calls)
        if editor and moment == order["edit_at"]:
            editor()
        if moment == order.get("kill_at"):
            halve(original, name, args)
            os.kill(os.getpid(), signal.SIGKILL)
        if moment == order.get("fail_at"):
            halve(original, name, args)
            raise OSError(order["errno"], os.strerror(order["errno"]))
        if moment >= order.get("full_from", moment + 1) and name in TAKES_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(*args, **options)

    return call


def halve(original: Callable[..., Any], name: str, args: tuple[Any, ...]) -> None:
    if name == "write":
        original(args[0], args[1][: len(args[1]) // 2])


def limit_file_size(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def write_in_place(path: Path) -> Editor:
    return lambda: path.write_bytes(b"mine")


def write_and_rename(path: Path) -> Editor:
    def edit() -> None:
        new = path.with_name("editor's")
        new.write_bytes(b"mine")
        new.replace(path)

    return edit


def write_to_open_file(path: Path) -> Editor:
    """The editor has opened the file before we begin."""
    file = path.open("r+b", buffering=0)
    return lambda: (file.truncate(0), file.write(b"mine"))


EDITORS: dict[str, Callable[[Path], Editor]] = {
    "in-place": write_in_place,
    "rename": write_and_rename,
    "open": write_to_open_file,
}


def spoiler(order: Order) -> Callable[[str, tuple[Any, ...]], None]:
    """Return an audit hook that makes trouble just before the `at`-th event of the kind.

    Of the names in a repository only those count that a file takes its place by.
    """
    event, name, trouble = TROUBLES[order["spoil"]]
    seen = [0]

    def hook(this: str, args: tuple[Any, ...]) -> None:
        whole = event == "open" or not str(args[0]).endswith(".part") if args else False
        if this == event and name in str(args[0]) and whole:
            seen[0] += 1
            if seen[0] == order["at"]:
                trouble(args, order)

    return hook


Trouble = Callable[[tuple[Any, ...], Order], object]


def send(*numbers: int) -> Trouble:
    def trouble(_: tuple[Any, ...], __: Order) -> None:
        for number in numbers:
            os.kill(os.getpid(), number)

    return trouble


def edit_and_block(args: tuple[Any, ...], order: Order) -> None:
    Path(order["path"]).write_text("mine")
    os.mkdir(args[1], dir_fd=args[3])


def turn_into(kind: str) -> Trouble:
    """Make something else of the path, which is kept under another name."""

    def trouble(_: tuple[Any, ...], order: Order) -> None:
        path = Path(order["path"])
        kept = path.rename(path.with_name(f"{path.name}.kept"))
        if kind == "link":
            path.symlink_to(kept)
        if kind == "folder":
            path.mkdir()

    return trouble


# What goes wrong: the audit event, what its first argument holds, what is done just before it.
TROUBLES: dict[str, tuple[str, str, Trouble]] = {
    "edit": ("os.rename", ".copilot-", lambda _, order: Path(order["path"]).write_text("mine")),
    "folder": ("os.rename", ".copilot-", lambda args, _: os.mkdir(args[1], dir_fd=args[3])),
    "edit_and_block": ("os.rename", ".copilot-", edit_and_block),
    "vanish": ("os.rename", ".copilot-", turn_into("nothing")),
    "to_link": ("os.rename", ".copilot-", turn_into("link")),
    "to_folder": ("os.rename", ".copilot-", turn_into("folder")),
    "vanish_early": ("os.rename", "plan.tmp", turn_into("nothing")),
    "to_link_early": ("os.rename", "plan.tmp", turn_into("link")),
    "to_folder_early": ("os.rename", "plan.tmp", turn_into("folder")),
    "file_size": ("open", ".copilot-", lambda _, __: limit_file_size(1)),
    "interrupt": ("os.rename", ".copilot-", send(signal.SIGINT)),
    "terminate": ("os.rename", ".copilot-", send(signal.SIGTERM)),
    "terminate_early": ("os.rename", "plan.tmp", send(signal.SIGTERM)),
    "hang_up": ("os.rename", ".copilot-", send(signal.SIGHUP)),
    "hang_up_twice": ("os.rename", ".copilot-", send(signal.SIGHUP, signal.SIGTERM)),
    "rival": ("open", ".lock", lambda _, order: perform(order)),
    "kill": ("os.rename", ".copilot-", send(signal.SIGKILL)),
    "stop": ("os.rename", ".copilot-", send(signal.SIGSTOP)),
    "kill_mark": ("os.rename", "prepared.json", send(signal.SIGKILL)),
    "kill_plan": ("os.rename", "plan.tmp", send(signal.SIGKILL)),
    "stop_plan": ("os.rename", "plan.tmp", send(signal.SIGSTOP)),
}


def sweep_kills(order: Order) -> list[str]:
    """Kill the operation at one moment after the other, and recover; return what that led to.

    With `step`, only every so many-th moment. With `kill_recovery`, recovery is killed as well, at
    its first moment, then started anew and killed at its second, and so on until it gets through.
    With `random`, so many kills from outside instead, at times drawn with `seed`.
    """
    scene = Scene(order)
    outcomes = []
    kills = _timed_kills(order, scene) if "random" in order else _counted_kills(order, scene)
    for kill in kills:
        scene.reset()
        kill()
        cut = 1
        while "kill_recovery" in order and forked(order | {"op": "recover", "kill_at": cut}):
            cut += 1
        recover(Path(order["journals"]))
        outcomes.append(scene.state())
    return outcomes


def _counted_kills(order: Order, scene: Scene) -> Iterator[Callable[[], bool]]:
    scene.reset()
    calls = told_by_fork(order)["calls"]
    # A flush changes nothing that a kill leaves.
    moments = [number for number, name in enumerate(calls, 1) if name != "fsync"]
    for moment in [*moments[:: order.get("step", 1)], len(calls) + 1]:
        yield lambda moment=moment: forked(order | {"kill_at": moment})  # type: ignore[misc]


def _timed_kills(order: Order, scene: Scene) -> Iterator[Callable[[], bool]]:
    scene.reset()
    begun = time.monotonic()
    forked(order)
    lasts = time.monotonic() - begun
    drawn = random.Random(order["seed"])  # noqa: S311
    for _ in range(order["random"]):
        delay = drawn.uniform(0, lasts)
        yield lambda delay=delay: forked(order, kill_after=delay)  # type: ignore[misc]


def sweep_faults(order: Order) -> list[list[Any]]:
    """Let one call after the other fail; return its name, the error and the state left at once.

    `fault` names the kind, one of those in the module's docstring.
    """
    scene = Scene(order)
    found: list[list[Any]] = []
    while True:
        scene.reset()
        moment = len(found) + 1
        told = told_by_fork(order | {order["fault"]: moment})
        at = told["calls"][moment - 1 :][:1]
        found.append([*(at or [None]), told["error"], told.get("message"), scene.state()])
        if not at:
            return found


def sweep_edits(order: Order) -> list[list[Any]]:
    """Let an editor change a file at one moment after the other.

    Return for each the error, the call it was at, and which files of the roots hold what the editor
    wrote.
    """
    scene = Scene(order)
    found: list[list[Any]] = []
    while True:
        scene.reset()
        moment = len(found) + 1
        told = told_by_fork(order | {"edit_at": moment})
        calls = told["calls"]
        if moment > len(calls):
            return found
        mine = [
            name
            for root in order["roots"].values()
            for name, one in tree(Path(root)).items()
            if one and one[0] == b"mine"
        ]
        found.append([told["error"], calls[moment - 1], mine])


class Scene:
    """Folders that go back to their start: FOLDER.start, with ROOT.old and ROOT.new to compare."""

    def __init__(self, order: Order) -> None:
        self.roots = [Path(root) for root in order["roots"].values()]
        self.journals = Path(order["journals"])
        self.trees = {
            name: [tree(Path(f"{root}.{name}")) for root in self.roots]
            for name in ("old", "new")
            if Path(f"{self.roots[0]}.{name}").exists()
        }
        self.begins = [tree(Path(f"{root}.start")) for root in self.roots]

    def reset(self) -> None:
        self._copy(self.journals)
        for root, begin in zip(self.roots, self.begins, strict=True):
            if tree(root) != begin:
                self._copy(root)

    def state(self) -> str:
        trees = [tree(root) for root in self.roots]
        return next((name for name, known in self.trees.items() if trees == known), f"torn {trees}")

    def _copy(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(f"{folder}.start", folder)


def forked(order: Order, *, kill_after: float | None = None) -> bool:
    """Carry out the order in a fork of this process; whether it was killed."""
    child = os.fork()
    if not child:
        run(order)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def told_by_fork(order: Order) -> dict[str, Any]:
    """Carry out the order in a fork of this process; return what it tells."""
    ours, its = os.pipe()
    child = os.fork()
    if not child:
        # Written by a call that the order does not disturb.
        say = os.write
        told = json.dumps(run(order)).encode()
        while told:
            told = told[say(its, told) :]
        os._exit(0)
    os.close(its)
    with os.fdopen(ours, "rb") as file:
        told = json.loads(file.read())
    os.waitpid(child, 0)
    return told  # type: ignore[no-any-return]


def tree(root: Path) -> Tree:
    found: Tree = {}
    for path in root.rglob("*"):
        plain = path.is_file() and not path.is_symlink()
        found[str(path.relative_to(root))] = (
            (path.read_bytes(), path.stat().st_mode) if plain else None
        )
    return found


if __name__ == "__main__":
    main()
