"""``python -m pipelines`` is ``synsift``."""

from pipelines.cli import main

main()
