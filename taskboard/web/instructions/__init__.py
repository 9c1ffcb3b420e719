"""Instructions of leaders: written about a task or a plan, replied to, accepted or returned."""
