"""Where accounts stand in a network of attention: one named Series per measure.

Which measure answers which question (`compare` sets them beside each other on a network of yours):

| question | measure |
|---|---|
| How many attend to it, and how much? | `in_degree`, `in_strength`, `out_degree`, `out_strength` |
| Do those who are attended to attend to it? | `pagerank`, `leaderrank`; `eigenvector`, `katz` |
| Who matters to this account, or to this topic? | `personalised_pagerank`, `topic_pagerank` |
| Who points to whom everyone points to? | `hits` |
| Is it in the thick of it, or at the edge? | `core_number`, `in_core_number`, `out_core_number` |
| Is it between others; how near is it to all? | `betweenness`, `harmonic_closeness` |
| Whom to take to reach far, without overlap? | `voterank`, `collective_influence` |
| Is its circle closed? Does it bridge? | `local_clustering`, `participation_coefficient`, `within_niche_z` |

None of them measures influence: a place in a network says who could be heard.
"""

from influgraph._centrality_comparison import compare, every_measure
from influgraph._centrality_counts import (
    collective_influence,
    core_number,
    in_core_number,
    in_degree,
    in_strength,
    local_clustering,
    out_core_number,
    out_degree,
    out_strength,
    participation_coefficient,
    voterank,
    within_niche_z,
)
from influgraph._centrality_paths import (
    betweenness,
    harmonic_closeness,
    harmonic_closeness_of,
    sampled_betweenness,
    sampled_harmonic_closeness,
)
from influgraph._centrality_walks import (
    eigenvector,
    hits,
    katz,
    leaderrank,
    pagerank,
    personalised_pagerank,
    topic_pagerank,
)

__all__ = [
    "betweenness",
    "collective_influence",
    "compare",
    "core_number",
    "eigenvector",
    "every_measure",
    "harmonic_closeness",
    "harmonic_closeness_of",
    "hits",
    "in_core_number",
    "in_degree",
    "in_strength",
    "katz",
    "leaderrank",
    "local_clustering",
    "out_core_number",
    "out_degree",
    "out_strength",
    "pagerank",
    "participation_coefficient",
    "personalised_pagerank",
    "sampled_betweenness",
    "sampled_harmonic_closeness",
    "topic_pagerank",
    "voterank",
    "within_niche_z",
]
