"""``python -m sporemetry`` is the command ``sporemetry``."""

from sporemetry.cli import main

if __name__ == "__main__":
    main()
