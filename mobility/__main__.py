"""``python -m mobility`` and the ``mobility`` command."""

from mobility.cli.main import main

if __name__ == "__main__":
    main()
