"""The first set-up of an empty installation."""
