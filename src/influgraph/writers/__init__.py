"""Networks out, for other tools: one file per kind of file."""
