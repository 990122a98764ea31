"""What the tests of the soft rigs share: a plant without noise, and runs of it."""

import numpy as np

from nn4mc.hil.rig import create_plant, create_reference, load_rig


class Bench:
    """One rig's model, and a quick way to run it."""

    def __init__(self, name, vehicle=None, **mismatch):
        self.rig = load_rig(name)
        self.vehicle = vehicle or next(iter(self.rig.vehicles))
        self.plant = create_plant(self.rig, self.vehicle, mismatch or None)
        self.model = self.plant.model

    def start(self, seed=0):
        wanted = create_reference(self.rig, self.rig.default_reference)
        return self.plant.initial(wanted, np.random.default_rng(seed))

    def run(self, command, seconds, x=None):
        """Return the continuous state after ``seconds`` under a constant command, from rest or from ``x``."""
        x = self.model.rest() if x is None else x
        h = self.rig.period_s / self.model.substeps
        for _ in range(round(seconds / h)):
            x = self.model.advance(x, tuple(command), h)
        return x


def halving_errors(model, x, command, seconds, h):
    """Return the largest differences of a run with h, h/2 from one with h/4: 16 times smaller for a smooth plant."""

    def run(parts):
        state = x
        for _ in range(round(seconds / h) * parts):
            state = model.advance(state, command, h / parts)
        return np.array(state)

    fine = run(4)
    return np.abs(run(1) - fine).max(), np.abs(run(2) - fine).max()
