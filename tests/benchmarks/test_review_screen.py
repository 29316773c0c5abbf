from __future__ import annotations

from benchmarks.review_screen import KEYS, Figures, change_set, resident, table
from copilot.edits.changes import ChangeKind


def test_change_set_has_the_lines_that_were_asked_for() -> None:
    changes = change_set(20, 3000).changes
    kinds = [change.kind for change in changes]
    assert [kinds.count(kind) for kind in ChangeKind] == [16, 2, 2, 0]
    runs = [run for change in changes for hunk in change.hunks for run in hunk.ranges]
    changed = sum(r.old_to - r.old_from + r.new_to - r.new_from for r in runs)
    assert 2800 <= changed <= 3200
    assert change_set(20, 3000).changes == changes


def test_missed_aims_are_named() -> None:
    good = Figures(open_wall=0.5, text=10**6, grown=10**6, keys={"next row": [0.01, 0.02]})
    bad = Figures(open_wall=1.5, text=10**6, grown=5 * 10**6, keys={"next row": [0.06]})
    assert good.missed == []
    assert bad.missed == ["opening", "keys", "memory"]


def test_table_tells_every_kind_of_key() -> None:
    figures = Figures(text=10**6, keys={name: [0.01, 0.03, 0.02] for name in KEYS})
    rows = table(figures, 2000, 300_000).splitlines()
    assert all(any(row.startswith(f"| {name} ") for row in rows) for name in KEYS)
    assert "| a key, median of 39 | 20 ms | 50 ms |" in rows


def test_memory_of_the_process_is_known() -> None:
    assert resident() > 10**6
