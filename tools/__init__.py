"""Tools for those who develop taskboard; each is run as ``python -m tools.NAME``."""
