"""How fast a closed loop follows: its frequency response from reference to true position, and where that falls."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.hil.paths import Chirp
from nn4mc.hil.record import Columns, Vector

FALL_DB = 20 * float(np.log10(np.sqrt(0.5)))
"""Half the power: -3.01 dB."""
COHERENT = 0.5
"""Share of the output's power that the reference must explain for an estimate to count."""
FADE = 0.05
"""Share of the record over which it fades out."""
_AN_OCTAVE = 24
_BAND_OCTAVES = 1 / 8
_TINY = 1e-300


@dataclass(frozen=True)
class FrequencyResponse:
    """Estimates (n,) at rising frequencies: complex ``gain`` (1: follows exactly) and ``coherence`` from 0 to 1."""

    frequency_hz: Vector
    gain: npt.NDArray[np.complex128]
    coherence: Vector

    @property
    def gain_db(self) -> Vector:
        """The size of the gain in dB (n,)."""
        return 20 * np.log10(np.maximum(np.abs(self.gain), 1e-12))

    @property
    def phase_deg(self) -> Vector:
        """The phase in degrees (n,), without jumps of a turn."""
        return np.degrees(np.unwrap(np.angle(self.gain)))


@dataclass(frozen=True)
class Bandwidth:
    """``hz`` is where the gain first falls below -3 dB; where it never does (not ``fell``), the highest frequency seen.

    ``last_hz`` is the highest frequency up to which it is above -3 dB: another value than ``hz`` says that the gain
    dipped and came back. ``peak_db`` is the largest gain, at ``peak_hz``.
    """

    hz: float
    fell: bool
    last_hz: float
    peak_db: float
    peak_hz: float


def estimate_response(
    reference: Vector, output: Vector, period_s: float, span_hz: tuple[float, float]
) -> FrequencyResponse:
    """Estimate the response from ``reference`` to ``output`` (steps,), sampled every ``period_s`` seconds.

    The H1 estimate S_ro / S_rr (Bendat and Piersol, Random Data, chapters 6 and 11), at 24 frequencies an octave of
    ``span_hz``: cross spectrum over the reference's own, each averaged over an eighth of an octave, so that noise of
    the output averages out. The whole flight is one record, because windows shorter than the sweep would cut the answer
    off from what it answers to; its last twentieth fades out, since a record that ends at once has power everywhere.
    """
    fade = np.ones(reference.size)
    ending = round(FADE * reference.size)
    fade[reference.size - ending :] = 0.5 * (1 + np.cos(np.pi * np.arange(1, ending + 1) / ending))
    asked, answered = np.fft.rfft(fade * reference), np.fft.rfft(fade * output)
    spectra = np.stack([np.abs(asked) ** 2, np.conj(asked) * answered, np.abs(answered) ** 2])
    line_hz = 1 / (reference.size * period_s)
    low, high = span_hz
    centres = low * 2 ** np.arange(0, np.log2(high / low), 1 / _AN_OCTAVE)
    averages = np.array([_averaged(spectra, hz / line_hz) for hz in centres.tolist()])
    own, cross, full = averages[:, 0].real, averages[:, 1], averages[:, 2].real
    return FrequencyResponse(
        centres, cross / np.maximum(own, _TINY), np.abs(cross) ** 2 / np.maximum(own * full, _TINY)
    )


def _averaged(spectra: npt.NDArray[np.complex128], line: float) -> npt.NDArray[np.complex128]:
    """Return the means of the spectra (3, lines) over the band about ``line``, of three lines at least."""
    half = max(line * (2 ** (_BAND_OCTAVES / 2) - 1), 1.0)
    first, last = max(round(line - half), 0), min(round(line + half), spectra.shape[1] - 1)
    means: npt.NDArray[np.complex128] = spectra[:, first : last + 1].mean(axis=1)
    return means


def chirp_response(columns: Columns, chirp: Chirp, period_s: float) -> FrequencyResponse | None:
    """Return the response of a flight along ``chirp`` within its sweep; None where the flight ended before its end.

    Reference and true position count along the line of the sweep; what the plant does across it does not.
    """
    inside = columns.time_s >= chirp.approach_s
    if columns.time_s.size < round(chirp.duration_s / period_s):
        return None
    line = np.array(chirp.amplitude) / np.linalg.norm(chirp.amplitude)
    middle = np.array(chirp.centre) * chirp.unit_m
    reference, output = ((places[inside] - middle) @ line for places in (columns.position_reference, columns.position))
    # Where the sweep is at full size: after its first period and before it fades out.
    span_hz = chirp.frequency_hz(1 / chirp.from_hz), chirp.frequency_hz((1 - FADE) * chirp.sweep_s)
    return estimate_response(reference, output, period_s, span_hz)


def bandwidth(response: FrequencyResponse) -> Bandwidth | None:
    """Return the -3 dB bandwidth, between estimates along a straight line in dB; None without a coherent estimate.

    Only estimates of at least ``COHERENT`` count; the search ends at the first below it.
    """
    coherent = response.coherence >= COHERENT
    if not coherent.any():
        return None
    start = int(np.argmax(coherent))
    end = start + int(np.argmin(np.append(coherent[start:], False)))
    hz, db = response.frequency_hz[start:end], response.gain_db[start:end]
    falls = list(_falls(hz, db))
    peak = int(db.argmax())
    fell = bool(falls)
    first = falls[0] if fell else float(hz[-1])
    last = falls[-1] if fell and db[-1] < FALL_DB else float(hz[-1])
    return Bandwidth(first, fell, last, float(db[peak]), float(hz[peak]))


def _falls(hz: Vector, db: Vector) -> Iterator[float]:
    """Yield every frequency at which the gain falls through -3 dB; the first one where it is below from the start."""
    if db[0] < FALL_DB:
        yield float(hz[0])
    for k in range(1, hz.size):
        if db[k] < FALL_DB <= db[k - 1]:
            share = (db[k - 1] - FALL_DB) / (db[k - 1] - db[k])
            yield float(hz[k - 1] + share * (hz[k] - hz[k - 1]))
