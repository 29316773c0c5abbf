"""What findings suggest, through the ordinary review: onto the work tree, or onto the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from copilot.assist.never_read import NeverRead
from copilot.assist.propose import Ground, Proposal
from copilot.assist.reviewing.finding import Finding
from copilot.assist.reviewing.placing import Suggested, suggested
from copilot.assist.reviewing.staged import StagedGround, fix_staged, unfix_staged
from copilot.cli.land import Landing, land
from copilot.cli.ready import agrees
from copilot.cli.reviewers import can_review, review
from copilot.cli.reviewing import Reviewing
from copilot.cli.setup import Setup
from copilot.cli.talk import say
from copilot.edits.flags import Flag, FlagKind
from copilot.errors import EditsRefused, PolicyRefused
from copilot.review.state import (
    Decision,
    Review,
    accepted,
    asked_apart,
    decide_all,
    decide_file,
    start,
)
from copilot.text import one_line
from copilot.workspace.model import Root
from copilot.workspace.objects import committed_blobs
from copilot.workspace.stage import staged_files

_KEPT = "staged"
_TITLE = "suggested by the review"


@dataclass(frozen=True)
class Way:
    """How suggestions land: on the index or on the work tree, and who decides.

    On the index, a file that is not staged as it was `reviewed` (its id, by path) is left alone.
    """

    on_index: bool
    yes: bool = False
    plain: bool = False
    allow: frozenset[str] = frozenset()
    reviewed: Mapping[str, str] = field(default_factory=dict)


def land_suggestions(findings: Sequence[Finding], setup: Setup, root: Root, way: Way) -> None:
    """Have a person decide on what findings suggest, and write what is accepted.

    Raises CopilotError.
    """
    proposal = proposal_of(findings, setup, root, way)
    if proposal is None:
        say("no change is suggested that could be made")
        return
    if way.on_index:
        _land_on_index(proposal, setup, root, way)
        return
    landing = Landing(_TITLE, way.yes, way.plain, allow=way.allow)
    land(proposal, setup, landing, Reviewing(setup, proposal))


def proposal_of(findings: Sequence[Finding], setup: Setup, root: Root, way: Way) -> Proposal | None:
    """Return what findings suggest, each with its claim, None for nothing; the rest is said.

    Raises CopilotError.
    """
    if way.on_index and way.reviewed:
        findings = _as_reviewed(findings, root, way.reviewed)
    found = suggested(findings, _ground(setup, root, way))
    for finding, why in found.refused:
        where = one_line(f"{finding.path}:{finding.line}")
        say(f"the change suggested for {where} has no place: {why}")
    proposal = found.proposal
    if proposal is None or not proposal.changes:
        return None
    return replace(proposal, flags=_with_claims(proposal, _placed(findings, found)))


def _as_reviewed(
    findings: Sequence[Finding], root: Root, reviewed: Mapping[str, str]
) -> list[Finding]:
    """Return the findings on files that are staged as they were reviewed; the rest is said.

    Raises GitFailed.
    """
    staged, committed = staged_files(root), committed_blobs(root.path, "HEAD")
    left = []
    for path in dict.fromkeys(finding.path for finding in findings if finding.suggestion):
        blob = staged[path].blob if path in staged else None
        if blob == reviewed.get(path, blob):
            continue
        left.append(path)
        if blob == committed.get(path):
            say(
                f"{one_line(path)}: what was reviewed is not staged (git commit -a and git commit "
                "FILE stage for the commit alone): copilot review --last --apply"
            )
        else:
            say(f"{one_line(path)} is staged otherwise than it was reviewed: it stays as it is")
    return [finding for finding in findings if finding.path not in left]


def unfix(setup: Setup, root: Root) -> None:
    """Stage again what was staged before the last fix. Raises CopilotError."""
    for path in unfix_staged(root, setup.paths.state / _KEPT):
        say(f"  {one_line(path)}: staged as it was before")


def _ground(setup: Setup, root: Root, way: Way) -> Ground:
    if way.on_index:
        return StagedGround((root,), frozenset(setup.read_only), setup.masker)
    read_only = frozenset(setup.read_only)
    return Ground(setup.roots, read_only, setup.masker, NeverRead(setup.roots))


def _placed(findings: Sequence[Finding], found: Suggested) -> list[Finding]:
    refused = [finding for finding, _ in found.refused]
    return [finding for finding in findings if finding.suggestion and finding not in refused]


def _with_claims(proposal: Proposal, findings: Sequence[Finding]) -> Mapping[str, tuple[Flag, ...]]:
    """Return the flags of the changes, what the findings claim with them."""
    flags = dict(proposal.flags)
    for change in proposal.changes.changes:
        mine = [one for one in findings if one.path == change.path]
        claims = tuple(
            Flag(FlagKind.FINDING, f"{one.severity.value}: {one_line(one.claim)}", one.line - 1)
            for one in mine
        )
        flags[change.name] = (*claims, *flags.get(change.name, ()))
    return flags


@dataclass
class _OnIndex(Reviewing):
    """The outside of a review of what is staged: the work tree is none of it."""

    def begin(self, begun: Review) -> Review:
        """Return the same: nothing is kept, as what is kept is for the work tree."""
        return begun

    def changed_on_disk(self, _review: Review) -> tuple[int, ...]:
        """Return no file: whether one is staged otherwise by now shows when it is written."""
        return ()

    def placed_again(self, review: Review) -> Review:
        """Return the same review."""
        return review


def _land_on_index(proposal: Proposal, setup: Setup, root: Root, way: Way) -> None:
    decided = _decided(proposal, setup, way)
    if decided is None:
        say("nothing was changed: nobody is here to review, and there is no --yes")
        return
    changes = accepted(decided)
    if not changes:
        say("nothing was accepted, the index is as it was")
        return
    ground = StagedGround((root,))
    try:
        fix_staged(root, changes, ground.files, setup.paths.state / _KEPT, _TITLE)
    except EditsRefused:
        say("the index is as it was")
        raise
    for change in changes.changes:
        say(f"  {one_line(change.name)}: changed in the index")
    say("the work tree is as it was; to take it back: copilot review --unfix-staged")


def _decided(proposal: Proposal, setup: Setup, way: Way) -> Review | None:
    """Return the review with all decisions, None if nobody decided. Raises PolicyRefused."""
    begun = start(proposal.changes, proposal.flags)
    if way.yes:
        decided = decide_all(begun, Decision.ACCEPTED)
        needed = {flag.kind.value for _, flags in asked_apart(decided) for flag in flags}
        if needed - way.allow:
            raise PolicyRefused(
                "--yes alone does not accept changes to protected files; nothing was written",
                "review them without --yes, or edit them by hand",
            )
        return decided
    if not can_review(plain=way.plain):
        return None
    decided = review(begun, _TITLE, setup.config, _OnIndex(setup, proposal), plain=way.plain)
    for index, flags in asked_apart(decided):
        name = one_line(decided.files[index].change.name)
        say(f"{name}: {'; '.join(flag.text for flag in flags)}")
        if not agrees(f"change {name} all the same? [y/N] ", usually=False):
            decided = decide_file(decided, index, Decision.REJECTED)
    return decided
