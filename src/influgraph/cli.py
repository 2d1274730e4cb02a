"""The commands."""

import errno
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click

from influgraph import __version__

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


class _Commands(click.Group):
    """Commands whose expected failures are one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; exit 1 after a failure with a message, 130 after Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            kept = " Finished steps are kept: the same command goes on from there."
            click.echo(f"\nStopped.{kept if ctx.invoked_subcommand == 'run' else ''}", err=True)
            raise SystemExit(128 + signal.SIGINT) from None
        except (MemoryError, OSError, ValueError) as error:
            if isinstance(error, ValueError) and not _is_expected(error):
                raise
            click.echo(_told(error), err=True)
            raise SystemExit(1) from None


def _is_expected(error: ValueError) -> bool:
    from influgraph.dataset import DatasetError
    from influgraph.report.manifest import ResultsError
    from influgraph.settings import SettingsError

    return isinstance(error, DatasetError | ResultsError | SettingsError)


def _told(error: Exception) -> str:
    """What went wrong, with which file, and what to do where that is known."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this dataset on this machine."
    if not isinstance(error, OSError):
        return str(error)
    advice = {
        errno.ENOSPC: " Free some space, or choose another folder; what was finished is kept.",
        errno.EFBIG: " Raise the limit on file sizes, or choose another folder; what was finished is kept.",
        errno.EACCES: " Choose a place you may read and write.",
    }
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}.{advice.get(error.errno or 0, '')}"


@contextmanager
def _progress(stages: tuple[str, ...]) -> Iterator[Callable[[str], None]]:
    """Show which stage is at work, the time it took and the time left; a line a stage without a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        with _lines() as watch:
            yield watch
        return
    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(stages))

        def watch(stage: str) -> None:
            progress.update(task, description=stage, completed=stages.index(stage), refresh=True)

        yield watch


@contextmanager
def _lines() -> Iterator[Callable[[str], None]]:
    """Print each stage once it is finished, with its seconds."""
    begun: dict[str, float] = {}

    def finish() -> None:
        for stage, start in begun.items():
            click.echo(f"{stage}: {time.perf_counter() - start:.1f} s", err=True)
        begun.clear()

    def watch(stage: str) -> None:
        finish()
        begun[stage] = time.perf_counter()

    yield watch
    finish()


def _warn(warning: str, *, err: bool = True) -> None:
    click.echo(f"warning: {warning}", err=err)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="influgraph")
def main() -> None:
    """Separate true influence from popularity in follower and engagement networks."""


@main.command()
@click.argument("data", type=FOLDER)
@click.option("--out", "results", type=FOLDER, required=True, help="The results folder.")
@click.option("--settings", "settings", type=FILE, help="Default: study.toml in DATA, else every default.")
def run(data: Path, results: Path, settings: Path | None) -> None:
    """Study the dataset in folder DATA.

    Goes on where an earlier run of the same study was stopped. RESULTS that holds files of others is refused.
    """
    from influgraph.report.results import STAGES, run_folder
    from influgraph.report.words import headline

    with _progress(STAGES) as watch:
        study = run_folder(data, results, settings_file=settings, watch=watch, tell=_warn)

    click.echo(f"{headline(study)}.\nReport: {results / 'report.html'}")


@main.command()
@click.argument("data", type=FOLDER)
def check(data: Path) -> None:
    """Check the tables and study.toml in folder DATA: every breach at once, or a summary."""
    from influgraph.dataset import study_period
    from influgraph.report.results import read_study

    tables, *_ = read_study(data, None)
    for name in ("accounts", "follows", "posts", "engagements"):
        click.echo(f"{name}: {len(getattr(tables, name)):,}")
    period = study_period(tables)
    click.echo(
        f"period: {period[0]:%Y-%m-%d %H:%M} to {period[1]:%Y-%m-%d %H:%M} UTC"
        if period
        else "period: no times"
    )
    for warning in tables.warnings:
        _warn(warning, err=False)
    click.echo("No breach of the contract.")


@main.command()
@click.argument("results", type=FOLDER)
@click.option("--data", type=FOLDER, help="The dataset folder; checks the input too.")
def verify(results: Path, data: Path | None) -> None:
    """Compare the files in folder RESULTS, and its input, with its manifest."""
    from influgraph.report.manifest import ResultsError, find_differences

    if differences := find_differences(results, data=data):
        raise ResultsError("\n".join(differences))
    click.echo("Every file is as the study left it.")


@main.command()
@click.argument("results", type=FOLDER)
@click.argument("kind", metavar="FORMAT", type=click.Choice(["gexf", "graphml", "parquet"]))
@click.argument("file", type=FILE)
def export(results: Path, kind: Literal["gexf", "graphml", "parquet"], file: Path) -> None:
    """Write the network of the study in folder RESULTS to FILE, for Gephi and other programs.

    FORMAT is gexf, graphml or parquet: accounts with scores, niches and positions, and the pairs, which for
    parquet go into FILE's name with .edges.parquet. Ids are kept: pseudonyms are for what is rendered.
    """
    from influgraph.report.exports import export_results

    pairs = export_results(results, kind, file)
    click.echo(f"{file}: {pairs:,} pairs")


@main.command()
@click.argument("data", type=FOLDER)
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True)
@click.option("--accounts", type=click.IntRange(min=1), default=5_000, show_default=True)
def demo(data: Path, seed: int, accounts: int) -> None:
    """Write a synthetic dataset into folder DATA, with its settings, and its truth in DATA/truth."""
    import numpy as np

    from influgraph.synthetic import WorldSettings, make_world, write_world

    try:
        settings = WorldSettings(accounts=accounts)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    world = make_world(settings, rng=np.random.default_rng(seed))
    write_world(world, data)
    _tell_sizes(world.realised)
    click.echo(f"Next: influgraph run {data} --out RESULTS")


def _tell_sizes(sizes: Mapping[str, Any], indent: str = "") -> None:
    """Print the realised size of every mechanism of a world."""
    for name, size in sizes.items():
        if isinstance(size, Mapping):
            click.echo(f"{indent}{name}")
            _tell_sizes(size, indent + "  ")
        else:
            click.echo(f"{indent}{name}: {size}")


@main.group("import")
def import_() -> None:
    """Add a table to a dataset from files of other programs."""


@import_.command()
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--out", "data", type=FOLDER, required=True, help="The dataset folder.")
@click.option("--table", required=True, help="accounts, follows, posts or engagements.")
@click.option("--columns", required=True, help="What the fields of a line are, by commas; - skips one.")
@click.option("--sep", help="What stands between fields (tab for a tabulator). Default: white space.")
@click.option("--map", "renamed", multiple=True, metavar="OLD=NEW", help="Another word for one in the file.")
@click.option("--set", "constants", multiple=True, metavar="COLUMN=VALUE", help="The same value in each row.")
@click.option(
    "--header/--no-header", default=None, help="Whether the first line is one. Default: as it looks."
)
@click.option("--replace", "existing", flag_value="replace", help="Replace the table, if it is there.")
@click.option("--append", "existing", flag_value="append", help="Add to the table, if it is there.")
def edgelist(  # noqa: PLR0913 - one per option of the command
    files: tuple[Path, ...],
    data: Path,
    table: str,
    columns: str,
    *,
    sep: str | None,
    renamed: tuple[str, ...],
    constants: tuple[str, ...],
    header: bool | None,
    existing: Literal["replace", "append"] | None,
) -> None:
    """Add a table to a dataset from FILES with one row per line, plain or compressed.

    For example: influgraph import edgelist activity.txt.gz --table engagements --columns
    account_id,target_id,created_at,kind --map RT=repost --out DATA
    """
    from influgraph.readers.edgelists import Layout, import_edgelist

    # Further words may follow one --map, as in --map RT=repost MT=mention; click takes them for files.
    more = tuple(str(file) for file in files if renamed and "=" in file.name and not file.exists())
    files = tuple(file for file in files if str(file) not in more)
    words, same = _pairs(renamed + more, "--map"), _pairs(constants, "--set")
    names = tuple(columns.split(","))
    try:
        layout = Layout(table, names, sep=sep, header=header, renamed=words, constants=same)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        rows = import_edgelist(files, data, layout, existing=existing or "refuse")
    except FileExistsError as error:
        raise click.ClickException(f"{error} (--replace, --append)") from error
    click.echo(f"{table}: {rows:,} rows in {data}")


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    """Options of the form OLD=NEW as a mapping."""
    if wrong := [one for one in given if "=" not in one]:
        raise click.UsageError(f"{option} must be of the form OLD=NEW, received {wrong[0]!r}")
    return dict(one.split("=", 1) for one in given)
