"""A study as a folder: the tables, the page and the manifest, all of them or none."""

import difflib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from influgraph._study_networks import attention_network
from influgraph.dataset import Dataset, read_dataset, resolved_engagements
from influgraph.influence.trials import check_trials
from influgraph.report import manifest, page
from influgraph.report.exports import NETWORK, write_network
from influgraph.report.manifest import ELSEWHERE, MANIFEST, SETTINGS, ResultsError
from influgraph.report.privacy import Labels, pseudonym_key
from influgraph.report.store import DiskStore
from influgraph.settings import Settings, SettingsError, parse_settings
from influgraph.study import STEPS, Study, run_study

KEPT = ".steps"
CONTRACT_TABLES = ("niches", "bot_clusters", "bot_members", "counterfactual", "validation")
TABLES = (
    *CONTRACT_TABLES,
    "niche_shares",
    "niche_scan",
    "niche_layers",
    "influence_by_niche",
    "influence_by_topic",
    "planned_tests",
    "case_files",
    "case_explanations",
    "joint_acts",
    "growth",
    "coordination_ties",
    "coordination_windows",
    "niche_changes",
    "in_niches",
    "audience",
    "audience_overlap",
    "audience_reach",
    "audience_drivers",
    "audience_bonds",
)
OF_BRIEF = ("brand_fit", "brief_matches")
OUTPUTS = ("scores.parquet", "scores.csv", NETWORK, *(f"{name}.csv" for name in TABLES), "report.html")
READING, WRITING = "read the tables", "write the report"
STAGES = (READING, *STEPS, WRITING)
SHOWN, KINDS_SHOWN = 5, 12
_FORMULA = r"^(?=[=+\-@\t\r])"
FREE_TEXT = (
    *("name", "terms", "verdict", "evidence", "why", "measured", "trait", "group", "asked", "nearest"),
    *("market", "platform", "object", "objects"),
)


def run_folder(
    data: Path,
    results: Path,
    *,
    settings_file: Path | None = None,
    watch: Callable[[str], None],
    tell: Callable[[str], None] = lambda _: None,
) -> Study:
    """Study a dataset folder and write the results folder; goes on where an earlier run was stopped.

    Parameters
    ----------
    data
        The dataset folder.
    results
        The results folder; an older one of ours is replaced.
    settings_file
        The settings; by default `study.toml` in the dataset folder, else every default.
    watch
        Told the name of each stage (of `STAGES`) when it begins.
    tell
        Told each warning about the tables as soon as they are read; by default nobody is.

    Returns
    -------
    The study that was written.

    Raises
    ------
    DatasetError, SettingsError
        With every breach at once.
    ResultsError
        If the results folder holds files of others.
    OSError
        If something cannot be read or written; finished steps are kept, and an older study stays whole.
    """
    refuse_foreign(results)
    watch(READING)
    start = time.perf_counter()
    tables, settings, inputs = read_study(data, settings_file)
    for warning in tables.warnings:
        tell(warning)
    described = manifest.study_manifest(settings, inputs)
    durations = {READING: round(time.perf_counter() - start, 3)}
    key = hashlib.sha256(json.dumps(described).encode()).hexdigest()
    with DiskStore(results / KEPT, key, watch=watch) as store:
        study = run_study(tables, settings, store=store)
        watch(WRITING)
        start = time.perf_counter()
        new = store.fresh_folder()
        _write_tables(study, tables, new)
        labels = Labels(tables, study.scores["followers"], settings.privacy, key=_key(inputs))
        (new / "report.html").write_text(
            page.render(study, tables, labels, described=described), encoding="utf-8"
        )
        durations |= store.durations | {WRITING: round(time.perf_counter() - start, 3)}
        _write_manifest(described, durations, new)
        _install(new, results)
    shutil.rmtree(results / KEPT)
    return study


def read_study(data: Path, settings_file: Path | None) -> tuple[Dataset, Settings, dict[str, str]]:
    """Read the tables and the settings of a study, and check them against one another.

    Parameters
    ----------
    data
        The dataset folder.
    settings_file
        Another file than the folder's own `study.toml`.

    Returns
    -------
    The tables, whose warnings name kinds of outcome that do not occur; the rest as from `read_settings`.

    Raises
    ------
    DatasetError, SettingsError
        If one of them is not valid, names accounts that do not occur, or there are engagements and none is of
        a kind that is asked for.
    OSError
        If a file cannot be read.
    """
    settings, inputs = read_settings(data, settings_file)
    tables = read_dataset(data)
    asked = settings.outcome.kinds or ()
    absent, strange = _absent_kinds(tables, asked), _strange_accounts(tables, settings)
    if strange or (absent and len(absent) == len(asked)):
        raise SettingsError((*strange, *absent), source=str(settings_file or data / SETTINGS))
    if (trials := settings.trial_results()) is not None:
        check_trials(trials, tables.account_ids)
    return replace(tables, warnings=(*tables.warnings, *absent)) if absent else tables, settings, inputs


def _strange_accounts(tables: Dataset, settings: Settings) -> tuple[str, ...]:
    """Tell which accounts that are said to be trusted do not occur."""
    trusted = pd.Index(sorted({*settings.bots.trusted}), dtype="str")
    strange = trusted[~trusted.isin(tables.account_ids.astype("str"))] if len(trusted) else trusted
    told = f"bots.trusted: no accounts of the data: {_listed(strange)}. Use ids of the accounts."
    return (told,) if len(strange) else ()


def _listed(names: Sequence[str] | pd.Index) -> str:
    """The first of these names."""
    return ", ".join(map(repr, names[:KINDS_SHOWN])) + (", ..." if len(names) > KINDS_SHOWN else "")


def _absent_kinds(tables: Dataset, asked: Sequence[str]) -> tuple[str, ...]:
    """Tell of each kind asked for that does not occur, and the nearest that does; nothing without acts."""
    there = sorted({*resolved_engagements(tables)["kind"].unique()} - {"view"}) if asked else []
    told = []
    for kind in [kind for kind in asked if there and kind not in there]:
        near = difflib.get_close_matches(kind, there, n=1)
        meant = f"; is {near[0]!r} meant?" if near else "."
        told.append(
            f"outcome.kinds: {kind!r} does not occur in the data{meant} Kinds there: {_listed(there)}"
        )
    return tuple(told)


def read_settings(data: Path, settings_file: Path | None) -> tuple[Settings, dict[str, str]]:
    """Read the settings of a study and hash its inputs.

    Parameters
    ----------
    data
        The dataset folder.
    settings_file
        Another file than the folder's own `study.toml`.

    Returns
    -------
    The settings, and sha256 by name of input; a file from elsewhere stands there as `--settings`.

    Raises
    ------
    SettingsError
        If the text is not valid.
    OSError
        If the file cannot be read.
    """
    inputs = manifest.input_hashes(data)
    path = settings_file or data / SETTINGS
    if settings_file is None and not path.is_file():
        return Settings(), inputs
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ResultsError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    if settings_file is not None:
        inputs.pop(SETTINGS, None)
        inputs[ELSEWHERE] = manifest.file_hash(path)
    return parse_settings(text, source=str(path)), inputs


def refuse_foreign(results: Path) -> None:
    """Refuse a results folder that holds anything we did not write.

    Parameters
    ----------
    results
        A folder that may not exist yet.

    Raises
    ------
    ResultsError
        If it is a file, or holds files of others; names some of them.
    """
    if results.exists() and not results.is_dir():
        raise ResultsError(f"{results} is a file: name a folder for the results")
    names = {path.name for path in results.iterdir()} if results.exists() else set()
    if foreign := sorted(names - _own_names(results)):
        some = ", ".join(foreign[:SHOWN]) + (", ..." if len(foreign) > SHOWN else "")
        raise ResultsError(
            f"{results} holds files that are not a study's ({some}): name another folder for --out"
        )


def _own_names(results: Path) -> set[str]:
    """What a finished study, or one that was stopped, may have left."""
    at_times = (f"{name}.csv" for name in (*page.DIVISIONS.values(), *OF_BRIEF))
    stopped = {KEPT, MANIFEST, *OUTPUTS, *at_times} if (results / KEPT).is_dir() else set()
    try:
        return {MANIFEST, *manifest.read_manifest(results)["outputs"]} | stopped
    except ResultsError:
        return stopped


def _key(inputs: Mapping[str, str]) -> bytes:
    return pseudonym_key(inputs, os.environ.get("INFLUGRAPH_KEY", ""))


def _write_tables(study: Study, data: Dataset, folder: Path) -> None:
    """Write scores twice and every other table as CSV; ids verbatim, in Parquet in their input type."""
    scores = study.scores.reset_index(names="account_id")
    whole_numbers = ("accounts", "account_id") in data._origin.id_types  # noqa: SLF001 - how ids came in
    ids = {"account_id": scores["account_id"].astype("int64")} if whole_numbers else {}
    scores.assign(**ids).to_parquet(folder / "scores.parquet", index=False)
    _write_csv(scores, folder / "scores.csv")
    write_network(attention_network(data), scores.assign(**ids)["account_id"], folder / NETWORK)
    of_brief = () if study.brand_fit.empty else OF_BRIEF
    for name in (*TABLES, *page.divisions(data), *of_brief):
        table: pd.DataFrame = getattr(study, name)
        _write_csv(table.reset_index() if table.index.name else table, folder / f"{name}.csv")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table; free text that a spreadsheet would run as a formula gets a ' before it.

    Ids do not, but for those among the objects of joint acts, which may be text. Every text is quoted, so
    that line breaks of any kind in ids come back as they were; null is empty.
    """
    import pyarrow as pa
    from pyarrow import csv

    texts = [name for name in FREE_TEXT if name in table]
    safe = {name: table[name].astype("str").str.replace(_FORMULA, "'", regex=True) for name in texts}
    with path.open("wb") as file:
        file.write((",".join(table.columns) + "\n").encode())
        columns = pa.Table.from_pandas(table.assign(**safe), preserve_index=False)
        csv.write_csv(columns, file, csv.WriteOptions(include_header=False))


def _write_manifest(described: Mapping[str, Any], durations: Mapping[str, float], folder: Path) -> None:
    outputs = {path.name: manifest.file_hash(path) for path in sorted(folder.iterdir())}
    whole = {**described, "outputs": outputs, "durations": durations}
    (folder / MANIFEST).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def _install(new: Path, results: Path) -> None:
    """Put the finished files in place; the manifest goes first and comes last, so none means unfinished."""
    stale = _own_names(results) - {KEPT}
    (results / MANIFEST).unlink(missing_ok=True)
    outputs = {path.name for path in new.iterdir()} - {MANIFEST}
    for name in sorted(outputs):
        (new / name).replace(results / name)
    for name in stale - {*outputs, MANIFEST}:
        (results / name).unlink(missing_ok=True)
    (new / MANIFEST).replace(results / MANIFEST)
