"""All tasks, and acts on many of them at once."""
