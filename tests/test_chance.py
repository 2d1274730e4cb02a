"""Chance on loan: lent whole, given back, and nobody else's state touched."""

import random

import igraph
import numpy as np
import pytest

from influgraph._chance import lent_to_igraph


def draw(seed: int) -> list[tuple[int, int]]:
    """Return the ties of a graph that igraph drew from our generator."""
    with lent_to_igraph(np.random.default_rng(seed)):
        return igraph.Graph.Erdos_Renyi(n=30, m=40).get_edgelist()


def test_equal_seeds_draw_equally_and_others_do_not() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_no_global_state_is_touched() -> None:
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global state under test
    python, numpy = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    draw(7)
    assert random.getstate() == python
    now = np.random.get_state(legacy=False)  # noqa: NPY002
    assert str(now) == str(numpy)


def test_igraph_draws_from_pythons_random_again_even_after_an_error() -> None:
    def undisturbed() -> list[tuple[int, int]]:
        random.seed(11)
        return igraph.Graph.Erdos_Renyi(n=30, m=40).get_edgelist()

    before = undisturbed()
    with pytest.raises(ZeroDivisionError), lent_to_igraph(np.random.default_rng(1)):
        _ = 1 / 0
    assert undisturbed() == before
    with lent_to_igraph(np.random.default_rng(1)):
        assert undisturbed() != before


def test_the_generator_moves_on() -> None:
    rng = np.random.default_rng(1)
    graphs = []
    for _ in range(2):
        with lent_to_igraph(rng):
            graphs.append(igraph.Graph.Erdos_Renyi(n=30, m=40).get_edgelist())
    assert graphs[0] != graphs[1]
