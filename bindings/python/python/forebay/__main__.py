"""The program `forebay`: `python -m forebay serve`, and every other command."""

import sys

from ._native import program


def main() -> int:
    """Runs the command line of this process and returns the exit status."""
    return program(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
