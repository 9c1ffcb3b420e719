"""Report periods: who has reported, a plan's rhythm, and a task's trajectory."""
