"""A review's result as text, JSON, SARIF and lines for editors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from copilot.assist.reviewing.finding import (
    Dropped,
    Finding,
    Origin,
    Outcome,
    ReviewResult,
    Severity,
)
from copilot.assist.reviewing.out_json import document_of
from copilot.assist.reviewing.out_lines import lines_of
from copilot.assist.reviewing.out_sarif import sarif_of
from copilot.assist.reviewing.out_text import text_of
from copilot.text import is_harmful
from copilot.workspace.changes_of import Changes, Diff, DiffHunk, What, read_diff
from copilot.workspace.model import Root

SCHEMA: Any = json.loads((Path(__file__).parent / "sarif/sarif-2.1.0-rtm.5.json").read_text())

PATCH = """diff --git a/src/a b.py b/src/a b.py
--- a/src/a b.py
+++ b/src/a b.py
@@ -1,3 +1,4 @@
 def total(items):
-    return sum(items)
+    first = items[1]
+    return first + sum(items)
 # the end
@@ -9,2 +10,2 @@ def other():
 x = 1
-y = 1
+y = 2
\\ No newline at end of file
"""
SUGGESTION = """r/src/a b.py
<<<<<<< SEARCH
    first = items[1]
=======
    first = items[0]
>>>>>>> REPLACE
"""
WRONG = Finding(
    "src/a b.py",
    2,
    2,
    Severity.ERROR,
    "correctness",
    "the first item has the number 0, so that a list of one item raises IndexError",
    "    first = items[1]",
    SUGGESTION,
)
TOLD = Finding("ci.yml", 3, 3, Severity.NOTE, "protected", "runs in CI", "", origin=Origin.CHECK)


def _diff(patch: str = PATCH) -> Diff:
    changes = Changes(What.PATCH, patch=patch.encode())
    return read_diff(Root("r", Path("/nowhere"), is_git=False), changes)


@pytest.fixture
def diff() -> Diff:
    return _diff()


def _result(
    *findings: Finding, outcome: Outcome | None = None, note: str = "", **more: Any
) -> ReviewResult:
    outcome = outcome or (Outcome.FINDINGS if findings else Outcome.PASS)
    usual: dict[str, Any] = {"dropped": (), "unread": (), "left_out": ()}
    told = usual | more
    return ReviewResult(
        findings, **told, outcome=outcome, model="m", prompt_sha256="0" * 64, key="k", note=note
    )


@pytest.fixture
def partial(diff: Diff) -> ReviewResult:
    """A review that found two things and did not get to the end."""
    return _result(
        WRONG,
        TOLD,
        note="the reply broke off",
        dropped=(Dropped(None, "no such place", "x"), Dropped(WRONG, "no such place", "y")),
        unread=(("src/a b.py", diff.files[0].hunks[1]),),
        left_out=(("logo.png", "binary"),),
    )


def test_people_see_lines_what_is_missing_and_the_outcome(
    partial: ReviewResult, diff: Diff
) -> None:
    assert text_of(partial, diff) == (
        "src/a b.py:2: the first item has the number 0, so that a list of one item raises "
        "IndexError (error, correctness)\n"
        "      2 |     first = items[1]\n"
        "  suggested:\n"
        "    -     first = items[1]\n"
        "    +     first = items[0]\n"
        "\n"
        "ci.yml:3: runs in CI (note, protected, found without a model)\n"
        "\n"
        "dropped of what the model said: no such place (2)\n"
        "not looked at: src/a b.py, lines 10 to 11\n"
        "not shown to the model: logo.png: binary\n"
        "2 findings (1 error, 1 note) in 1 file, a patch; incomplete: the reply broke off\n"
    )


def test_people_see_how_it_ended(diff: Diff) -> None:
    assert text_of(_result(), diff) == "pass: nothing found in 1 file, a patch\n"
    incomplete = _result(outcome=Outcome.INCOMPLETE, note="cut off")
    assert text_of(incomplete, diff) == "incomplete: cut off (1 file, a patch)\n"
    gone = DiffHunk(4, 1, 3, 0, ())
    unread = _result(outcome=Outcome.INCOMPLETE, unread=(("a.py", gone),))
    assert "not looked at: a.py, line 4 before the change\n" in text_of(unread, diff)
    all_unread = _result(outcome=Outcome.INCOMPLETE, unread=(("a.py", gone),) * 25)
    assert text_of(all_unread, diff).count("not looked at: a.py") == 20
    assert "… and 5 more\n" in text_of(all_unread, diff)
    many = replace(WRONG, evidence="\n".join("abcdefghijklmnop"), end_line=17, suggestion="")
    text = text_of(_result(many), diff)
    assert "     13 | l\n" in text
    assert "4 more lines" in text


def test_editors_get_a_line_for_each(partial: ReviewResult) -> None:
    assert lines_of(partial) == (
        "src/a b.py:2: error: the first item has the number 0, so that a list of one item raises "
        "IndexError [correctness]\n"
        "ci.yml:3: note: runs in CI [protected]\n"
        "src/a b.py:10: note: not looked at [review]\n"
        "logo.png:1: note: not shown to the model: binary [review]\n"
    )
    assert lines_of(_result()) == ""


def test_programs_get_everything(partial: ReviewResult, diff: Diff) -> None:
    document = json.loads(json.dumps(document_of(partial, diff)))
    assert (document["outcome"], document["exit_code"], document["complete"]) == (
        "findings",
        1,
        False,
    )
    assert document["findings"][0] == {
        "path": "src/a b.py",
        "line": 2,
        "end_line": 2,
        "severity": "error",
        "category": "correctness",
        "claim": WRONG.claim,
        "evidence": WRONG.evidence,
        "suggestion": SUGGESTION,
        "origin": "model",
    }
    assert [one["reason"] for one in document["dropped"]] == ["no such place"] * 2
    assert document["dropped"][1]["finding"]["line"] == 2
    assert document["unread"] == [
        {"path": "src/a b.py", "old_start": 9, "old_count": 2, "new_start": 10, "new_count": 2}
    ]
    assert document["left_out"] == [{"path": "logo.png", "reason": "binary"}]
    assert document["files"][0]["hunks"] == 2


def _wrong(value: Any, schema: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """Yield what is wrong by a JSON schema: as much of draft 4 as SARIF's makes use of."""
    while "$ref" in schema:
        target = SCHEMA
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    if not _has_type(value, schema):
        yield f"{at}: no {schema['type']}"
        return
    if value not in schema.get("enum", [value]):
        yield f"{at}: {value!r} is none of {schema['enum']}"
    for how, most in (("anyOf", len(schema)), ("oneOf", 1)):
        fitting = [one for one in schema.get(how, ()) if not list(_wrong(value, one, at))]
        if how in schema and not 0 < len(fitting) <= most:
            yield f"{at}: {len(fitting)} of {how}"
    judges: dict[type, Callable[..., Iterator[str]]] = {
        str: _wrong_text,
        int: _wrong_number,
        list: _wrong_items,
        dict: _wrong_members,
    }
    if type(value) in judges:
        yield from judges[type(value)](value, schema, at)


_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def _has_type(value: Any, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value has the type asked for; no number of ours is a fraction."""
    wanted = schema.get("type")
    return wanted is None or type(value) is _TYPES[wanted.replace("number", "integer")]


def _wrong_number(value: int, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value} is out of bounds"


def _wrong_items(value: list[Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0):
        yield f"{at}: too few"
    if schema.get("uniqueItems") and len({json.dumps(one) for one in value}) < len(value):
        yield f"{at}: one is there twice"
    for number, one in enumerate(value):
        yield from _wrong(one, schema.get("items", {}), f"{at}[{number}]")


def _wrong_text(value: str, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} is not {schema['pattern']}"
    if schema.get("format", "").startswith("uri"):
        if not re.fullmatch(r"[!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~]*", value):
            yield f"{at}: {value!r} is no URI"
        if schema["format"] == "uri" and not urlsplit(value).scheme:
            yield f"{at}: {value!r} is relative"


def _wrong_members(value: dict[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from (
        f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value
    )
    more = schema.get("additionalProperties", {})
    for name, one in value.items():
        inner = schema.get("properties", {}).get(name, more)
        if inner is False:
            yield f"{at}: {name} has no place"
        elif inner is not True:
            yield from _wrong(one, inner, f"{at}.{name}")


def _valid(result: ReviewResult, diff: Diff) -> dict[str, Any]:
    """Return the run of a log, having seen that it is as the schema says, and pure ASCII."""
    log = json.loads(json.dumps(sarif_of(result, diff), ensure_ascii=True))
    assert list(_wrong(log, SCHEMA)) == []
    json.dumps(log, ensure_ascii=False).encode()
    (run,) = log["runs"]
    return dict(run)


def test_the_validator_sees_what_is_wrong(partial: ReviewResult, diff: Diff) -> None:
    log = sarif_of(partial, diff)
    result = log["runs"][0]["results"][0]
    for spoilt in (
        {**result, "level": "grave"},
        {**result, "message": {}},
        {**result, "ruleIndex": -2},
        {**result, "extra": 1},
        {**result, "locations": [{"physicalLocation": {"region": {"startLine": 0}}}]},
        {**result, "partialFingerprints": {"a": 1}},
        {**result, "fixes": [{}]},
    ):
        run = {**log["runs"][0], "results": [spoilt]}
        assert list(_wrong({**log, "runs": [run]}, SCHEMA))
    assert list(_wrong({**log, "version": "2.0.0"}, SCHEMA))
    place = {"artifactLocation": {"uri": "a b"}}
    spoilt = {**result, "locations": [{"physicalLocation": place}]}
    assert list(_wrong({**log, "runs": [{**log["runs"][0], "results": [spoilt]}]}, SCHEMA))


def test_code_hosts_get_rules_places_and_what_was_not_looked_at(
    partial: ReviewResult, diff: Diff
) -> None:
    run = _valid(partial, diff)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["review/correctness", "check/protected"]
    wrong, told = run["results"]
    assert (wrong["ruleId"], wrong["ruleIndex"], wrong["level"]) == (rules[0], 0, "error")
    place = wrong["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/a%20b.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {
        "startLine": 2,
        "endLine": 2,
        "snippet": {"text": "    first = items[1]"},
    }
    assert "snippet" not in told["locations"][0]["physicalLocation"]["region"]
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 1)
    said = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert said == ["the reply broke off", "not looked at", "not shown to the model: binary"]


def test_a_pass_is_a_run_without_results(diff: Diff) -> None:
    run = _valid(_result(), diff)
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0}]


def test_a_suggestion_is_a_fix_where_the_diff_tells_its_place(diff: Diff) -> None:
    (result,) = _valid(_result(WRONG), diff)["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "src/a%20b.py"
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 2, "startColumn": 1, "endLine": 3, "endColumn": 1},
            "insertedContent": {"text": "    first = items[0]\n"},
        }
    ]
    last = SUGGESTION.replace("    first = items[1]", "y = 2").replace(
        "    first = items[0]", "y = 3"
    )
    (result,) = _valid(_result(replace(WRONG, suggestion=last)), diff)["results"]
    (change,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert change == {
        "deletedRegion": {"startLine": 11, "startColumn": 1, "endLine": 11, "endColumn": 6},
        "insertedContent": {"text": "y = 3"},
    }
    for without in (
        SUGGESTION.replace("items[1]", "items[7]"),
        SUGGESTION.replace("items[0]", "MASKED_secret_0123456789abcdef"),
        SUGGESTION.replace("items[0]", "items['\u200d']"),
        "no edit",
    ):
        (result,) = _valid(_result(replace(WRONG, suggestion=without)), diff)["results"]
        assert "fixes" not in result
    (result,) = _valid(_result(WRONG), _diff(PATCH.replace("y = 2", "    first = items[1]")))[
        "results"
    ]
    assert "fixes" not in result


def test_fingerprints_stay_where_lines_move_and_claims_are_worded_anew(diff: Diff) -> None:
    def prints(*findings: Finding) -> list[str]:
        results = _valid(_result(*findings), diff)["results"]
        return [one for result in results for one in result["partialFingerprints"].values()]

    moved = replace(WRONG, line=90, end_line=90, claim="other words")
    assert prints(WRONG) == prints(moved)
    assert len(set(prints(WRONG, moved, replace(WRONG, path="b.py"), TOLD))) == 4


def test_a_claim_makes_no_link(diff: Diff) -> None:
    claim = "see [this](https://example.com)"
    (result,) = _valid(_result(replace(WRONG, claim=claim)), diff)["results"]
    assert result["message"]["text"] == "see \\[this\\](https://example.com)"
    (result,) = _valid(_result(replace(WRONG, claim="items[1] is wrong")), diff)["results"]
    assert result["message"]["text"] == "items[1] is wrong"


TEXT = st.text(st.characters() | st.sampled_from("\x1b\n\r\u202e\udcff\\:%[]()"), max_size=20)
PATHS = TEXT.filter(lambda text: "\0" not in text and text.strip() != "").map(
    lambda text: "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff" else "x" for c in text)
)


@settings(max_examples=150)
@example("a\r\n.py", ("one\r\n",) * 4, (1, 0), Severity.ERROR)
@given(
    path=PATHS | st.just("a\nb\x1b.py"),
    texts=st.tuples(TEXT, TEXT, TEXT, TEXT),
    lines=st.tuples(st.integers(1, 9), st.integers(0, 3)),
    severity=st.sampled_from(Severity),
)
def test_whatever_is_said_no_form_breaks(
    path: str, texts: tuple[str, str, str, str], lines: tuple[int, int], severity: Severity
) -> None:
    claim, evidence, category, note = texts
    line, more = lines
    finding = Finding(path, line, line + more, severity, category, claim, evidence, SUGGESTION)
    hunk = DiffHunk(0, 0, 0, 0, ())
    missing: dict[str, Any] = {"unread": ((path, hunk),), "left_out": ((path, note),)}
    result = _result(finding, finding, note=note, **missing)
    diff = _diff()
    run = _valid(result, diff)
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri, errors="surrogateescape") == path
    for text in (text_of(result, diff), lines_of(result)):
        assert not any(is_harmful(character) for character in text)
    told = lines_of(result).split("\n")
    assert len(told) == 5
    assert all(re.search(rf":{line}: {severity.value}: ", one) for one in told[:2])
    json.dumps(document_of(result, diff), ensure_ascii=True).encode("ascii")
