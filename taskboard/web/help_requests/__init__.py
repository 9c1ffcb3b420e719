"""Requests for help: the queue, one request, and the meetings that work through them."""
