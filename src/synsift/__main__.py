"""``python -m synsift`` is ``synsift``."""

from synsift.pipelines.cli import main

if __name__ == "__main__":
    main()
