"""Accounts that act as one: coordination, purchased followers, pods, sybils, automation; and case files."""
