"""Scheduled work: the list of jobs as data, and the one scheduler that runs them."""
