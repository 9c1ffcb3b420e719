"""The working calendar: which years are known, and the yearly notice."""
