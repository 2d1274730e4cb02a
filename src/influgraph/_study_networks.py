"""The network that a study looks at, and what followers and it alone foretell."""

from collections.abc import Callable

import pandas as pd

from influgraph import centrality, networks, popularity
from influgraph.dataset import Dataset


def attention_network(data: Dataset) -> networks.Network:
    """Return the follow network, else the engagement network."""
    return (networks.follow_network if len(data.follows) else networks.engagement_network)(data)


def attention_layers(data: Dataset) -> dict[str, networks.Network]:
    """Return every kind of attention between accounts, by name."""
    return {"follow": networks.follow_network(data), "engagement": networks.engagement_network(data)}


def predictors() -> dict[str, Callable[[Dataset], pd.Series]]:
    """Measures that a forecast is compared with, by name."""

    def on_network(measure: Callable[[networks.Network], pd.Series]) -> Callable[[Dataset], pd.Series]:
        return lambda past: measure(attention_network(past)).astype("float64")

    return {
        "followers": lambda past: popularity.popularity(past)["followers"].astype("float64"),
        "PageRank": on_network(centrality.pagerank),
        "core number": on_network(centrality.core_number),
    }
