"""How sharply a block ends: farms do, niches of people shade off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from influgraph.bots._blocks import Block, Fans

SHARP = 0.15  # accounts that follow part of a block, per member, up to which it ends sharply
LEAST_HITS = 3  # of the columns that nearly every member follows, for there to be a part


def ends_sharply(fans: Fans, block: Block) -> bool:
    """Whether hardly anybody follows part of what the members of a block follow.

    Members of a farm follow each of its customers by about the same odds, so that nineteen in twenty follow
    more than some number of them, and outsiders follow none or two. In a niche of people some follow nearly
    all and others a few. Counted are those who follow half as many as nearly every member, or more, but fewer
    than these: in farms there were 0 to .08 per member, among 20 people and more of niches and public graphs
    .24 to 2.
    """
    from influgraph.bots import _blocks_kernels as kernels

    follows = block.rates.sum()
    edge = int(np.ceil(follows - 1.645 * np.sqrt((block.rates * (1 - block.rates)).sum())))
    if edge < LEAST_HITS:
        return False
    hits = np.zeros(fans.rows.size, np.int32)
    found = kernels.hit_numbers(block.columns, fans.column_indptr, fans.column_rows, hits)
    part = found[max((edge + 1) // 2, 2)] - found[edge]
    return bool(part <= SHARP * (block.odds > 0).sum())
