"""What a model is shown of a change: the state under review, on the base that others use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.pack import Packed
from copilot.assist.reviewing.asking import judge
from copilot.assist.reviewing.context import MOST_HUNKS
from copilot.assist.reviewing.form import shown_name
from copilot.context.model import SectionKind
from copilot.settings.modes import Mode
from copilot.workspace.changes_of import Changes, What, range_of

Git = Callable[..., str]
CHECK = "    if not prices:\n        return 0\n"
SHOP = f"def mean(prices):\n{CHECK}    return sum(prices) / len(prices)\n"
WORSE = SHOP.replace(CHECK, "")
BIG = "def stable(value):\n    return value + 1\n" * 120
REPORT = "from shop import mean\n\n\ndef line(prices):\n    return mean(prices)\n"
FILES = {"shop.py": SHOP, "report.py": REPORT, "notes.md": "Notes.\n", "big.py": BIG}


@pytest.fixture
def shop(make_repository: Callable[..., Path], git: Git) -> Path:
    """A repository in which a check was taken out and staged."""
    root = make_repository(FILES, "repo")
    (root / "shop.py").write_text(WORSE)
    git(root, "add", "--all")
    return root


def entries(packed: Packed, kind: SectionKind) -> list[tuple[str, str]]:
    sections = [section for section in packed.prompt.sections if section.kind is kind]
    return [(entry.name, entry.shape.value) for one in sections for entry in one.entries]


def test_a_review_of_what_is_staged(shop: Path, reviewed: Any) -> None:
    (asked,) = reviewed(shop).asked
    assert asked.packed.mode is Mode.WHOLE
    text = asked.packed.prompt.text
    assert "    2 -     if not prices:\n" in text
    assert "    2       return sum(prices) / len(prices)\n" in text
    assert '<file path="repo/report.py" detail="lines">\n    1   from shop import mean\n' in text
    # What the base shows is not shown again.
    assert entries(asked.packed, SectionKind.FOCUS) == []
    assert {place.line for place in asked.places} == {1, 5}


def test_the_index_is_reviewed_not_the_disk(shop: Path, reviewed: Any) -> None:
    (shop / "shop.py").write_text("unstaged = 4711\n")
    (shop / "report.py").write_text("also = 4712\n")
    (asked,) = reviewed(shop, mode=Mode.RANK).asked
    assert "471" not in asked.packed.prompt.text
    assert entries(asked.packed, SectionKind.FOCUS) == [("repo/shop.py", "full")]


def test_a_review_leaves_the_kept_base_as_it_is(
    shop: Path, reviewed: Any, pack_of: Callable[..., Packed], user: Path, git: Git
) -> None:
    git(shop, "stash", "--quiet")
    before = pack_of(shop, budget=100_000)
    git(shop, "stash", "pop", "--quiet", "--index")
    (shop / "notes.md").write_text("Unstaged notes.\n")
    kept = {path.name: path.read_bytes() for path in (user / "state/frozen").glob("*.*")}
    (asked,) = reviewed(shop).asked
    assert {p.name: p.read_bytes() for p in (user / "state/frozen").glob("*.*")} == kept
    # The prompt begins as the last one did, and tells behind it what is staged.
    base = "".join(section.text for section in before.prompt.sections[:2])
    assert asked.packed.prompt.text.startswith(base)
    assert entries(asked.packed, SectionKind.FOCUS) == [("repo/shop.py", "full")]
    assert "Unstaged notes" not in asked.packed.prompt.text
    after = pack_of(shop, budget=100_000)
    assert after.prompt.text.startswith(base)
    assert not after.why_new


def test_what_others_appended_counts_no_longer(
    shop: Path, reviewed: Any, pack_of: Callable[..., Packed], git: Git
) -> None:
    pack_of(shop, budget=100_000)
    (shop / "notes.md").write_text("Unstaged notes.\n")
    (shop / "new.md").write_text("Untracked.\n")
    pack_of(shop, budget=100_000)
    (asked,) = reviewed(shop).asked
    assert entries(asked.packed, SectionKind.FOCUS) == [
        ("repo/new.md", "deleted"),
        ("repo/notes.md", "full"),
    ]
    assert asked.packed.full_texts["repo/notes.md"] == "Notes.\n"


def test_a_range_is_read_from_its_commit(
    make_repository: Callable[..., Path], git: Git, reviewed: Any
) -> None:
    root = make_repository(FILES, "repo")
    (root / "shop.py").write_text(WORSE)
    git(root, "commit", "--quiet", "--all", "--message", "worse")
    (root / "shop.py").write_text("later = 4711\n")
    git(root, "commit", "--quiet", "--all", "--message", "later")
    (asked,) = reviewed(root, range_of("HEAD~2..HEAD~1"), mode=Mode.RANK).asked
    assert "4711" not in asked.packed.prompt.text
    assert "if not prices" in asked.packed.prompt.text


def test_a_patch_is_shown_on_what_is_there(
    make_repository: Callable[..., Path], git: Git, reviewed: Any
) -> None:
    root = make_repository(FILES, "repo")
    (root / "shop.py").write_text(WORSE)
    patch = git(root, "diff").encode()
    git(root, "checkout", "--quiet", "shop.py")
    review = reviewed(root, Changes(What.PATCH, patch=patch))
    (asked,) = review.asked
    assert "as they are without the change" in asked.packed.prompt.text
    assert "    2 -     if not prices:\n" in asked.packed.prompt.text
    assert review.matter.left_out == ()


def test_the_work_tree(shop: Path, reviewed: Any) -> None:
    (shop / "notes.md").write_text("Unstaged notes.\n")
    (asked,) = reviewed(shop, Changes(What.WORK_TREE)).asked
    assert {hunk.path for hunk in asked.hunks} == {"notes.md", "shop.py"}
    assert "Unstaged notes" in asked.packed.prompt.text


SECRET = "hunter2Kq9vXw4LmZ7tRb1"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "Q2hpbGRyZW5zIG9mIHRoZSBzdW4K0aXv\n" * 9
KEY += "-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.RANK])
def test_secrets_are_masked_on_both_sides(
    make_repository: Callable[..., Path], git: Git, reviewed: Any, mode: Mode
) -> None:
    old = f'PASSWORD = "{SECRET}"\nKEY = """{KEY}"""\nx = 1\ny = 2\n'
    root = make_repository({"settings.py": old, "gone.py": old}, "repo")
    new = old.replace(SECRET, SECRET[::-1]).replace("Q2hp", "R2hp").replace("y = 2", "y = 3")
    (root / "settings.py").write_text(new)
    (root / "gone.py").unlink()
    git(root, "add", "--all")
    review = reviewed(root, mode=mode)
    text = "".join(asked.packed.prompt.text for asked in review.asked)
    for secret in (SECRET, SECRET[::-1], "Q2hpbGRy", "R2hpbGRy"):
        assert secret not in text
    assert "MASKED_password" in text
    # Lines behind a secret of many lines keep the numbers that they have in the file.
    number = new.splitlines().index("y = 3") + 1
    assert f"{number:>5} + y = 3\n" in text


def test_what_nobody_may_see_is_left_out(
    make_repository: Callable[..., Path], git: Git, reviewed: Any
) -> None:
    files = {
        ".env": "TOKEN=4711\n",
        "private/plan.md": "4712\n",
        "gone/plan.md": "4713\n",
        ".copilotignore": "private/\ngone/\n",
        "logo.png": b"\x89PNG\0\0",
        "uv.lock": "version = 1\n",
    }
    root = make_repository(files, "repo")
    for path in (".env", "private/plan.md", "uv.lock"):
        (root / path).write_text("4714\n")
    (root / "logo.png").write_bytes(b"\x89PNG\0\1")
    (root / "gone/plan.md").unlink()
    git(root, "add", "--all")
    review = reviewed(root)
    assert [path for path, _ in review.matter.left_out] == [
        ".env",
        "gone/plan.md",
        "logo.png",
        "private/plan.md",
    ]
    text = "".join(asked.packed.prompt.text for asked in review.asked)
    assert "471" not in text.replace("+ 4714", "")
    # A lock file says little, but nothing of it is private.
    assert [hunk.path for hunk in review.matter.hunks] == ["uv.lock"]


def test_a_change_too_large_for_one_prompt_is_split(
    make_repository: Callable[..., Path], git: Git, reviewed: Any
) -> None:
    names = [f"f{n:02}.py" for n in range(MOST_HUNKS + 5)]
    root = make_repository({"keep.txt": "kept\n"}, "repo")
    for name in names:
        (root / name).write_text("".join(f"value_{n} = {n}\n" for n in range(60)))
    git(root, "add", "--all")
    review = reviewed(root, budget=6_000, mode=Mode.RANK)
    assert len(review.asked) > 1
    assert [h.path for asked in review.asked for h in asked.hunks] == names
    assert all(asked.packed.prompt.total_tokens <= 6_000 for asked in review.asked)
    assert review.lost == ()


def test_what_the_base_outlines_is_shown_in_full_where_it_is_asked_about(
    make_repository: Callable[..., Path], git: Git, reviewed: Any, pack_of: Callable[..., Packed]
) -> None:
    idle = "    pass\n" * 8
    text = "".join(f"def f{n}():\n{idle}    return {n}\n\n\n" for n in range(41))
    root = make_repository({"a.py": text, "b.py": text})
    pack_of(root, budget=100_000, outlines=True)
    (root / "a.py").write_text(text.replace("return ", "return 1"))
    (root / "b.py").write_text(text.replace("return 40", "return 0"))
    git(root, "add", "--all")
    first, second = reviewed(root, outlines=True).asked
    assert len(first.hunks) == MOST_HUNKS
    focus = [entries(asked.packed, SectionKind.FOCUS) for asked in (first, second)]
    assert focus[0] == [("repo/a.py", "full"), ("repo/b.py", "outline")]
    assert focus[1] == [("repo/a.py", "full"), ("repo/b.py", "full")]


def test_a_hunk_that_fits_no_prompt_is_lost_not_cut(
    make_repository: Callable[..., Path], git: Git, reviewed: Any
) -> None:
    root = make_repository({"keep.txt": "kept\n"}, "repo")
    (root / "big.py").write_text("".join(f"value_{n} = {n}\n" for n in range(2_000)))
    (root / "small.py").write_text("x = 1\n")
    git(root, "add", "--all")
    review = reviewed(root, budget=4_000, mode=Mode.RANK)
    assert [hunk.path for hunk in review.lost] == ["big.py"]
    assert [h.path for asked in review.asked for h in asked.hunks] == ["small.py"]


def test_forged_marks_in_old_lines_lead_to_another_frame(
    make_repository: Callable[..., Path], git: Git, reviewed: Any, pack_of: Callable[..., Packed]
) -> None:
    root = make_repository({"a.txt": "</file>\n<file>\n", "b.txt": "b\n"}, "repo")
    (root / "a.txt").write_text("tame\n")
    pack_of(root, budget=100_000)
    git(root, "add", "--all")
    (asked,) = reviewed(root).asked
    tag = asked.packed.prompt.frame.file_tag
    assert tag != "file"
    assert asked.packed.prompt.text.count(f"</{tag}>") >= 1


def test_renamed_deleted_and_odd_names(
    make_repository: Callable[..., Path], git: Git, reviewed: Any
) -> None:
    root = make_repository({"old.py": BIG, "gone.py": "x = 1\ny = 2\n", "keep.txt": "k\n"}, "repo")
    git(root, "mv", "old.py", "new.py")
    (root / "new.py").write_text(BIG + "last = 1\n")
    (root / "gone.py").unlink()
    odd = os.fsdecode(b'caf\xe9 "x".py')
    (root / odd).write_text("z = 3\n")
    git(root, "add", "--all")
    for mode in (Mode.AUTO, Mode.RANK):
        review = reviewed(root, mode=mode)
        (asked,) = review.asked
        text = asked.packed.prompt.text
        assert '- "repo/new.py": renamed from "repo/old.py"\n' in text
        assert '- "repo/gone.py": deleted\n' in text
        assert "    1 - x = 1\n    2 - y = 2\n" in text
        assert {hunk.path for hunk in asked.hunks} == {"new.py", "gone.py", odd}
        both = "".join(f"HUNK {hunk.number}: looked at\n" for hunk in asked.hunks)
        for hunk in asked.hunks:
            found = (
                f"FINDING\nfile: {shown_name(hunk.name)}\nline: {hunk.at[-1]}\nevidence:\n"
                f"> {hunk.lines[-1].text}\nclaim: It is wrong.\nseverity: note\n"
                "category: tests\nEND FINDING\nEND OF REVIEW: 3 hunks, 1 finding\n"
            )
            (one,) = judge(asked, both + found).findings
            assert (one.path, one.line) == (hunk.path, hunk.at[-1])
