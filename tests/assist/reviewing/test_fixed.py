"""Checks without a model: what they find in a diff, what they leave alone, what they never show."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.assist.reviewing.finding import Finding, Origin, Severity
from copilot.assist.reviewing.fixed import fixed_findings
from copilot.workspace.changes_of import Changes, Diff, What, read_diff
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root

TOKEN = "ghp_" + "aB3dE6" * 6
KEY = [
    "-----BEGIN RSA PRIVATE KEY-----",
    *("MIIEowIBAAKCAQEA" + "x7Qv9" * 9 for _ in range(4)),
    "-----END RSA PRIVATE KEY-----",
]


def _diff(path: str, added: list[str], around: tuple[str, ...] = (), removed: str = "") -> Diff:
    """Return the diff of one file: lines that stay, a line that goes, lines that come."""
    lines = [f" {line}" for line in around] + ([f"-{removed}"] if removed else [])
    lines += [f"+{line}" for line in added]
    old, new = len(around) + bool(removed), len(around) + len(added)
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n"
    patch = head + "".join(f"{line}\n" for line in lines)
    changes = Changes(What.PATCH, patch=patch.encode("utf-8", "surrogateescape"))
    return read_diff(Root("r", Path("/nowhere"), is_git=False), changes)


@pytest.fixture(params=["masked", "plain"])
def masker(request: pytest.FixtureRequest, tmp_path: Path) -> Masker | None:
    return Masker(tmp_path / "key") if request.param == "masked" else None


def _told(findings: list[Finding]) -> list[tuple[int, int, Severity, str]]:
    assert all(one.origin is Origin.CHECK and not one.suggestion for one in findings)
    return [(one.line, one.end_line, one.severity, one.category) for one in findings]


def test_a_secret_is_found_and_never_shown(masker: Masker | None) -> None:
    diff = _diff("app.py", ["import os", f'TOKEN = "{TOKEN}"', "print(1)"], ("a = 1",))
    findings = fixed_findings(diff, masker)
    assert _told(findings) == [(3, 3, Severity.ERROR, "secret")]
    assert TOKEN not in repr(findings)
    assert findings[0].evidence.startswith('TOKEN = "MASKED')


def test_a_secret_of_many_lines_is_found_once(masker: Masker | None) -> None:
    findings = fixed_findings(_diff("deploy.sh", ["cat <<E", *KEY, "E"]), masker)
    assert _told(findings) == [(3, 6, Severity.ERROR, "secret")]
    assert "x7Qv9" not in repr(findings)


def test_two_secrets_in_a_line_are_one_finding(masker: Masker | None) -> None:
    other = TOKEN[:-1] + "x"
    (finding,) = fixed_findings(_diff("app.py", [f'TOKENS = ["{TOKEN}", "{other}"]']), masker)
    assert TOKEN[:-1] not in repr(finding)


def test_a_secret_that_was_there_is_not_told(masker: Masker | None) -> None:
    diff = _diff("app.py", ["b = 2"], (f'TOKEN = "{TOKEN}"',), removed=f'OTHER = "{TOKEN}"')
    assert fixed_findings(diff, masker) == []


def test_what_makes_a_secret_of_lines_may_stand_far_above_them(masker: Masker | None) -> None:
    head = ["kind: Secret", "metadata:", "  name: shop", "data:"]
    rest = [f"  part{number}: YWJjZGVmZ2hpamtsbW5vcA==" for number in range(20)]
    whole = "".join(f"{line}\r\n" for line in [*head, *rest])
    lines = [f" {line}\r\n" for line in rest[:5]] + [f"+{rest[5]}\r\n"]
    ids = f"index {'1' * 40}..{'2' * 40} 100644"
    patch = f"diff --git a/s.yml b/s.yml\n{ids}\n--- a/s.yml\n+++ b/s.yml\n"
    patch += f"@@ -5,5 +5,6 @@ data:\n{''.join(lines)}"
    diff = read_diff(
        Root("r", Path("/nowhere"), is_git=False), Changes(What.PATCH, patch=patch.encode())
    )
    (file,) = diff.files
    findings = fixed_findings(diff, masker, lambda ids: [(one, whole.encode()) for one in ids])
    assert file.blob == "2" * 40
    assert _told(findings) == [(10, 10, Severity.ERROR, "secret")]
    assert "YWJj" not in repr(findings)
    # Where the file is another one by now, its hunk alone is judged.
    assert fixed_findings(diff, masker, lambda ids: [(one, b"kind: Secret\n") for one in ids]) == []
    assert fixed_findings(diff, masker) == []


def test_a_placeholder_is_no_secret(tmp_path: Path) -> None:
    masked, _ = Masker(tmp_path / "key").masked("app.py", f'TOKEN = "{TOKEN}"')
    assert "MASKED" in masked
    assert fixed_findings(_diff("app.py", [masked]), None) == []


def test_a_conflict_is_one_finding_and_an_underline_none() -> None:
    lines = ["a", "<<<<<<< HEAD", "one", "|||||||", "base", "=======", "two", ">>>>>>> side", "b"]
    (finding,) = fixed_findings(_diff("a.txt", lines), None)
    assert _told([finding]) == [(2, 8, Severity.ERROR, "conflict")]
    assert finding.evidence == "<<<<<<< HEAD\n|||||||\n=======\n>>>>>>> side"
    assert fixed_findings(_diff("a.rst", ["Heading", "=======", "text"]), None) == []
    block = ["<<<<<<< SEARCH", "a", "=======", "b", ">>>>>>> REPLACE"]
    assert fixed_findings(_diff("edits.md", block), None) == []
    code = ["x <<<<<<< y", "<<<<<<<<", ">>>>>>>>>", "<<<<<<<word", " >>>>>>> no"]
    assert fixed_findings(_diff("a.md", code), None) == []


def test_conflicts_that_lack_their_ends() -> None:
    lines = ["<<<<<<< a\r", "x", "<<<<<<< b", "y", "=======", ">>>>>>> c", "z", ">>>>>>> d"]
    findings = fixed_findings(_diff("a.txt", lines), None)
    assert [(one.line, one.end_line) for one in findings] == [(1, 1), (3, 6), (8, 8)]


def test_marks_that_stayed_are_not_told() -> None:
    around = ("<<<<<<< HEAD", "=======", ">>>>>>> x")
    assert fixed_findings(_diff("a.txt", ["new"], around), None) == []


@pytest.mark.parametrize(
    ("path", "claim"),
    [
        (".github/workflows/ci.yml", "runs in CI"),
        (".husky/pre-commit", "runs as a git hook"),
        ("sub/AGENTS.md", "tells coding agents what to do"),
        (".copilot.toml", "tells copilot what to do"),
    ],
)
def test_files_that_run_or_instruct_are_named(path: str, claim: str) -> None:
    (finding,) = fixed_findings(_diff(path, ["new: 1"], ("old: 1",)), None)
    assert _told([finding]) == [(2, 2, Severity.NOTE, "protected")]
    assert claim in finding.claim
    assert finding.evidence == "new: 1"


def test_lock_files_and_others_are_not_named() -> None:
    assert fixed_findings(_diff("uv.lock", ["a = 1"]), None) == []
    assert fixed_findings(_diff("src/agents.py", ["a = 1"]), None) == []


def test_a_named_file_without_lines_or_with_a_secret(masker: Masker | None) -> None:
    moved = "diff --git a/a.yml b/.travis.yml\nsimilarity index 100%\nrename from a.yml\n"
    changes = Changes(What.PATCH, patch=f"{moved}rename to .travis.yml\n".encode())
    diff = read_diff(Root("r", Path("/nowhere"), is_git=False), changes)
    assert _told(fixed_findings(diff, masker)) == [(1, 1, Severity.NOTE, "protected")]
    findings = fixed_findings(_diff(".travis.yml", [f'token: "{TOKEN}"']), masker)
    assert [one.category for one in findings] == ["protected", "secret"]
    assert TOKEN not in repr(findings)


def test_a_piece_of_a_key_is_never_quoted(masker: Masker | None) -> None:
    diff = _diff(".github/workflows/ci.yml", [f"  {KEY[1]}"], (f"  {KEY[2]}",))
    (finding,) = fixed_findings(diff, masker)
    assert "x7Qv9" not in repr(finding)


def test_a_file_named_for_secrets() -> None:
    patch = "diff --git a/.env b/.env\nnew file mode 100644\n--- /dev/null\n+++ b/.env\n"
    changes = Changes(What.PATCH, patch=f"{patch}@@ -0,0 +1 @@\n+DEBUG=1\n".encode())
    diff = read_diff(Root("r", Path("/nowhere"), is_git=False), changes)
    assert _told(fixed_findings(diff, None)) == [(1, 1, Severity.WARNING, "secret")]
    gone = patch.replace("new file", "deleted file").replace("--- /dev/null", "--- a/.env")
    gone = gone.replace("+++ b/.env", "+++ /dev/null") + "@@ -1 +0,0 @@\n-DEBUG=1\n"
    diff = read_diff(
        Root("r", Path("/nowhere"), is_git=False), Changes(What.PATCH, patch=gone.encode())
    )
    assert fixed_findings(diff, None) == []


def test_bytes_that_are_no_text_do_no_harm(masker: Masker | None) -> None:
    lines = ["caf\udce9 \udcff", f'TOKEN = "{TOKEN}" # \udce9', "<<<<<<< \udce9"]
    findings = fixed_findings(_diff("a.py", lines), masker)
    assert [(one.line, one.category) for one in findings] == [(2, "secret"), (3, "conflict")]
