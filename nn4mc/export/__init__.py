"""Checkpoints out, in the formats that other projects load."""
