"""The tracking benchmark: soft rigs by controllers on one board, beside what the paper reports."""
