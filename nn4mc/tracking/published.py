"""What others report, to stand beside what is measured here."""

from dataclasses import dataclass

PAPER = "arXiv 2205.10940"
RATE_HZ = 120.0
"""The paper: tracking at 120 Hz or more."""
FLASH_SHARE = 0.064
"""The paper: at most 6.4 % of flash."""
POWER_MW = 45.4
"""The paper: mean power on a Cortex-M4F, measured; by which set-up is not known here."""
STEP_INSTRUCTIONS = 384_700
"""One gradient step of the authors' published code on the HASEL network (36-10-5-3, three steps ahead), counted on an
emulated Cortex-M4; not a figure of the paper."""


@dataclass(frozen=True)
class PublishedError:
    """The largest path error in m that the paper reports, and of what: a word or two, and a sentence."""

    largest_m: float
    what: str
    about: str


ERRORS = {
    "tendon": PublishedError(2e-3, "real arm", "measured on the real arm"),
    "hasel": PublishedError(1e-3, "simulated", "in simulation, against the model"),
}
"""By rig. For the mass-spring-damper no figure is known here."""
