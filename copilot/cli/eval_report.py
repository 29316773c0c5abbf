"""`copilot eval report`, `compare` and `rebuild`: what rows say, and what they were made of."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from copilot.backends.wall import Wall
from copilot.cli.eval_options import Export, Format, FormatOption, RowFiles
from copilot.cli.eval_run import read_material
from copilot.cli.keep import write_file
from copilot.cli.options import (
    ConfigPath,
    Exclude,
    Include,
    NoMask,
    Repo,
    Roots,
    Submodules,
    where,
)
from copilot.cli.setup import set_up
from copilot.cli.show import put, put_bytes, put_json
from copilot.cli.talk import say
from copilot.errors import ExitCode, PolicyRefused, UsageError
from copilot.evals.compare import compared, comparison_markdown, comparison_text
from copilot.evals.model import RECIPE_VERSION
from copilot.evals.report import report_of
from copilot.evals.report_model import Report
from copilot.evals.report_table import called, report_markdown, report_text
from copilot.evals.rows import Row, numbered_row, read_rows
from copilot.evals.suites import SUITES
from copilot.settings.config import load_config
from copilot.settings.paths import state_paths
from copilot.text import one_line

_NO_NAME = re.compile(r"[^\w.-]+")
# Other words for where MLflow keeps runs name servers, "databricks" for one.
_ON_DISK = re.compile(r"[./~]|(?:file|sqlite):", re.IGNORECASE)


def report_command(
    files: RowFiles,
    form: FormatOption = Format.TABLE,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", metavar="FILE", help="Write the heat map of length by depth."),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option("--png", metavar="FILE", help="The same as PNG; needs the extra `pictures`."),
    ] = None,
    export: Annotated[
        Export | None,
        typer.Option(
            "--export",
            help="mlflow: log runs and figures where MLflow is installed. lm-eval: write samples "
            "as lm-evaluation-harness does, into a folder beside the first file, each model's own "
            "in one of several.",
        ),
    ] = None,
) -> None:
    """Say what rows add up to: scores with intervals, effective lengths, speed, what stands out."""
    rows = _rows(files)
    report = report_of(rows)
    put_report(report, form)
    _draw(report, svg, png)
    if export is Export.LM_EVAL:
        _export_harness(rows, files[0])
    elif export is Export.MLFLOW:
        _export_mlflow(report, files)


def compare_command(
    files: RowFiles,
    form: FormatOption = Format.TABLE,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", metavar="FILE", help="Draw the scores by length, a line for each."),
    ] = None,
) -> None:
    """Show models side by side, and their difference on the samples that both answered."""
    comparisons = compared(_rows(files))
    if svg:
        from copilot.evals.curves_svg import curves_svg

        for one in comparisons:
            path = _named(svg, one.title, len(comparisons) > 1)
            write_file(path, curves_svg(one).encode())
            say(f"scores by length: {path}")
    if form is Format.JSON:
        put_json([asdict(one) for one in comparisons])
    elif form is Format.MARKDOWN:
        put(comparison_markdown(comparisons))
    else:
        put(comparison_text(comparisons))


def rebuild_command(
    rows: Annotated[Path, typer.Argument(metavar="ROWS", help="A file of copilot eval.")],
    number: Annotated[int, typer.Option("--row", metavar="N", help="Its line, from 1.")],
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    no_mask: NoMask = False,
    include: Include = None,
    exclude: Exclude = None,
    config: ConfigPath = None,
) -> None:
    """Print a sample's prompt byte for byte, made from its recipe and the repository again."""
    row = numbered_row(rows, number)
    setup = set_up(where(root, include, exclude, None, config, repo, submodules, no_mask))
    recipe = row.recipe
    if recipe.version != RECIPE_VERSION or recipe.suite not in SUITES:
        raise UsageError(
            f"row {number} was made by another version of copilot (recipe {recipe.version})",
            "take the version that wrote it",
        )
    material = read_material(setup, recipe.tokenizer, recipe.examples)
    if material.sha256 != recipe.source:
        made_of = ", ".join(row.repositories) or "another state of the files"
        raise UsageError(
            f"the files are not those that row {number} was made of ({made_of})",
            "check out that commit, with the same --root, --include, --exclude and mask key",
        )
    sample = next(iter(SUITES[recipe.suite].make((recipe,), material)))
    for section in sample.prompt.sections:
        put_bytes(section.data)
    if sample.prompt.sha256 != row.prompt_sha256:
        say(f"SHA-256 {sample.prompt.sha256} is not that of the row, {row.prompt_sha256}")
        raise typer.Exit(ExitCode.FINDINGS)
    say(f"SHA-256 {sample.prompt.sha256}, as in the row")


def put_report(report: Report, form: Format) -> None:
    """Write a report to stdout."""
    if form is Format.JSON:
        put_json(report_document(report))
    elif form is Format.MARKDOWN:
        put(report_markdown(report))
    else:
        put(report_text(report))


def report_document(report: Report) -> dict[str, Any]:
    """Return a report as JSON holds it; its fields are those of copilot.evals.report_model."""
    document = asdict(report)
    for one, series in zip(document["series"], report.series, strict=True):
        one["title"] = series.title
    return document


def _rows(files: Sequence[Path]) -> list[Row]:
    return [row for path in files for row in read_rows(path)]


def _draw(report: Report, svg: Path | None, png: Path | None) -> None:
    """Write the heat maps, of several series into a file each. Raises UsageError if none is."""
    if svg is None and png is None:
        return
    drawn = [series for series in report.series if series.heat]
    if not drawn:
        raise UsageError(
            "these rows have no depths to draw", "copilot eval needle asks at several depths"
        )
    for series in drawn:
        several = len(drawn) > 1
        title = f"{called(series.model)} · {series.title}"
        about = f"{called(series.model)}-{series.model.digest[:6]}-{series.title}"
        if svg and series.heat:
            from copilot.evals.heat_svg import heat_svg

            _write(_named(svg, about, several), heat_svg(series.heat, title).encode())
        if png and series.heat:
            from copilot.evals.heat_png import heat_png

            _write(_named(png, about, several), heat_png(series.heat, title))


def _write(path: Path, data: bytes) -> None:
    write_file(path, data)
    say(f"heat map: {path}")


def _named(path: Path, about: str, several: bool) -> Path:
    """Return the place of one of several pictures, named after what it shows."""
    return (
        path.with_name(f"{path.stem}-{_NO_NAME.sub('-', about)}{path.suffix}") if several else path
    )


def _export_harness(rows: Sequence[Row], first: Path) -> None:
    from copilot.evals.export import write_harness

    folder = first.with_name(f"{first.stem}.lm-eval")
    for path in write_harness(rows, folder, time.strftime("%Y-%m-%dT%H-%M-%S")):
        say(f"samples: {path}")


def _export_mlflow(report: Report, files: Sequence[Path]) -> None:
    """Log runs where MLflow is told to; rows hold code, so that the local-only wall counts."""
    from copilot.evals.export import export_mlflow

    config = load_config(state_paths().config_file, [Path.cwd()], os.environ)
    wall = Wall(config.local_only, config.local_addresses)

    def check(place: str) -> None:
        if place.partition(":")[0].lower() in {"http", "https"}:
            wall.check_url(place)
        elif config.local_only and not _ON_DISK.match(place):
            raise PolicyRefused(
                f"local_only is set and MLflow logs to {one_line(place)}",
                "set MLFLOW_TRACKING_URI to a file or a server on this machine",
            )

    kept = export_mlflow(report.series, files, report_markdown(report), check)
    say(f"logged into the experiment “copilot eval” of MLflow at {one_line(kept)}")
