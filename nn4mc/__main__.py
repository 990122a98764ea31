"""``python -m nn4mc`` is ``nn4mc``."""

from nn4mc.cli import main

main(prog_name="nn4mc")
