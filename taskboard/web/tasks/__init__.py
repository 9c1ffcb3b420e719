"""Tasks: one's own, one with its acts, and the issue of drafts."""
