"""What the engine must stand: killed processes, clocks that are set, databases and mail servers that misbehave.

    python -m tools.chaos                      every script, both databases (about two hours)
    python -m tools.chaos leaders --short      one script, in its short form

Each script prints a table and ends with 1 when one of its figures is missed. The suite runs the short forms.
"""
