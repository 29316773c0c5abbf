"""httpx without its own command line, which takes click and Rich along wherever they are there."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast

# What cannot be imported is left out of httpx.
sys.modules.setdefault("httpx._main", cast("ModuleType", None))

import httpx  # noqa: E402

__all__ = ["httpx"]
