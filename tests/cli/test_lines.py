"""What a person enters in a terminal, and Ctrl-C at the worst moment."""

from __future__ import annotations

from tests.cli.terminal import Terminal

# C calls this C function when the terminal has been set up and nothing waits yet: no line of
# Python runs after it that would see the signal.
_INTERRUPTED_TOO_EARLY = """
import ctypes, readline
from copilot.assist.session.names import Names
from copilot.cli.lines import Lines

lines = Lines([], Names)
readline.set_startup_hook(ctypes.pythonapi.PyErr_SetInterrupt)
try:
    lines.read()
except KeyboardInterrupt:
    print("seen")
readline.set_startup_hook(None)
print(lines.read())
"""


def test_ctrl_c_is_seen_where_it_comes_before_the_wait_for_a_key() -> None:
    terminal = Terminal(["-c", _INTERRUPTED_TOO_EARLY])
    try:
        terminal.wait_for("seen")
        terminal.wait_for("> ")
        terminal.type("still here\n")
        terminal.wait_for("still here\r\nstill here")
        assert terminal.end() == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()
