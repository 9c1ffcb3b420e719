"""The rules of reminding of a plan."""
