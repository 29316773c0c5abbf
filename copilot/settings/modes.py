"""What decides which files a model sees."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """`auto` is `whole` where the budget allows it, else `rank`.

    `whole`: all files. `rank`: those that our own ranking finds for the task. `select`: those that
    the model itself names in a first request.
    """

    AUTO = "auto"
    WHOLE = "whole"
    SELECT = "select"
    RANK = "rank"
