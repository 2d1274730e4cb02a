"""A study as tables, figures, one page and a manifest."""
