"""The words of a synthetic world: ordinary ones, no person's."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer[Any]]

_WORDS = {
    "running": "running marathon trail pace shoes stride interval finish hill tempo",
    "baking": "baking sourdough flour oven crust butter yeast pastry dough 🍞",
    "astronomy": "astronomy telescope comet nebula orbit eclipse galaxy moon lens звёзды",
    "gardening": "gardening seedling compost tomato pruning soil bloom herbs mulch 🌱",
    "cycling": "cycling gravel saddle climb peloton gears helmet brakes wheel vélo",
    "photography": "photography aperture shutter portrait tripod focus film light 写真 frame",
    "chess": "chess opening endgame knight gambit rook checkmate blitz pawn tactics",
    "knitting": "knitting yarn needle stitch wool scarf pattern sweater cable 🧶",
    "coffee": "coffee espresso grinder roast brew crema filter beans قهوة latte",
    "sailing": "sailing regatta mast harbour spinnaker tide anchor keel knots windward",
    "skincare": "skincare serum sunscreen cleanser balm toner retinol glow routine 피부",
    "gaming": "gaming speedrun console quest boss arcade pixel loot controller level",
    "climbing": "climbing boulder crimp belay chalk summit rope ledge harness grip",
    "birding": "birding warbler binoculars nest feather heron migration owl song 🐦",
    "woodworking": "woodworking chisel dovetail plane oak lathe joinery varnish saw bench",
    "languages": "languages grammar vocabulary accent verbs phrase dialect flashcard 言葉 idiom",
}
_COMMON = "today new first again weekend morning best learning small little week year"
_HANDLES = "kite ember maple river cobalt pebble lantern meadow quartz willow juniper fjord"
_PAPERS = "courier herald observer gazette tribune bulletin"

NICHES = {topic: words.split() for topic, words in _WORDS.items()}
TOPICS = list(NICHES)
COMMON = _COMMON.split()
HANDLES = _HANDLES.split()


def organisation(number: int) -> str:
    """Return the name of a newsroom by its number, in one word."""
    papers, places = _PAPERS.split(), HANDLES
    return f"{places[number % len(places)]}-{papers[number // len(places) % len(papers)]}"


def write_texts(topic: Ints, common: Ints, own: Ints) -> list[str]:
    """Write one text per row: common words, then words of the row's niche, all by their numbers."""
    vocabulary = list(NICHES.values())
    rows = zip(topic.tolist(), common.tolist(), own.tolist(), strict=True)
    return [
        " ".join([COMMON[c] for c in some] + [vocabulary[t][w] for w in these]) for t, some, these in rows
    ]


def write_hashtags(topic: Ints, own: Ints) -> list[list[str]]:
    """Write the hashtags of each row, words of its niche by their numbers, each once, in their order."""
    vocabulary = list(NICHES.values())
    rows = zip(topic.tolist(), own.tolist(), strict=True)
    return [[vocabulary[t][w] for w in dict.fromkeys(these)] for t, these in rows]
