"""How the person at work wants notices, and leaving by the link of a mail."""
