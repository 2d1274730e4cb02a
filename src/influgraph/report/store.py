"""Finished steps kept on disk, so that a study that was stopped goes on where it stood.

Tables are kept as Parquet, arrays as npy, the rest as JSON: nothing that runs code when it is read.
"""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, Self, TypeVar, cast

import numpy as np
import pandas as pd

T = TypeVar("T")


def _keep(value: object, folder: Path) -> dict[str, Any]:
    name = f"{sum(1 for _ in folder.iterdir())}"
    if isinstance(value, pd.DataFrame):
        value.to_parquet(folder / f"{name}.parquet")
        return {"frame": f"{name}.parquet"}
    if isinstance(value, pd.Series):
        value.to_frame("value").to_parquet(folder / f"{name}.parquet")
        return {"series": f"{name}.parquet", "name": value.name}
    if isinstance(value, np.ndarray):
        with (folder / f"{name}.npy").open("wb") as file:  # numpy's own way forgets why a disk refused
            np.save(cast("BinaryIO", SimpleNamespace(write=file.write)), value, allow_pickle=False)
        return {"array": f"{name}.npy"}
    if isinstance(value, dict):
        return {"mapping": {key: _keep(part, folder) for key, part in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [_keep(part, folder) for part in value]}
    if value is None or isinstance(value, str | bool | int | float):
        return {"value": value}
    raise TypeError(f"a step may hold tables, arrays, tuples, mappings, texts and numbers, not {type(value)}")


def _restore(kept: dict[str, Any], folder: Path) -> object:
    if "frame" in kept:
        return pd.read_parquet(folder / kept["frame"])
    if "series" in kept:
        return pd.read_parquet(folder / kept["series"])["value"].rename(kept["name"])
    if "array" in kept:
        return np.load(folder / kept["array"], allow_pickle=False)
    if "mapping" in kept:
        return {key: _restore(part, folder) for key, part in kept["mapping"].items()}
    if "tuple" in kept:
        return tuple(_restore(part, folder) for part in kept["tuple"])
    return kept["value"]


class DiskStore:
    """A store for `study.run_study` in a folder of its own; used in a `with` block, which tidies on failure.

    Parameters
    ----------
    folder
        Where steps are kept; steps of another `key` in it are thrown away.
    key
        What the steps depend on (inputs, settings, code), as a hash.
    watch
        Told the name of each step when it begins.
    """

    def __init__(self, folder: Path, key: str, *, watch: Callable[[str], None]) -> None:
        self._folder, self._kept = folder, folder / key[:32]
        self._watch = watch
        self.durations: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Make the folder, without what an earlier run of something else left in it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for other in self._folder.iterdir():
            if other != self._kept:
                shutil.rmtree(other)
        self._kept.mkdir(exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """After a failure leave finished steps only, and no folder where there are none."""
        if kind is None:
            return
        for unfinished in [*self._folder.glob("*.partial"), *self._kept.glob("*.partial")]:
            shutil.rmtree(unfinished, ignore_errors=True)
        for folder in (self._kept, self._folder, self._folder.parent):
            if not any(folder.iterdir()):
                folder.rmdir()

    def fresh_folder(self) -> Path:
        """Make an empty folder that a failure removes.

        Returns
        -------
        A folder on the same file system as the steps.
        """
        fresh = self._folder / "new.partial"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        return fresh

    def run(self, step: str, work: Callable[[], T]) -> T:
        """Return a finished step, or do its work and keep it.

        Parameters
        ----------
        step
            The step's name, once per study.
        work
            What makes it: tables, arrays, texts, numbers, and tuples and mappings of these.

        Returns
        -------
        What `work` returned, now or in an earlier run: always as read back, so that both are the same.
        """
        self._watch(step)
        place = self._kept / step
        if not place.exists():
            start = time.perf_counter()
            self._put(place, work(), start)
        kept = json.loads((place / "step.json").read_text(encoding="utf-8"))
        self.durations[step] = kept["seconds"]
        return cast("T", _restore(kept["result"], place))

    @staticmethod
    def _put(place: Path, result: object, start: float) -> None:
        partial = place.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        kept = {"result": _keep(result, partial), "seconds": round(time.perf_counter() - start, 3)}
        (partial / "step.json").write_text(json.dumps(kept), encoding="utf-8")
        partial.rename(place)
