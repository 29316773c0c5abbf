"""The benchmark of the hook measures what it says it does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parents[2] / "benchmarks" / "hook.py"

_STANDING_BY = {
    "fresh review, a process stands by": 1,
    "kept answer, a process stands by": 0,
    "nothing staged, a process stands by": 0,
}


@pytest.mark.skipif(sys.platform != "linux", reason="nothing stands by")
def test_each_case_goes_its_way(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("value = 1\n" * 300)
    command = [sys.executable, str(_SCRIPT), str(tmp_path / "code"), "--times", "1", "--picks", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # How long it takes depends on what else the machine does.
    assert done.returncode in {0, 1}, done.stderr
    table, _, document = done.stdout.partition("\n\n")
    measured = json.loads(document)
    assert {name: row["requests"] for name, row in measured["cases"].items()} == {
        "Python by itself": 0,
        "nothing staged": 0,
        "in a rebase": 0,
        "SKIP=copilot": 0,
        "kept answer": 0,
        "fresh review": 1,
        "the same by hand": 1,
    } | _STANDING_BY
    said = {name: row["said"] for name, row in measured["cases"].items()}
    assert said["nothing staged"] == said["in a rebase"] == said["SKIP=copilot"] == []
    line = ["copilot: reviewed, nothing found; the commit goes on"]
    assert said["kept answer"] == said["fresh review"] == line
    assert set(measured["picks"]) == {"with", "without"}
    assert len(table.splitlines()) == 2 + len(measured["cases"])
