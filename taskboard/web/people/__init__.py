"""People and their posts."""
