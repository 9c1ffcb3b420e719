"""Hearing no more of an assignment today."""
