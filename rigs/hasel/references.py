"""References of the HASEL rig: paths of the marker above the platform, in mm."""

from nn4mc.hil.paths import Chirp, Lissajous, Steps, Swirl

References = Lissajous | Steps | Chirp | Swirl
