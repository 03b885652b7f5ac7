"""The command line: one function a verb.

Exit codes: 0 all is well; 1 problems were found, or a run could not be finished;
2 the call or the recipe is wrong; 130 interrupted. Everything heavy is imported by
the verb that needs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from counterpoint.errors import CounterpointError, FormatError, RecipeError, UnknownNameError

if TYPE_CHECKING:
    from counterpoint.run.local import Outcome
    from counterpoint.run.plan import Plan
    from counterpoint.run.recipe import Recipe

app = typer.Typer(
    help="Multimodal data sets, bigger, safer and better: samples whose parts still belong together.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 all is well, 1 problems were found, 2 the call or the recipe is wrong, 130 interrupted.",
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Dataset = Annotated[Path, typer.Argument(help="Folder or file of a data set; the layout is found by looking.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Remove what an earlier run wrote there.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; one a core if left out. Never changes the bytes.")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first input that cannot be used.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Report = Annotated[bool, typer.Option("--report/--no-report", help="Write report.html at the end.")]
Layout = Annotated[str | None, typer.Option("--format", help="Layout of the source, where looking is not enough.")]


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; before or after a verb.")] = (
        False
    ),
) -> None:
    """Options of every verb."""


@app.command()
def run(
    recipe: Annotated[Path, typer.Argument(help="YAML file; see 'counterpoint list schema'.")],
    resume: Resume = False,
    fresh: Fresh = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Override a setting, e.g. --set seed=3. May be repeated.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Key or pattern of the samples to take. Repeatable.")] = None,
    workers: Workers = None,
    strict: Strict = False,
    report: Report = True,
) -> None:
    """Carry out a recipe: read, make, write, and report."""
    from counterpoint.run.recipe import load_recipe

    loaded = load_recipe(recipe, settings or ())
    if only:
        loaded = loaded.only(only)
    _carry_out(loaded, resume, fresh, workers, strict, report)


@app.command()
def augment(
    source: Dataset,
    target: Annotated[Path, typer.Argument(help="Folder of the new data set.")],
    steps: Annotated[
        list[str], typer.Option("--with", help="A transform, e.g. mirror or 'tempo(0.8,1.25)'. Repeatable, in order.")
    ],
    copies: Annotated[int, typer.Option(min=1, help="New copies of every sample.")] = 1,
    keep_originals: Annotated[bool, typer.Option("--keep-originals", help="Write the samples themselves too.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Other seeds give other samples.")] = 0,
    on_refusal: Annotated[str, typer.Option(help="skip, drop-part or error.")] = "skip",
    samples_per_shard: Annotated[int, typer.Option(min=1, help="Samples in one tar.")] = 100,
    format: Layout = None,
    resume: Resume = False,
    fresh: Fresh = False,
    workers: Workers = None,
    strict: Strict = False,
    report: Report = True,
) -> None:
    """Make new copies of every sample of a data set; a recipe made of flags."""
    from counterpoint.run.recipe import checked_recipe
    from counterpoint.run.yaml_text import YamlText

    value = {
        "seed": seed,
        "read": {"path": str(source), "format": format},
        "make": [{"augment": {"with": steps, "copies": copies, "keep_originals": keep_originals}}],
        "on_refusal": on_refusal,
        "write": {"path": str(target), "samples_per_shard": samples_per_shard},
    }
    _carry_out(checked_recipe(YamlText(value, "augment"), Path()), resume, fresh, workers, strict, report)


@app.command()
def simulate(
    layout: Annotated[str, typer.Argument(help="See 'counterpoint list layouts'; or a YAML file of ranges.")],
    target: Annotated[Path, typer.Option("--out", help="Folder of the new data set.")],
    n: Annotated[int, typer.Option("--n", min=1, help="How many samples.")] = 100,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting or a quota: weather=fog, 'light={night: 30 %}'. May be repeated."),
    ] = None,
    steps: Annotated[
        list[str] | None, typer.Option("--with", help="A transform that copies of them get. Repeatable, in order.")
    ] = None,
    copies: Annotated[int, typer.Option(min=1, help="Copies of every sample, with --with.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Other seeds give other samples.")] = 0,
    only: Annotated[list[str] | None, typer.Option(help="Key or pattern of the samples to make. Repeatable.")] = None,
    samples_per_shard: Annotated[int, typer.Option(min=1, help="Samples in one tar.")] = 100,
    resume: Resume = False,
    fresh: Fresh = False,
    workers: Workers = None,
    strict: Strict = False,
    report: Report = True,
) -> None:
    """Make samples with exact truth from a layout of scenes; a recipe made of flags."""
    from counterpoint.run.recipe import checked_recipe
    from counterpoint.run.yaml_text import YamlText

    augment = [{"augment": {"with": steps, "copies": copies}}] if steps else []
    value = {
        "seed": seed,
        "make": [{"simulate": {"layout": layout, "n": n, "set": {}, "include": only or []}}, *augment],
        "write": {"path": str(target), "samples_per_shard": samples_per_shard},
    }
    text = YamlText(value, "simulate").overridden([f"make.0.simulate.set.{setting}" for setting in settings or ()])
    _carry_out(checked_recipe(text, Path()), resume, fresh, workers, strict, report)


@app.command()
def convert(
    source: Dataset,
    target: Annotated[Path, typer.Argument(help="Where the new data set goes; must not exist.")],
    to: Annotated[str, typer.Option("--to", help="Layout; see 'counterpoint list formats'.")] = "native",
    format: Layout = None,
    lossy: Annotated[bool, typer.Option("--lossy", help="Convert although the layout cannot hold everything.")] = False,
) -> None:
    """Write a data set in another layout; what that cannot hold is said first."""
    from counterpoint.catalog import find
    from counterpoint.core.dataset import open
    from counterpoint.run.progress import ProgressBar

    data, layout = open(source, format), find("formats", to)
    if target.exists():
        raise FormatError(f"convert: {target} exists already and nothing is overwritten. Choose another place.")
    if source.resolve() in target.resolve().parents:
        raise FormatError(f"convert: {target} lies inside the data that is read ({source}). Choose a place outside.")
    aside: dict[str, str] = {}
    lost = list(dict.fromkeys(lack for sample in _readable(data, aside) for lack in layout.cannot_hold(sample)))
    for lack in lost:
        err.print(f"{to} would lose: {lack}", markup=False)
    if lost and not lossy:
        raise FormatError(f"convert: {to} cannot hold all of {source}. Choose another layout, or add --lossy.")
    with ProgressBar(err, len(data)) as bar:
        layout.write(target, (_counted(bar, sample) for sample in _readable(data, aside)))
    for key, reason in aside.items():
        out.print(f"Set aside: {key}: {reason}", markup=False)
    out.print(f"{len(data) - len(aside)} samples written to {target} as {to}.", markup=False)
    raise typer.Exit(int(bool(aside)))


@app.command()
def look(dataset: Dataset, format: Layout = None, as_json: Json = False) -> None:
    """Say what is in a data set: parts, axes, rates, frames, licences, first samples."""
    from counterpoint.run.look import look as looked

    _show(looked(dataset, format), as_json)


@app.command()
def check(dataset: Dataset, format: Layout = None, as_json: Json = False) -> None:
    """Check a data set: conventions of every part, and measured alignment between parts."""
    from counterpoint.run.check import check as checked

    result = checked(dataset, format)
    _show(result, as_json)
    raise typer.Exit(int(result.verdict == "bad"))


@app.command()
def verify(dataset: Annotated[Path, typer.Argument(help="Folder of a native data set.")]) -> None:
    """Compare every stored byte with its checksum; name what was changed."""
    from counterpoint.run.progress import ProgressBar
    from counterpoint.run.verify import verify as verified
    from counterpoint.signal.store import committed

    shards = len(committed(dataset))
    with ProgressBar(err, shards, "shards") as bar:
        findings = verified(dataset, lambda count: bar.tell("samples", count))
    for finding in findings:
        out.print(str(finding), markup=False)
    found = f"{len(findings)} problems." if findings else "every byte is as written."
    out.print(f"{shards} shard{'s' * (shards != 1)} compared: {found}")
    raise typer.Exit(int(bool(findings)))


@app.command()
def replay(
    dataset: Annotated[Path, typer.Argument(help="Folder that a run wrote.")],
    sample: Annotated[list[str] | None, typer.Argument(help="Keys of the samples; all of them if left out.")] = None,
) -> None:
    """Make stored samples again from their lineage and compare every byte."""
    from counterpoint.formats.native import Native
    from counterpoint.run.plan import Plan
    from counterpoint.run.replay import replay as replayed
    from counterpoint.run.shard import Job

    differing, job = 0, Job(Plan.load(dataset.resolve()))
    for key in sample or Native.read(dataset).keys():
        result = replayed(job, key)
        differing += bool(result.differing)
        changes = ", ".join(c.name for c in result.sample.lineage.changes) or "nothing changed"
        said = f"differs in {', '.join(result.differing)}" if result.differing else "the same bytes"
        out.print(f"{key}: {said} ({changes})", markup=False)
    raise typer.Exit(int(differing > 0))


@app.command("list")
def list_names(
    kind: Annotated[
        str, typer.Argument(help="transforms, modalities, formats, layouts, sensors or schema (of recipes).")
    ],
) -> None:
    """List what there is, with a line each; or the JSON Schema of recipes."""
    import json
    from inspect import getdoc

    from counterpoint.catalog import TABLES, find

    if kind == "schema":
        from counterpoint.run.recipe import json_schema

        typer.echo(json.dumps(json_schema(), indent=2))
        return
    if kind not in TABLES:
        raise UnknownNameError("list", kind, [*TABLES, "schema"])
    width = max(map(len, TABLES[kind]), default=0)
    for name in TABLES[kind]:
        first = (getdoc(find(kind, name)) or "").partition("\n")[0]
        out.print(f"[bold]{name:<{width}}[/]  {escape(first)}")


@app.command()
def doctor() -> None:
    """Say whether this installation can do its work."""
    from counterpoint.run.doctor import examined

    findings = list(examined())
    for finding in findings:
        mark = "[green]ok[/]    " if finding.well else "[red]broken[/]"
        out.print(f"{mark} {escape(finding.name)}: {escape(finding.said)}")
    raise typer.Exit(int(not all(f.well for f in findings)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors of Counterpoint end as one message, without a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        app([a for a in given if a != "--debug"])
    except CounterpointError as e:
        if debug:
            raise
        err.print(f"[bold red]{type(e).__name__}[/]: {escape(str(e))}")
        sys.exit(2 if isinstance(e, (RecipeError, FormatError, UnknownNameError)) else 1)
    except OSError as e:
        if debug:
            raise
        said = f"{e.filename or 'the output'}: {e.strerror or e}. Check the path, its permissions and the free space."
        err.print(f"[bold red]{type(e).__name__}[/]: counterpoint {escape(' '.join(given))}: {escape(said)}")
        sys.exit(1)


def _carry_out(recipe: Recipe, resume: bool, fresh: bool, workers: int | None, strict: bool, report: bool) -> None:
    """Run a checked recipe with a progress bar and say what came of it."""
    from counterpoint.run.local import carry_out, cores
    from counterpoint.run.plan import prepared
    from counterpoint.run.progress import ProgressBar

    plan = prepared(recipe, resume, fresh)
    for package in plan.drift():
        err.print(f"Other versions than when this run began may give other bytes: {package}.", markup=False)
    count = workers or recipe.workers or cores()
    try:
        with ProgressBar(err, plan.samples_left()) as bar:
            done = carry_out(plan, count, bar.tell, strict)
    except KeyboardInterrupt:
        safe = plan.shards - len(plan.left())
        err.print(f"Interrupted. {safe} of {plan.shards} shards are safe; the same command with --resume goes on.")
        raise typer.Exit(130) from None
    _say(plan, done, bar)
    if report and done.samples:
        from counterpoint.run.report import write_report
        from counterpoint.run.story import Timing

        timing = Timing(bar.seconds, bar.counts["samples"], count)
        out.print(f"Look at {os.path.relpath(write_report(plan.folder, timing))}", markup=False)
    raise typer.Exit(int(not done.samples))


def _say(plan: Plan, done: Outcome, bar: Any) -> None:
    name = plan.recipe.title or plan.folder.name
    fresh = bar.counts["samples"]
    now = "" if fresh == done.samples else f", {fresh} of them now"
    rate = f"{now} in {bar.seconds:.1f} s ({fresh / bar.seconds:.1f}/s)" if bar.seconds else ""
    shards = f"{done.shards} shard{'s' * (done.shards != 1)}"
    how = "read" if plan.recipe.read else "simulated"
    out.print(f"{name}: {len(plan.keys)} samples {how}, {done.samples} written in {shards}{rate}.", markup=False)
    if done.refusals:
        most = sorted(done.refusals.items(), key=lambda item: (-item[1], item[0]))[:5]
        said = ", ".join(f"{what} {count} times" for what, count in most)
        out.print(f"Refused changes: {sum(done.refusals.values())} ({said}).", markup=False)
    for aside in done.quarantined[:5]:
        out.print(f"Set aside: {aside['key']}: {aside['error']}: {aside['reason']}", markup=False)
    if len(done.quarantined) > 5:
        out.print(f"… and {len(done.quarantined) - 5} more; they are listed in {plan.folder / 'manifests'}.")


def _show(result: Any, as_json: bool) -> None:
    """Print what a verb found, for people or for programs."""
    import json

    if as_json:
        typer.echo(json.dumps(result.json(), indent=2, ensure_ascii=False))
    else:
        out.print(result)


def _readable(data: Any, aside: dict[str, str]) -> Iterator[Any]:
    """The samples that can be read; the others are noted with the reason."""
    for key in data.keys():  # noqa: SIM118 - a Dataset is a sequence
        try:
            yield data[key]
        except CounterpointError as e:
            aside[key] = f"{type(e).__name__}: {e}"


def _counted(bar: Any, sample: Any) -> Any:
    bar.tell("samples", 1)
    return sample


if __name__ == "__main__":
    main()
