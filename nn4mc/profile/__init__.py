"""Runs the real ELF in an emulated Cortex-M4F inside this process, and tells what it costs before a board is there.

- ``core.Core(elf)`` loads a program; ``call("name", ...)`` runs a function of it, ``counts()`` says what was executed.
- ``tally.instructions(counts)`` is exact; ``tally.cycles(program, counts, model)`` is a model: ``cycles.MODELS``.
- ``network.profile_network(network)`` builds a compiled network, runs it and returns a ``Profile``;
  ``runner.NetworkRunner`` runs one on many inputs and returns its output words and instructions for each.
"""
