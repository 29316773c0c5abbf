"""`copilot models warm`: the provider reads the repository before the first question does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer

from copilot.assist.ask import Answer, Limits, ask
from copilot.assist.estimate import money, run_cost
from copilot.assist.models import ChosenModel
from copilot.assist.pack import check_fit, limit_of, pack
from copilot.assist.reuse import last_store, reuse_with
from copilot.cli.listening import streaming
from copilot.cli.models_files import user_settings
from copilot.cli.options import (
    BaseUrl,
    Budget,
    ConfigPath,
    Examples,
    Exclude,
    Include,
    Json,
    KeyVariable,
    NoMask,
    Repo,
    Roots,
    Style,
    Submodules,
    Whom,
    where,
)
from copilot.cli.prepare import Question, agree, record
from copilot.cli.ready import Ready, ready_model
from copilot.cli.setup import Setup, set_up
from copilot.cli.show import put, put_json, say_packed
from copilot.cli.talk import progress_bar, say_always
from copilot.context.reuse import last_of
from copilot.errors import BudgetExceeded, ExitCode, ModelError
from copilot.settings.modes import Mode
from copilot.text import one_line

# One token: no server takes a request for none.
_REPLY = Limits(1, None)


def complete_configured(incomplete: str) -> list[str]:
    """Return the names of the user's own models that begin so."""
    return [name for name in user_settings()[1].models if name.startswith(incomplete)]


def warm_command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A model of `copilot models list`.",
            autocompletion=complete_configured,
        ),
    ] = None,
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    no_mask: NoMask = False,
    include: Include = None,
    exclude: Exclude = None,
    base_url: BaseUrl = None,
    api_key_env: KeyVariable = None,
    budget: Budget = None,
    examples: Examples = None,
    style: Style = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Have a model read this repository, so that its cache holds it before the first question.

    With the same options as the questions that follow: other files are another prompt.
    """
    read = (root, include, exclude, budget, config, repo, submodules, no_mask)
    setup = set_up(where(*read, examples=examples, style=style))
    with ready_model(setup, Whom(name, base_url, api_key_env)) as ready:
        question = _everything(setup, ready)
        facts = {} if ready.chosen.members else _warmed(setup, question, ready)
    # Its members are opened anew, one by one: a model of its own may fill the memory.
    facts = facts or _ensemble(setup, question, ready)
    if as_json:
        put_json(facts)
    else:
        for line in _lines(facts):
            put(f"{line}\n")
    if any("error" in member for member in facts.get("members", ())):
        raise typer.Exit(ExitCode.MODEL)


def _ensemble(setup: Setup, question: Question, ready: Ready) -> dict[str, Any]:
    """Have each member read the prompt; one that fails is named, and the others go on."""
    prompt = question.packed.prompt
    return {
        "model": ready.facts.model,
        "prompt_sha256": prompt.sha256,
        "prompt_tokens": prompt.total_tokens,
        "members": [
            {"name": member.name} | _member(setup, question, member.name)
            for member in _each_cache(ready.chosen.members)
        ],
    }


def _each_cache(members: Iterable[ChosenModel]) -> Iterator[ChosenModel]:
    """Yield the members, of those that share a cache the first."""
    known: set[tuple[str, str, str]] = set()
    for member in members:
        settings = member.settings
        cache = (settings.provider, settings.base_url, settings.model)
        if cache not in known:
            known.add(cache)
            yield member


def _member(setup: Setup, question: Question, name: str) -> dict[str, Any]:
    try:
        with ready_model(setup, Whom(name, None, None)) as one:
            return _warmed(setup, question, one)
    except (ModelError, BudgetExceeded) as error:
        say_always(f"{one_line(name)} was not warmed: {one_line(error.message)}")
        return {"error": error.message}


def _warmed(setup: Setup, question: Question, ready: Ready) -> dict[str, Any]:
    """Have one model read the prompt, and note that. Raises ModelError."""
    with streaming(_ignore) as show:
        answer = ask(ready.backend, question.packed, _REPLY, show)
    question.sent()
    record(setup, "warm", "", question, ready, answer, "answered")
    return _facts(question, ready, answer)


def _everything(setup: Setup, ready: Ready) -> Question:
    """Return the prompt as far as it is the same for every question.

    Raises BudgetExceeded where the budget does not hold the files, so that each question brings
    others.
    """
    tokenizer, reply = ready.chosen.settings.tokenizer, ready.limits.max_reply_tokens
    scope = setup.scope(tokenizer, limit_of(ready.budget(setup.config), ready.window, reply))
    scope = replace(scope, marks=not ready.facts.follows_grammar)
    with progress_bar("reading files") as bar:
        packed = pack(scope, None, "", bar)
    if packed.mode is not Mode.WHOLE:
        raise BudgetExceeded(
            "the budget does not hold all files, so each question brings others",
            "nothing to warm: raise --budget, leave files out with --exclude, or just ask",
        )
    limit = check_fit(packed.prompt, ready.budget(setup.config), ready.window, reply)
    say_packed(packed, ready.facts.model)
    store = last_store(setup.paths.frozen, scope)
    reuse = reuse_with(scope, packed, store, ready.cache)
    agree(setup, ready, packed.prompt.total_tokens, reuse.tokens if reuse else 0)
    last = last_of(packed.prompt, ready.cache)
    return Question(packed, limit, lambda: reuse, lambda: store.save(last))


def _facts(question: Question, ready: Ready, answer: Answer) -> dict[str, Any]:
    usage, prices = answer.usage, ready.chosen.settings
    cost = run_cost(prices, usage.prompt, usage.cached, usage.reply) if usage else None
    return {
        "model": ready.facts.model,
        "prompt_sha256": question.packed.prompt.sha256,
        "prompt_tokens": usage.prompt if usage else question.packed.prompt.total_tokens,
        "cached_tokens": usage.cached if usage else None,
        "cache_written_tokens": usage.cache_written if usage else None,
        "seconds": round(answer.seconds, 3),
        "cost": cost,
        "currency": prices.currency,
    }


def _lines(facts: dict[str, Any]) -> list[str]:
    """Return what is said of one model, or of each member of an ensemble that was warmed."""
    if "members" not in facts:
        return [_text(facts)]
    read = (member for member in facts["members"] if "error" not in member)
    return [f"{one_line(member['name'])}: {_text(member)}" for member in read]


def _text(facts: dict[str, Any]) -> str:
    parts = [f"{facts['prompt_tokens']:,} tokens read"]
    if facts["cached_tokens"] is not None:
        parts.append(f"{facts['cached_tokens']:,} of them were in the cache already")
    if facts["cache_written_tokens"] is not None:
        parts.append(f"{facts['cache_written_tokens']:,} were put there")
    parts.append(f"{facts['seconds']:.1f} s")
    if facts["cost"] is not None:
        parts.append(money(facts["cost"], facts["currency"]))
    return "; ".join(parts)


def _ignore(_text: str) -> None:
    """Show nothing of a one-token reply."""
