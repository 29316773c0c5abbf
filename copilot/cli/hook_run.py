"""`copilot hook run NAME`: what git waits for, so nothing is imported before it is needed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.assist.hooking.leaving import is_in_ci, is_skipped
from copilot.cli.hook_time import TooSlow, in_time
from copilot.errors import CopilotError, ExitCode, UsageError
from copilot.text import one_line
from copilot.workspace.git_state import doing, git_dir_of

if TYPE_CHECKING:
    from copilot.assist.hooking.policy import Policy, Verdict
    from copilot.settings.config import Config
    from copilot.settings.paths import StatePaths
    from copilot.workspace.model import Root

_COMMIT_HOOKS = frozenset({"pre-commit", "prepare-commit-msg"})
_WHAT = {"pre-push": "push"}


@dataclass(frozen=True)
class Called:
    """A hook as git calls it; `began` is on the monotonic clock, `process` git's number."""

    name: str
    arguments: tuple[str, ...]
    began: float
    process: int
    root: Root
    git_dir: Path


@dataclass(frozen=True)
class Hook:
    """A hook that has something to do, with the settings it does it by."""

    called: Called
    paths: StatePaths
    config: Config
    policy: Policy

    @property
    def root(self) -> Root:
        return self.called.root

    @property
    def git_dir(self) -> Path:
        return self.called.git_dir

    @property
    def until(self) -> float:
        """When git has waited long enough, on the monotonic clock."""
        return self.called.began + self.policy.seconds

    def say_waiting(self, doing: str, until: float) -> None:
        """Tell a person in a terminal what git waits for, so that it does not seem to hang."""
        if sys.stderr is not None and sys.stderr.isatty():
            left = max(until - time.monotonic(), 0)
            line = f"copilot: {doing}, at most {left:.0f} s (Ctrl-C ends the {self.what})"
            print(line, file=sys.stderr, flush=True)

    @property
    def what(self) -> str:
        """What goes on, or is held back."""
        return _WHAT.get(self.called.name, "commit")


def run(arguments: Sequence[str], began: float | None = None, process: int | None = None) -> int:
    """Do what the hook of this name does and return its exit code; never a traceback.

    It `began` now, unless another time on the monotonic clock is given, and is run by git's
    `process`, usually this one's parent. Raises UsageError for a name that is none of ours.
    """
    began = time.monotonic() if began is None else began
    name, rest = (arguments[0], tuple(arguments[1:])) if arguments else ("", ())
    if name not in _STEPS:
        said = one_line(name) or "none named"
        raise UsageError(f"no hook of ours: {said}", f"it is one of {', '.join(_STEPS)}")
    if is_skipped(name, os.environ) or _is_busy(name, Path.cwd()):
        return ExitCode.OK
    verdict = _verdict(name, rest, began, os.getppid() if process is None else process)
    if verdict is None:
        return ExitCode.OK
    if verdict.line:
        print(f"copilot: {one_line(verdict.line)}", file=sys.stderr)
    return verdict.code


def _is_busy(name: str, top: Path) -> bool:
    """Tell whether git makes commits by itself just now."""
    git_dir = git_dir_of(top, {}) if name in _COMMIT_HOOKS else None
    return git_dir is not None and doing(git_dir) != ""


def _verdict(name: str, arguments: tuple[str, ...], began: float, process: int) -> Verdict | None:
    """Return how the hook ends, whatever happens; None if it leaves without a word."""
    seconds = _own_policy().seconds
    try:
        with in_time(began + seconds):
            called = _called(name, arguments, began, process)
        return _STEPS[name](called) if called else None
    except TooSlow:
        return _without(name, f"git did not answer within {seconds:g} s")
    except (CopilotError, OSError) as error:
        return _without(name, why_of(error))
    except KeyboardInterrupt:
        from copilot.assist.hooking.policy import Verdict

        return Verdict(ExitCode.INTERRUPTED, "interrupted")
    except Exception as error:  # noqa: BLE001  (a defect of ours holds nothing up)
        return _without(name, f"a defect of copilot ({error!r})")


def _called(name: str, arguments: tuple[str, ...], began: float, process: int) -> Called | None:
    """Return what the hook is called for, None if git makes commits by itself.

    Raises CopilotError.
    """
    from copilot.workspace.roots import find_roots

    (root,) = find_roots([], Path.cwd())
    git_dir = git_dir_of(root.path, {})
    if git_dir is None:
        raise UsageError(f"no .git in {one_line(str(root.path))}", "commit where there is one")
    # Called in a folder below the top, only here is it known where the state lies.
    if _is_busy(name, root.path):
        return None
    return Called(name, arguments, began, process, root, git_dir)


def _settled(called: Called) -> Hook | None:
    """Return the hook with its settings, None if it does nothing in CI. Raises CopilotError."""
    from copilot.assist.hooking.policy import policy_of
    from copilot.settings.config import load_config
    from copilot.settings.paths import state_paths

    paths = state_paths()
    config = load_config(paths.config_file, [called.root.path], os.environ)
    hook = Hook(called, paths, config, policy_of(config))
    return None if is_in_ci(os.environ) and not hook.policy.in_ci else hook


def _pre_commit(called: Called) -> Verdict | None:
    try:
        hook = _settled(called)
    except CopilotError as error:
        return _only_checked(called, why_of(error))
    if hook is None:
        return None
    from copilot.cli.hook_review import review_staged

    return review_staged(hook)


def _only_checked(called: Called, why: str) -> Verdict | None:
    """Return what follows where the settings are refused: our own checks need none of them."""
    from copilot.settings.config import Config
    from copilot.settings.paths import state_paths

    policy = _own_policy()
    if is_in_ci(os.environ) and not policy.in_ci:
        return None
    from copilot.cli.hook_review import check_staged

    return check_staged(Hook(called, state_paths(), Config(), policy), why)


def _prepare_message(called: Called) -> Verdict | None:
    file, *sources = called.arguments or ("",)
    # A source says that there is a message already; the pre-commit framework tells it apart.
    sources.append(os.environ.get("PRE_COMMIT_COMMIT_MSG_SOURCE", ""))
    hook = _settled(called) if file and not any(sources) else None
    if hook is None:
        return None
    from copilot.cli.hook_message import prepare_message

    return prepare_message(hook, called.root.path / file)


def _pre_push(called: Called) -> Verdict | None:
    from copilot.workspace.pushed import read_pushed

    pushed = read_pushed(sys.stdin.buffer.read())
    hook = _settled(called) if pushed else None
    if hook is None:
        return None
    from copilot.cli.hook_push import review_pushed

    return review_pushed(hook, called.arguments[0] if called.arguments else "", pushed)


def _without(name: str, why: str) -> Verdict | None:
    """Return what follows where the hook could not do its work."""
    from copilot.assist.hooking.policy import Verdict, not_reviewed

    policy = _own_policy()
    if is_in_ci(os.environ) and not policy.in_ci:
        return None
    if name == "prepare-commit-msg":
        return Verdict(ExitCode.OK, f"no message proposed: {why}")
    return not_reviewed(policy, f"not reviewed: {why}", _WHAT.get(name, "commit"))


def _own_policy() -> Policy:
    """Return what the user's own configuration says, whatever the repository's does."""
    from copilot.assist.hooking.policy import Policy, policy_of
    from copilot.settings.config import load_config
    from copilot.settings.paths import state_paths

    file = state_paths().config_file
    try:
        return policy_of(load_config(file, [], os.environ))
    except CopilotError:
        # What it says of the rest, nobody knows.
        return Policy(is_open=not _seems_closed(file))


def _seems_closed(file: Path) -> bool:
    """Tell whether a configuration that cannot be read sets a policy that is not `open`."""
    try:
        said = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    lines = (line.partition("=") for line in said.splitlines())
    values = (value for key, _, value in lines if key.strip().strip("\"'") == "hook_policy")
    return any(value.partition("#")[0].strip().strip("\"'") != "open" for value in values)


def why_of(error: CopilotError | OSError) -> str:
    """Return what went wrong and what to do next, in one line."""
    if isinstance(error, CopilotError):
        return f"{error.message} ({error.hint})" if error.hint else error.message
    where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    return f"{error.strerror or error}{where}"


_STEPS: Mapping[str, Callable[[Called], Verdict | None]] = {
    "pre-commit": _pre_commit,
    "prepare-commit-msg": _prepare_message,
    "pre-push": _pre_push,
}
