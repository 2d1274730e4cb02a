"""One file per source: a file of somebody else in, tables of a dataset out."""
