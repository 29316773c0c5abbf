"""Edit obedience: whether a model's reply makes the one file that a small edit should make.

The request is that of `copilot edit`: rules, files, and the task in the product's own form, without
a grammar. The reply is read and placed by the product's own edits, on texts in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from copilot.assist.propose import paths_of
from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Prompt
from copilot.context.tokens import count_tokens
from copilot.edits.changes import FileChange
from copilot.edits.operations import Reply, Target
from copilot.edits.parse import parse
from copilot.edits.paths import qualify
from copilot.edits.place import place
from copilot.errors import EditsRefused, UsageError
from copilot.evals.allowance import Allowance
from copilot.evals.calibrating import reserve_of
from copilot.evals.exampled import examples_in, with_examples, with_whole_rules
from copilot.evals.haystack import Fitted, fitted
from copilot.evals.mechanical import KINDS, RENAME, edit_in, is_python, same_program
from copilot.evals.model import Material, Measure, Plan, Recipe, Sample, Score
from copilot.evals.places import position_of
from copilot.evals.plain_edits import Edit
from copilot.evals.tasks import reply_limit
from copilot.settings.prompts import fill_prompt
from copilot.workspace.model import SourceFile

PARSED, PLACED, CORRECT = "parsed", "placed", "correct"
LEAST_REPLY, MOST_REPLY = 512, 1024
# Path, markers and closing line of a block.
_BLOCK_TOKENS = 128
_MOST_BYTES = 200_000
# The length that is said of prompts which are as long as their files are.
_WHOLE = 1_000_000
# So many files are looked at for edits, and the choices of so many haystacks are kept.
_MOST_FILES, _MOST_KEPT = 200, 64
# Of the room for files, what those that are edited take where they can be chosen so.
_EDITED_SHARE = 0.4


@dataclass(frozen=True)
class _Chosen:
    """An edit, the file that it is made to, and the tokens that a reply may take.

    `start` is the first byte of the first line that changes.
    """

    file: SourceFile
    edit: Edit
    reply_tokens: int
    start: int


@dataclass(frozen=True)
class Obedience:
    """The suite `edits`; all edits of a length and index are asked about one haystack.

    Left out are lengths that cannot hold a file beside the form of the reply, or not as many
    examples. The edits of a length and index are the same whatever the number of examples, and
    made to files that leave room for some, where there are such.
    """

    name: str = "edits"
    tasks: Sequence[str] = KINDS
    reply_tokens: int = MOST_REPLY

    def batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        """Yield the edits of one haystack together. Raises UsageError."""
        if unknown := sorted(set(plan.tasks) - set(self.tasks)):
            raise UsageError(f"no such edit: {unknown[0]}", f"known: {', '.join(self.tasks)}")
        found = False
        for batch in self._batches(plan, with_whole_rules(material)):
            found = True
            yield batch
        if not found:
            raise UsageError(
                "no file offers such an edit at these lengths",
                "name longer --lengths, or another repository",
            )

    def _batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        wanted = plan.tasks or self.tasks
        for (tokens, room), examples in product(plan.rooms, plan.examples):
            for index in range(plan.samples):
                about = (tokens, room, index, plan.seed, material.tokenizer, material.sha256)
                recipes = [
                    Recipe(
                        *(self.name, task, *about),
                        apart=plan.apart,
                        examples=examples,
                        reply_tokens=plan.reply_tokens,
                    )
                    for task in self.tasks
                ]
                offered = _chosen(material, recipes[0])
                kept = [one for one in recipes if one.task in wanted and one.task in offered]
                if plan.apart:
                    yield from ((one,) for one in kept)
                elif kept:
                    yield tuple(kept)

    def make(self, recipes: Iterable[Recipe], material: Material) -> Iterator[Sample]:
        """Build the samples of a batch."""
        made: dict[str, Fitted] = {}
        material = with_whole_rules(material)
        for recipe in recipes:
            chosen, ground = _chosen(material, recipe), with_examples(material, recipe.examples)
            wordings = {task: _wording(ground, task, one) for task, one in chosen.items()}
            tasks = [recipe.task] if recipe.apart else list(chosen)
            key = repr((recipe.tokens, recipe.index, recipe.examples, tasks))
            if key not in made:
                needed = {file.name for file in examples_in(material, recipe.examples)}
                needed |= {chosen[task].file.name for task in tasks}
                made[key] = fitted(ground, recipe, [wordings[t] for t in tasks], needed=needed)
            hay, wording = made[key], wordings[recipe.task]
            prompt = hay.prompt(wording)
            yield _sample(recipe, chosen[recipe.task], prompt, hay.haystack, hay.copies)

    def score(self, sample: Sample, answer: str) -> Score:
        """Score a reply by how far its edits come: read, placed, and right."""
        steps = dict.fromkeys((PARSED, PLACED, CORRECT), False)
        try:
            reply = parse(answer, sample.prompt.frame.marker)
        except EditsRefused:
            return Score(0.0, steps=steps)
        steps[PARSED] = bool(reply.operations)
        changes = _placed(reply, sample) if reply.operations else None
        steps[PLACED] = changes is not None
        steps[CORRECT] = bool(changes) and _is_right(changes or (), sample)
        return Score(float(steps[CORRECT]), steps=steps)


EDITS = Obedience()
_kept: dict[tuple[object, ...], Mapping[str, _Chosen]] = {}


def _chosen(material: Material, recipe: Recipe) -> Mapping[str, _Chosen]:
    """Return the edits of a haystack by their kind; they are the same for every task of it."""
    about = (material.tokenizer, recipe.tokens, recipe.room, recipe.index, recipe.seed)
    ground = with_examples(material, recipe.examples)
    key = (ground.sha256, *about)
    if key not in _kept:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = _choose(material, ground, recipe)
    return _kept[key]


def _choose(material: Material, ground: Material, recipe: Recipe) -> Mapping[str, _Chosen]:
    """Draw the edits; `ground` is the material with the examples that must fit besides."""
    texts = [material.prompts["rules"], material.prompts["task-edit"]]
    allowance = Allowance(ground, recipe, texts)
    found = _found(allowance, material, recipe)
    if not found:
        allowance = Allowance(ground, recipe, texts, is_tight=True)
        found = _found(allowance, material, recipe)
    for example in examples_in(material, recipe.examples):
        if not allowance.fits(example.name):
            return {}
        allowance.take(example.name)
    return {kind: found[kind] for kind in KINDS if kind in found}


def _found(allowance: Allowance, material: Material, recipe: Recipe) -> dict[str, _Chosen]:
    """Return an edit of each kind that some file offers, and take their files."""
    found: dict[str, _Chosen] = {}
    drawn = _drawn_files(material, recipe)
    # Files that leave room for examples come first, with or without them: the edits stay the same.
    for share in (_EDITED_SHARE, 1.0):
        fitting = (file for file in drawn if allowance.fits(file.name, together=share))
        for file in islice(fitting, _MOST_FILES):
            if len(found) == len(KINDS):
                break
            offered = {
                kind: chosen
                for kind in KINDS
                if kind not in found and (chosen := _edit_of(file, kind, material, recipe))
            }
            if offered:
                allowance.take(file.name)
                found |= offered
    return found


def _drawn_files(material: Material, recipe: Recipe) -> list[SourceFile]:
    """Return the files that may be edited, in an order drawn by the recipe."""
    files = [
        file
        for file in material.snapshot.files
        if not file.masks and file.name.isascii() and len(file.data or b"") <= _MOST_BYTES
    ]
    recipe.random("files").shuffle(files)
    return files


def _edit_of(file: SourceFile, kind: str, material: Material, recipe: Recipe) -> _Chosen | None:
    text = file.text or ""
    edit = edit_in(file.path, text, kind, recipe.random("edit", kind, file.name))
    if edit is None:
        return None
    first, *changed = _changed(text, edit.after)
    tokens = sum(count_tokens(changed, material.tokenizer)) * 3 // 2 + _BLOCK_TOKENS
    if tokens > reserve_of(recipe.tokens, MOST_REPLY):
        return None
    return _Chosen(file, edit, max(tokens, LEAST_REPLY), len(first.encode()))


def _changed(before: str, after: str) -> tuple[str, str, str]:
    """Return the text before all that differs, and the lines that differ, before and after."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pairs = list(zip(old, new, strict=False))
    first = next((n for n, (a, b) in enumerate(pairs) if a != b), len(pairs))
    least = min(len(old), len(new)) - first
    last = next((n for n in range(least) if old[-n - 1] != new[-n - 1]), least)
    lines = old[:first], old[first : len(old) - last], new[first : len(new) - last]
    above, removed, added = map("".join, lines)
    return above, removed, added


def _wording(material: Material, task: str, chosen: _Chosen) -> Wording:
    template = material.prompts[f"eval-edits-{task}"]
    asked = fill_prompt(template, path=chosen.file.name, **chosen.edit.words)
    return Wording(material.prompts["rules"], material.prompts["task-edit"], asked)


def _sample(
    recipe: Recipe, chosen: _Chosen, prompt: Prompt, haystack: str, copies: int = 1
) -> Sample:
    file = chosen.file
    about = {"repository": file.repository, "path": file.path, "before": file.text or ""}
    about["copies"] = str(copies)
    return Sample(
        recipe,
        prompt,
        haystack,
        (chosen.edit.after,),
        Measure.EDIT,
        reply_limit(recipe, chosen.reply_tokens),
        positions=(position_of(prompt, file.name, chosen.start),),
        about=about,
    )


def _placed(reply: Reply, sample: Sample) -> Sequence[FileChange] | None:
    """Return the changes that a reply asks for, None where an edit has not exactly one place."""
    edited = Target(sample.about["repository"], sample.about["path"])
    aliases = {file.repository for file in sample.prompt.files}

    def known(alias: str, path: str) -> bool:
        return f"{edited.name}/".startswith(f"{alias}/{path}/")

    targets: dict[str, Target] = {}
    for raw in {path for one in reply.operations for path in paths_of(one)}:
        target = qualify(raw, aliases, known)
        if isinstance(target, str):
            return None
        targets[raw] = target
    originals: dict[Target, bytes | None] = dict.fromkeys(targets.values())
    originals[edited] = sample.about["before"].encode()
    placement = place(reply.operations, originals, targets)
    return None if placement.refusals else placement.changes.changes


def _is_right(changes: Sequence[FileChange], sample: Sample) -> bool:
    """Tell whether one file alone is changed, and to the reference; blank lines at its end apart.

    After a rename, comments and layout do not count in Python.
    """
    path, [wanted] = sample.about["path"], sample.references
    change = changes[0]
    is_own = (change.repository, change.path) == (sample.about["repository"], path)
    if len(changes) > 1 or not is_own or change.old_path or change.after is None:
        return False
    got = change.after.decode()
    if got.rstrip() == wanted.rstrip():
        return True
    return sample.recipe.task == RENAME and is_python(path) and same_program(got, wanted)


def whole_samples(material: Material, seed: int) -> Iterator[Sample]:
    """Yield one edit of each kind, asked about all files of a material as they are."""
    about = (material.tokenizer, material.sha256)
    material = with_whole_rules(material)
    for task in KINDS:
        recipe = Recipe(EDITS.name, task, _WHOLE, _WHOLE, 0, seed, *about)
        chosen = _chosen(material, recipe)
        if task in chosen:
            wording = _wording(material, task, chosen[task])
            prompt = compose_prompt(material.snapshot, wording, material.tokenizer)
            hay = prompt.sections[1].sha256
            yield _sample(recipe, chosen[task], prompt, hay)
