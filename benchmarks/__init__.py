"""What influgraph costs beside the best peers: `python -m benchmarks [NAME ...] [--markdown]`.

Every module without a leading underscore has a `run()` that returns rows with at least `name`,
`ours_seconds`, `peer`, `peer_seconds`, `ratio` (how many times faster ours is) and `peak_mb` (what ours
needs beyond its input).
"""
