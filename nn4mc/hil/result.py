"""The outcome of a flight as ``nn4mc hil --json`` prints it and report.json stores it."""

import msgspec


class LinkResult(msgspec.Struct, frozen=True):
    """What the link did: frames sent, requests sent again, frames either side dropped for their checksum.

    ``steps_per_s`` is control steps per second of wall-clock time.
    """

    frames: int
    retries: int
    crc_errors: int
    steps_per_s: float


class FirmwareResult(msgspec.Struct, frozen=True):
    """Bytes of the whole firmware and of the controller in it: code, weights, functions; its state.

    ``stack_bytes`` are reserved for the stack of the whole firmware and are part of ``ram_bytes``; 0 on a host.
    """

    flash_bytes: int
    ram_bytes: int
    controller_flash_bytes: int
    controller_ram_bytes: int
    stack_bytes: int = 0


class FlightResult(msgspec.Struct, frozen=True, kw_only=True):
    """One flight; None (null in JSON) stands for what this board or this flight cannot say.

    ``rmse_m``, ``max_error_m`` and ``offset_m`` are over ``window_s``, as in metrics.tracking.
    ``mismatched_words`` compares every command word of every step, bit by bit, with the host build.
    ``device_cycles`` and ``device_instructions`` are the mean of a step, counted on the board by
    ``cycle_source``; ``device_cycles_max`` is the largest of any step. ``bad_steps`` ended in a negative
    status. ``effort`` and ``saturation_share`` are over the same window, as in metrics.command_use.
    ``code`` are the options of the controller's C that are not the defaults. ``length_unit`` is the unit that pages
    and tables show; every field here is in m. ``reference_period_s`` is how long one round of a periodic reference
    takes.
    """

    rig: str
    controller: str = ""
    vehicle: str
    reference: str
    board: str
    steps: int
    period_s: float
    reference_period_s: float | None = None
    seed: int
    faults: str
    mismatch: str = ""
    length_unit: str = "m"
    window_s: tuple[float, float]
    rmse_m: float | None
    max_error_m: float | None
    offset_m: tuple[float, float, float] | None
    effort: float | None = None
    saturation_share: float | None = None
    lost: bool
    mismatched_words: int
    bad_steps: int
    device_instructions: float | None
    device_cycles: float | None
    device_cycles_max: int | None
    clock_hz: int | None
    cycle_source: str | None
    link: LinkResult
    firmware: FirmwareResult | None
    model_sha256: str
    model_id: str
    build_id: str
    code: str = ""
    selftest_error: float
