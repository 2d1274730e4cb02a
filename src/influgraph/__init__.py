"""Separate true influence from popularity in follower and engagement networks."""

__version__ = "0.1.0"
