"""The directory of departments."""
