"""What waits for the person at work."""
