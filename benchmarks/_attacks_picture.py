"""The curves of `resistance`: how far what is bought moves an account, by each ranking."""

from pathlib import Path

import matplotlib as mpl
import pandas as pd

LINES = {
    "followers": ("#0072B2", "o", "-"),
    "pagerank": ("#E69F00", "s", "--"),
    "engagement_rate": ("#009E73", "^", "-."),
    "influence": ("#000000", "D", "-"),
}


def draw(rows: pd.DataFrame, file: Path) -> None:
    """Draw median shifts by bots bought, a panel for each attack, with every account as a dot."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    attacks = list(dict.fromkeys(rows["attack"]))
    figure, panels = plt.subplots(1, len(attacks), figsize=(2.9 * len(attacks), 3.6), sharey=True)
    for panel, attack in zip(panels, attacks, strict=True):
        some = rows[rows["attack"] == attack]
        for name, (colour, marker, style) in LINES.items():
            shift = f"shift by {name}"
            panel.plot(some["size"], 100 * some[shift], marker, color=colour, alpha=0.18, ms=4, mew=0)
            median = 100 * some.groupby("size")[shift].median()
            label = name.replace("_", " ").replace("pagerank", "PageRank")
            panel.plot(median, color=colour, marker=marker, ls=style, ms=5, label=label)
        cost = some.groupby("size")["cost"].median()
        panel.set(xscale="log", xlabel="bots bought, and their price", title=attack)
        panel.set_xticks(cost.index, [f"{size}\n{price:,.0f}" for size, price in cost.items()])
        panel.minorticks_off()
        panel.axhline(0, color="#bbbbbb", lw=0.8, zorder=0)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("places up, % of those ranked")
    figure.suptitle(_finding(rows), x=0.01, ha="left", fontsize=12)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="lower center", ncols=4, frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 0.98))
    figure.savefig(file, dpi=150)
    plt.close(figure)


def _finding(rows: pd.DataFrame) -> str:
    """What the curves show, in a sentence."""
    most = rows[rows["size"] == rows["size"].max()].groupby("attack").median(numeric_only=True)
    bought = most.loc["bought followers"]
    return (
        f"{rows['size'].max()} bought followers lift an account by "
        f"{100 * bought['shift by followers']:.0f} % of the places by followers, "
        f"by {100 * bought['shift by influence']:.0f} % by influence"
    )
