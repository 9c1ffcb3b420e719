"""Settings that an administrator keeps in the browser."""
