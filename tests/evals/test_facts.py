from __future__ import annotations

from collections.abc import Callable

from copilot.evals.model import Material
from copilot.evals.ruler.facts import facts_of

MakeMaterial = Callable[..., Material]
CALLER = """from b import weigh_parcel


def send_parcel(parcel):
    # A comment names stamp_letter( and other things.
    return parcel.stamp_letter(weigh_parcel(parcel))


def send_both(parcel):
    return weigh_parcel(parcel) + stamp_letter(parcel)
"""
CALLED = '''def weigh_parcel(parcel):
    """Return how heavy it is, with its paper."""
    return 1
'''
OTHER = '''def stamp_letter(letter):
    """Stamp."""


def stamp_letter_twice(letter):
    """Use stamp_letter_twice as it is and no other."""


class Office:
    def is_open(self):
        """Tell whether somebody stands behind the counter."""
'''


def test_a_name_is_told_by_its_documentation_if_that_does_not_give_it_away(
    make_material: MakeMaterial,
) -> None:
    found = facts_of(make_material({"a.py": CALLER, "b.py": CALLED, "c.py": OTHER})).documented
    assert [(fact.name, fact.kind, fact.place.path) for fact in found] == [
        ("weigh_parcel", "function", "b.py"),
        ("is_open", "method", "c.py"),
    ]
    assert found[0].words == "Return how heavy it is, with its paper."
    assert found[0].place.excerpt == CALLED.encode()
    assert found[1].place.excerpt == b""


def test_a_comment_in_a_body_documents_nothing(make_material: MakeMaterial) -> None:
    python = """def update_wrapper(method):
    # The bound method is not there before the first call.
    def dummy_one():
        return method


# This stands above a function, and may be about all of them.
def other_one():
    return 1
"""
    script = """// Keeps what was drawn for all of the callers.
function keepDrawn(x) {
  // The first of them is never the last one.
  function dummyTwo() { return x; }
  return dummyTwo;
}
"""
    found = facts_of(make_material({"a.py": python, "b.js": script})).documented
    assert [fact.name for fact in found] == ["keepDrawn"]


def test_a_function_that_calls_just_one_of_another_file_is_a_fact(
    make_material: MakeMaterial,
) -> None:
    found = facts_of(make_material({"a.py": CALLER, "b.py": CALLED, "c.py": OTHER})).called
    assert [(fact.name, fact.called, fact.home.path) for fact in found] == [
        ("send_parcel", "weigh_parcel", "b.py")
    ]


def test_a_name_with_two_homes_is_no_fact(make_material: MakeMaterial) -> None:
    files = {"a.py": CALLER, "b.py": CALLED, "c.py": OTHER, "d.py": CALLED}
    facts = facts_of(make_material(files))
    assert facts.called == ()
    assert "weigh_parcel" not in {fact.name for fact in facts.documented}


def test_comments_above_a_definition_are_a_part_of_its_excerpt(make_material: MakeMaterial) -> None:
    text = "package a\n\n// Opened tells when the first of them came.\nfunc FirstCome() {\n}\n"
    (fact,) = facts_of(make_material({"a.go": text})).documented
    assert fact.name == "FirstCome"
    assert fact.place.excerpt.decode() == text.partition("\n\n")[2]
