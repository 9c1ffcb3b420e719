"""Use cases: one function per thing a person can want. They take a session and plain values, and never commit."""
