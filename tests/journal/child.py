"""Run by the tests in a process of its own: one journal call, disturbed at a chosen moment.

Takes one JSON object as its argument and prints one. Every call of a function in COUNTED is a
moment; `kill_at` dies just before the call of that number (in the middle of it, for a write).
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import CopilotError
from copilot.journal.history import redo, undo
from copilot.journal.recover import recover
from copilot.journal.transact import commit

COUNTED = ("open", "write", "fsync", "fchmod", "rename", "unlink", "mkdir", "rmdir")


def main() -> None:
    # A shell that runs the tests in the background has this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    order = json.loads(sys.argv[1])
    if order.get("sweep"):
        print(json.dumps(sweep(order)))  # noqa: T201
        return
    if order.get("wait"):
        sys.stdin.readline()
    print(json.dumps(run(order)))  # noqa: T201


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Do what the order says; return the names of the moments and the error, if any."""
    calls: list[str] = []
    for name in COUNTED:
        setattr(os, name, counted(getattr(os, name), name, order, calls))
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


def perform(order: dict[str, Any]) -> None:
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


def changes_of(items: list[list[str | None]]) -> ChangeSet:
    def data(text: str | None) -> bytes | None:
        return None if text is None else text.encode("latin-1")

    return ChangeSet(
        tuple(
            FileChange(str(alias), str(path), data(before), data(after), old_path)
            for alias, path, before, after, old_path in items
        )
    )


def counted(
    original: Callable[..., Any], name: str, order: dict[str, Any], calls: list[str]
) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) == order.get("kill_at"):
            if name == "write":
                original(args[0], args[1][: len(args[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **options)

    return call


def limit_file_size(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def spoiler(order: dict[str, Any]) -> Callable[[str, tuple[Any, ...]], None]:
    """Return an audit hook that makes trouble just before the `at`-th event of the kind."""
    event, name, trouble = TROUBLES[order["spoil"]]
    seen = [0]

    def hook(this: str, args: tuple[Any, ...]) -> None:
        if this == event and name in str(args[0]):
            seen[0] += 1
            if seen[0] == order["at"]:
                trouble(args, order)

    return hook


Trouble = Callable[[tuple[Any, ...], dict[str, Any]], object]


def send(number: int) -> Trouble:
    return lambda _, __: os.kill(os.getpid(), number)


def edit_and_block(args: tuple[Any, ...], order: dict[str, Any]) -> None:
    Path(order["path"]).write_text("mine")
    os.mkdir(args[1], dir_fd=args[3])


# What goes wrong: the audit event, what its first argument holds, what is done just before it.
TROUBLES: dict[str, tuple[str, str, Trouble]] = {
    "edit": ("os.rename", ".copilot-", lambda _, order: Path(order["path"]).write_text("mine")),
    "folder": ("os.rename", ".copilot-", lambda args, _: os.mkdir(args[1], dir_fd=args[3])),
    "edit_and_block": ("os.rename", ".copilot-", edit_and_block),
    "file_size": ("open", ".copilot-", lambda _, __: limit_file_size(1)),
    "interrupt": ("os.rename", ".copilot-", send(signal.SIGINT)),
    "kill": ("os.rename", ".copilot-", send(signal.SIGKILL)),
    "stop": ("os.rename", ".copilot-", send(signal.SIGSTOP)),
    "kill_mark": ("os.rename", "prepared.json", send(signal.SIGKILL)),
    "kill_plan": ("os.rename", "plan.tmp", send(signal.SIGKILL)),
    "stop_plan": ("os.rename", "plan.tmp", send(signal.SIGSTOP)),
}


def sweep(order: dict[str, Any]) -> list[str]:
    """Kill the operation at every moment, then recover; return what the roots held each time.

    With `step`, only every so many-th moment. With `kill_recovery`, recovery is killed as well, at
    its first moment, then started anew and killed at its second, and so on until it gets through.
    ROOT.start and JOURNALS.start hold the start state, ROOT.old and ROOT.new the two good ones.
    """
    outcomes = []
    moment = 1
    while True:
        for place in [*order["roots"].values(), order["journals"]]:
            shutil.rmtree(place)
            shutil.copytree(f"{place}.start", place)
        killed = forked(order | {"kill_at": moment})
        recovery = order | {"op": "recover", "spoil": None}
        cut = 1 if order.get("kill_recovery") else 0
        while forked(recovery | {"kill_at": cut}):
            cut += 1
        outcomes.append(state(order))
        if not killed:
            return outcomes
        moment += order.get("step", 1)


def forked(order: dict[str, Any]) -> bool:
    """Carry out the order in a fork of this process; whether it was killed."""
    child = os.fork()
    if not child:
        run(order)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def state(order: dict[str, Any]) -> str:
    for name in ("old", "new"):
        if all(
            tree(Path(root)) == tree(Path(f"{root}.{name}")) for root in order["roots"].values()
        ):
            return name
    return "torn: " + ", ".join(str(tree(Path(root))) for root in order["roots"].values())


def tree(root: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(root)): (
            (path.read_bytes().hex(), path.stat().st_mode) if path.is_file() else None
        )
        for path in root.rglob("*")
    }


if __name__ == "__main__":
    main()
