"""Pages that show imported plans."""
