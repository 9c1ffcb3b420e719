"""The overdue list."""
