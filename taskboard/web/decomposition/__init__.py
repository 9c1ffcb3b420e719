"""Splitting a department's part of a task into sub-tasks for the departments below it."""
