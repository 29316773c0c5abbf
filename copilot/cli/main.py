"""The entry point, and the one boundary where every error ends."""

from __future__ import annotations

import gc
import io
import os
import sys

from copilot import __version__

# As in typing, which takes longer to import than all else that a hook needs first.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from copilot.errors import CopilotError


# A command makes many objects that live until its end; looking for cycles among them is idle.
GC_THRESHOLDS = (100_000, 50, 100)


def main() -> None:
    """Run the command line; the exit codes are those of copilot.errors.ExitCode."""
    if sys.getfilesystemencoding() != "utf-8":
        # In another encoding the same file names would give other prompts. -P keeps Python from
        # importing what lies in this folder.
        python = [sys.executable, "-P", "-X", "utf8"]
        os.execv(sys.executable, [*python, "-m", "copilot", *sys.argv[1:]])  # noqa: S606
    try:
        code = _run(sys.argv[1:])
    except (KeyboardInterrupt, BrokenPipeError) as early:
        # While it is still being imported, or by --version.
        code = _left_early(early)
    # Else a process that ends would look through all it holds for cycles first.
    gc.freeze()
    sys.exit(code)


def _left_early(why: KeyboardInterrupt | BrokenPipeError) -> int:
    from copilot.errors import ExitCode

    if isinstance(why, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    _forget_stdout()
    return ExitCode.NOBODY_READS


def _run(arguments: list[str]) -> int:
    if arguments[:2] == ["hook", "run"] and not arguments[-1].startswith("-"):
        from copilot.cli.standby_call import run_by_standby

        code = run_by_standby(arguments[2:])
        if code is not None:
            return code
    if arguments in (["--version"], ["-V"]):
        # In no time: nothing else is imported for it.
        print(f"copilot {__version__}", flush=True)
        return 0
    from copilot.workspace.inherited import take_from

    gc.set_threshold(*GC_THRESHOLDS)
    _open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character gets its escape, as on stderr.
        sys.stdout.reconfigure(errors="backslashreplace")
    take_from(os.environ)
    return run_command(arguments)


def run_command(arguments: list[str]) -> int:
    """Run one command and return its exit code; every error ends here, said on stderr."""
    return run_work(lambda: _command(arguments), arguments)


def run_work(work: Callable[[], int], arguments: list[str]) -> int:
    """Do what a command line is for, and return the exit code; every error ends here."""
    from copilot.cli.talk import complain
    from copilot.errors import CopilotError, ExitCode

    try:
        return work()
    except CopilotError as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("copilot: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return ExitCode.NOBODY_READS
    except OSError as error:
        _forget_stdout()
        complain(_system_refusal(error))
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001  (the one boundary)
        from copilot.cli.report import report_defect

        report_defect(error, arguments)
        return ExitCode.DEFECT


def _command(arguments: list[str]) -> int:
    """Run one command and return its exit code, with all that it said written out."""
    if arguments[:2] in _OF_HOOKS and arguments[2:3] not in (["--help"], ["-h"]):
        return _hook_command(arguments[1], arguments[2:])
    _count_ahead(arguments)
    from copilot.cli.commands import command_line
    from copilot.errors import ExitCode

    code: object = ExitCode.OK
    try:
        command_line(arguments)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            # The library of the command line made a failure of it.
            raise leaving.__context__ from None
        code = ExitCode.OK if leaving.code is None else leaving.code
    # What cannot be written is an error of ours to tell, not of Python's while it shuts down.
    sys.stdout.flush()
    return code if isinstance(code, int) else ExitCode.USAGE


# git waits for these, so not even the table of commands is read for them.
_OF_HOOKS = (["hook", "run"], ["hook", "finish"], ["hook", "stand-by"])


def _hook_command(step: str, arguments: list[str]) -> int:
    if step == "run":
        from copilot.cli.hook_run import run

        return run(arguments)
    if step == "finish":
        from copilot.cli.hook_child import finish

        return finish(arguments)
    from copilot.cli.standby import stand_by

    return stand_by(arguments)


def _count_ahead(arguments: list[str]) -> None:
    """Begin to load the vocabulary before all else is imported, for the first prompt ever."""
    if arguments[:1] != ["pack"] or not {"--help", "-h", "--tokenizer"}.isdisjoint(arguments):
        return
    from copilot.context.counting import start_if_new
    from copilot.settings.paths import state_paths

    start_if_new(state_paths().cache)


def _forget_stdout() -> None:
    """Have what cannot be written go nowhere: Python would complain again while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Put the null device where the caller closed a standard stream (`<&-`)."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _system_refusal(error: OSError) -> CopilotError:
    """Return the error for what the system refuses anywhere, such as a full disk behind stdout."""
    from copilot.errors import UsageError

    where = f" ({error.filename})" if error.filename else ""
    return UsageError(
        f"the system refused: {error.strerror or error}{where}",
        "free some space or mend the permissions, then try again",
    )
