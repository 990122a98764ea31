"""What is measured of one run: a row of a part, before the configuration of its run is put beside it."""

import msgspec

from nn4mc.hil.batch import Simulated
from nn4mc.hil.result import FlightResult


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of run ``id``; None for what a simulation does not have or a flight does not reach.

    Metrics are in m and s, as in nn4mc.hil.batch.Simulated; the rest as in nn4mc.hil.result.FlightResult.
    """

    id: str
    board: str | None = None
    model_id: str
    model_sha256: str
    build_id: str | None = None
    lost: bool
    steps: int
    rmse_m: float | None
    rmse_xy_m: float | None
    max_error_m: float | None
    offset_x_m: float | None
    offset_y_m: float | None
    offset_z_m: float | None
    settling_s: float | None
    mismatched_words: int | None = None
    bad_steps: int | None = None
    device_cycles: float | None = None
    device_cycles_max: int | None = None


def simulated_row(run_id: str, outcome: Simulated, model_id: str, model_sha256: str) -> Row:
    """Return the row of a simulated flight."""
    x, y, z = outcome.offset_m or (None, None, None)
    return Row(
        id=run_id,
        model_id=model_id,
        model_sha256=model_sha256,
        lost=outcome.lost,
        steps=outcome.steps,
        rmse_m=outcome.rmse_m,
        rmse_xy_m=outcome.rmse_xy_m,
        max_error_m=outcome.max_error_m,
        offset_x_m=x,
        offset_y_m=y,
        offset_z_m=z,
        settling_s=outcome.settling_s,
    )


def board_row(run_id: str, outcome: Simulated, flown: FlightResult) -> Row:
    """Return the row of a flight on a board: ``outcome`` judges its positions, ``flown`` is what the board said."""
    return msgspec.structs.replace(
        simulated_row(run_id, outcome, flown.model_id, flown.model_sha256),
        board=flown.board,
        build_id=flown.build_id,
        mismatched_words=flown.mismatched_words,
        bad_steps=flown.bad_steps,
        device_cycles=flown.device_cycles,
        device_cycles_max=flown.device_cycles_max,
    )
