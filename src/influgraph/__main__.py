"""`python -m influgraph` is `influgraph`."""

from influgraph.cli import main

main()
