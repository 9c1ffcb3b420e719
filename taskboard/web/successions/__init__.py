"""Departments that follow others."""
