from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.structure.dollar_quotes import painted_bodies


@pytest.mark.parametrize(
    ("data", "painted"),
    [
        (b"AS $$\nBEGIN a := 1; END\n$$ LANGUAGE", b"AS $$\nSELECT 1         \n$$ LANGUAGE"),
        (b"as $b$ DECLARE $$x$$; $b$;", b"as $b$SELECT 1        $b$;"),
        (b"DO $$BEGIN RAISE; END$$;", b"DO $$SELECT 1        $$;"),
        (b"AS $$\n  -- Sum.\n  select sum(a)\n$$", b"AS $$\n  -- Sum.\n  select sum(a)\n$$"),
        (b"AS $$ END $$", b"AS $$ END $$"),
        (b"AS $$\nBEGIN no end", b"AS $$\nBEGIN no end"),
        (
            b"-- costs $$\nCREATE TABLE a (b INT); -- $$",
            b"-- costs $$\nCREATE TABLE a (b INT); -- $$",
        ),
    ],
)
def test_bodies_in_other_languages_are_painted_over(data: bytes, painted: bytes) -> None:
    assert painted_bodies(data) == painted


_PIECES = st.sampled_from(
    [b"AS ", b"DO ", b"$$", b"$a$", b"BEGIN x := 1;", b"SELECT", b"\n", b"\r\n", b"-- c\n", b"\xff"]
)


@given(st.lists(_PIECES).map(b"".join))
def test_painting_moves_no_line_and_no_byte(data: bytes) -> None:
    painted = painted_bodies(data)
    assert len(painted) == len(data)
    ends = [m.span() for m in re.finditer(rb"[\r\n]", data)]
    assert [m.span() for m in re.finditer(rb"[\r\n]", painted)] == ends
