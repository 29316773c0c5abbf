"""What asks models loads no more than it needs."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
import copilot.backends.server
assert {"click", "rich"}.isdisjoint(sys.modules)
sys.exit(0 if "httpx" in sys.modules else 1)
"""


def test_httpx_comes_without_its_command_line() -> None:
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
