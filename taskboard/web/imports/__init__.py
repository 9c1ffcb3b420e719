"""Pages for importing a plan document."""
