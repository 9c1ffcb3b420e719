"""``python -m taskboard`` is the same as ``taskboard``."""

from taskboard.cli import main

if __name__ == "__main__":
    main()
