"""Leaving: handing over what hangs on one person alone."""
