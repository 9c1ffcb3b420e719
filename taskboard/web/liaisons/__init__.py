"""Who is liaison of which department, changed for many at once."""
