from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec import structs

from copilot.cache import Cache
from copilot.structure.derived import BROKEN, Derived, Source
from copilot.workspace.model import SourceFile


def lengths(sources: Sequence[Source]) -> list[tuple[bytes, bytes]]:
    """Return the length of each path and of each text; one of the texts cannot be measured."""
    if any(data == b"evil" for _, data in sources):
        raise ValueError
    return [(b"%d" % len(path), b"%d" % len(data)) for path, data in sources]


def _file(path: str, text: str) -> SourceFile:
    return SourceFile("app", path, None, "tracked", text.encode())


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "facts.sqlite3") as cache:
        yield cache


def _derived(cache: Cache, version: str = "1") -> Derived:
    return Derived(lengths, [("path", "1"), ("text", version)], cache, 1)


def test_each_text_has_its_results_in_the_order_given(cache: Cache) -> None:
    files = [_file("a.py", "x = 1\n"), _file("b.unknown", "x"), _file("long.py", "x = 1\n")]
    with _derived(cache) as derived:
        found = derived.finish(derived.begin(files))
    # What has the same suffix and the same text is the same, whatever its name.
    assert found[0] == found[2]
    assert found[0] in ((b"4", b"6"), (b"7", b"6"))
    assert found[1] is None


def test_a_text_that_breaks_the_work_is_kept_as_broken(cache: Cache) -> None:
    for _ in ("made", "kept"):
        with _derived(cache) as derived:
            found = derived.finish(derived.begin([_file("a.py", "x"), _file("b.py", "evil")]))
        assert found == [(b"4", b"1"), (BROKEN, BROKEN)]


def test_what_is_kept_needs_no_text_but_all_its_rules(cache: Cache) -> None:
    file = structs.replace(_file("a.py", "x"), content="of x")
    unread = structs.replace(file, data=None, unread=True)
    with _derived(cache) as derived:
        assert derived.begin([unread]).unknown() == [unread]
        assert derived.finish(derived.begin([file])) == [(b"4", b"1")]
        begun = derived.begin([unread])
        assert (begun.unknown(), begun.is_done()) == ([], True)
        assert derived.finish(begun) == [(b"4", b"1")]
    with _derived(cache, "2") as derived:
        assert derived.begin([unread]).unknown() == [unread]
        assert derived.finish(derived.begin([unread])) == [None]


def test_it_is_busy_when_much_is_under_way(cache: Cache) -> None:
    files = [_file("a.py", f"{number}" * 300_000) for number in range(9)]
    with _derived(cache) as derived:
        begun = derived.begin(files)
        assert derived.is_busy([begun])
        assert not derived.is_busy([])
        assert derived.finish(begun) == [(b"4", b"300000")] * 9
