"""Id columns as integer codes: the one place that looks inside a categorical."""

from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Frames = dict[str, pd.DataFrame]


def codes(ids: pd.Series) -> Codes:
    """Return the integer codes of an id column, -1 for null."""
    return np.asarray(ids.cat.codes, dtype=np.intp)


def coded_like(ids: pd.Series, values: Codes) -> pd.Categorical:
    """Return other codes as a categorical over the index of an id column."""
    return pd.Categorical.from_codes(values, dtype=cast("pd.CategoricalDtype", ids.dtype))


def post_authors(posts: pd.DataFrame, post_ids: pd.Series) -> Codes:
    """Return the code of the account that wrote each of these posts, -1 where it is not known."""
    authors = np.full(len(posts["post_id"].cat.categories) + 1, -1, dtype=np.intp)
    authors[codes(posts["post_id"])] = codes(posts["author_id"])
    return authors[codes(post_ids)]
