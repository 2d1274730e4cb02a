"""Who listens: of whom an audience is made, how it holds together, and what it responds to."""
