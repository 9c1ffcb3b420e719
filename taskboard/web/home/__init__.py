"""The first page, which leads each person to their work."""
