"""When people are away and who hears for them."""
