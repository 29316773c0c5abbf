"""How a server is told a grammar: which of the ways it takes, and the fields of a request.

All of them read the same notation: GBNF is llama.cpp's own, and XGrammar, with which vLLM and
SGLang hold a model by default, reads it too (docs.sglang.io, "Structured Outputs"). vLLM takes it
as `structured_outputs`, before 0.12 as `guided_grammar` (docs.vllm.ai, "Structured Outputs").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from copilot.backends.protocol import Grammar

# As a model's table may say; `auto` is what the server says of itself.
Wanted = Literal["auto", "llama.cpp", "vllm", "sglang", "none"]
_OWNERS: Mapping[str, Grammar] = {"llamacpp": "llama.cpp", "vllm": "vllm", "sglang": "sglang"}
# From here on, both fields are known; from 0.12 on, only the newer one.
_NEW_FIELD = (0, 11)
_VERSION = re.compile(r"v?(\d+)\.(\d+)")

# From a path below the server's root to the object that it answers with, empty if it does not.
Look = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class GrammarWay:
    """How one server is told a grammar; `name` is empty for one that follows none."""

    name: Grammar = ""
    is_new: bool = True

    def fields(self, grammar: str | None) -> dict[str, Any]:
        """Return what to add to a request so that its answer follows the grammar."""
        if grammar is None or not self.name:
            return {}
        if self.name == "llama.cpp":
            return {"grammar": grammar}
        if self.name == "sglang":
            return {"ebnf": grammar}
        if self.is_new:
            return {"structured_outputs": {"grammar": grammar}}
        return {"guided_grammar": grammar}


def find_way(wanted: Wanted, served: Mapping[str, Any], look: Look) -> GrammarWay:
    """Return the way that the user set, or that the server's list of models speaks for.

    `served` is the model's entry there. Behind a gateway that names another owner, vLLM and SGLang
    are known by what only they list and answer.
    """
    if wanted == "none":
        return GrammarWay()
    owner = _OWNERS.get(str(served.get("owned_by")), "") if wanted == "auto" else wanted
    if owner in {"llama.cpp", "sglang"}:
        return GrammarWay(owner)
    if not owner and not isinstance(served.get("max_model_len"), int):
        return GrammarWay()
    version = _VERSION.match(str(look("/version").get("version")))
    if owner == "vllm" or version:
        is_new = version is None or (int(version[1]), int(version[2])) >= _NEW_FIELD
        return GrammarWay("vllm", is_new)
    return GrammarWay("sglang" if look("/get_model_info").get("model_path") else "")
