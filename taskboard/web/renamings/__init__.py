"""Renamings of kinds of departments."""
