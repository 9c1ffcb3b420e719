"""From blocks of text to a plan: the outline is understood as a tree first, then clauses attach to it."""
