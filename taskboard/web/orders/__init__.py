"""Formal orders."""
