"""What the figures of a check mean for who wants to fly: a verdict, and plain sentences that say what to do."""

from collections.abc import Iterator, Sequence
from enum import Enum

from nn4mc.hil.rig import Place
from nn4mc.raptor.trials import AS_IT_IS, CLIPS, FigureTrial, HoverTrial, fastest_period

DEADLY_SHARE = 0.2
"""Losing more than this share of its starts, a vehicle shall not be flown."""
CAREFUL_SHARE = 0.01


class Verdict(Enum):
    """Whether to fly."""

    FLY = "fit to try"
    CARE = "fit to try, with care"
    DO_NOT_FLY = "do not fly"


def judge(places: Sequence[Place], hovers: Sequence[HoverTrial], figures: Sequence[FigureTrial]) -> Verdict:
    """Return the verdict for the flight stack's setting that loses fewest.

    Do not fly: more than a fifth of the hover starts is lost, or the slowest figure is not followed. With care: some
    start is lost, a number is outside of the training distribution, or the paper's 5.5 s are not followed.
    """
    setting = best_setting(hovers)
    hover = next(one for one in hovers if one.setting == setting)
    fastest = fastest_period(figures, setting)
    if hover.lost > DEADLY_SHARE * hover.starts or fastest is None:
        return Verdict.DO_NOT_FLY
    careful = hover.lost > CAREFUL_SHARE * hover.starts or fastest > 5.5 or not all(one.inside for one in places)
    return Verdict.CARE if careful else Verdict.FLY


def best_setting(hovers: Sequence[HoverTrial]) -> str:
    """Return the setting of `CLIPS` that loses fewest starts; the first of those that lose as many."""
    return min((one for one in hovers if one.setting in CLIPS), key=lambda one: one.lost).setting


def advise(
    places: Sequence[Place], hovers: Sequence[HoverTrial], figures: Sequence[FigureTrial], assumed: Sequence[str]
) -> tuple[str, ...]:
    """Return what to do, most urgent first."""
    return (
        *_on_places(places),
        *_on_clips(places, hovers, figures),
        *_on_hardships(hovers),
        *_on_figures(figures, best_setting(hovers)),
        *((f"Assumed: {'; '.join(assumed)}. Measure what you can and check again.",) if assumed else ()),
    )


_BELOW = {
    "thrust to weight": "Fly lighter, or with stronger motors.",
    "torque to inertia": "It turns more slowly than any vehicle of the training: bring masses to the middle.",
    "rotor time constant": "Faster rotors than trained with are seldom a problem.",
    "mass": "Lighter than any vehicle the policy knows; thrust to weight matters more than mass.",
    "arm": "Shorter than usual for its mass; torque to inertia tells whether that matters.",
    "yaw torque": "It turns weakly about the vertical axis: expect slow heading corrections.",
}
_ABOVE = {
    "thrust to weight": "Limit the thrust: let the command 1 mean less than full speed, so that the ratio is below 5.",
    "torque to inertia": "It turns faster than any vehicle of the training: limit the thrust.",
    "rotor time constant": "Rotors slower than any the policy knows: lighter propellers, or another ESC protocol.",
    "mass": "Heavier than any vehicle the policy knows; thrust to weight matters more than mass.",
    "arm": "Longer than usual for its mass; torque to inertia tells whether that matters.",
    "yaw torque": "It turns strongly about the vertical axis: look at the heading in the first hover.",
}


def _on_places(places: Sequence[Place]) -> Iterator[str]:
    if _too_heavy(places):
        yield "It cannot lift itself: look at mass and thrust, and whether they are in kg and N a rotor."
    for place in (one for one in places if not one.inside):
        below = place.value < place.low
        end, table = (place.low, _BELOW) if below else (place.high, _ABOVE)
        what = next(text for key, text in table.items() if place.name.startswith(key))
        side = "below" if below else "above"
        unit = f" {place.unit}" if place.unit else ""
        yield f"{place.name.capitalize()} {place.value:.3g}{unit} is {side} the {end:.3g} of training. {what}"


def _too_heavy(places: Sequence[Place]) -> bool:
    return any(one.name == "thrust to weight" and one.value <= 1 for one in places)


def _on_clips(places: Sequence[Place], hovers: Sequence[HoverTrial], figures: Sequence[FigureTrial]) -> Iterator[str]:
    by_name = {one.setting: one for one in hovers}
    bare, best = by_name[AS_IT_IS], by_name[best_setting(hovers)]
    if best.lost < bare.lost:
        clips = CLIPS[best.setting]
        yield (
            f"Clip the errors that the policy sees at {clips['position_clip_m']:g} m and "
            f"{clips['velocity_clip_m_s']:g} m/s: {best.lost} of {best.starts} starts are lost instead of {bare.lost}."
        )
        slow, fast = fastest_period(figures, best.setting), fastest_period(figures, AS_IT_IS)
        if fast is not None and (slow is None or slow > fast):
            yield f"They cost speed: figures are followed down to {_period(slow)} with them, {_period(fast)} without."
    elif bare.lost and not _too_heavy(places):
        yield (
            f"{bare.lost} of {bare.starts} random starts are lost, and clips do not help: "
            "take off from the ground, level and slowly."
        )


_REMEDIES = {
    "sensors": "Keep the way from sensors to motors shorter, the filters of the gyro included.",
    "wind": "Fly indoors.",
    "payload": "Fly without.",
    "one rotor": "Look at motors and propellers before each flight.",
}


def _on_hardships(hovers: Sequence[HoverTrial]) -> Iterator[str]:
    bare = next(one for one in hovers if one.setting == AS_IT_IS)
    for trial in hovers:
        if trial.setting not in CLIPS and trial.lost > bare.lost + 0.05 * trial.starts:
            what = trial.setting.capitalize()
            remedy = next(text for key, text in _REMEDIES.items() if trial.setting.startswith(key))
            yield f"{what}: {trial.lost} of {trial.starts} starts are lost instead of {bare.lost}. {remedy}"


def _on_figures(figures: Sequence[FigureTrial], setting: str) -> Iterator[str]:
    fastest = fastest_period(figures, setting)
    if fastest is None:
        yield "Not even the slowest figure of eight is followed: keep to hovering, or do not fly."
    else:
        yield f"Begin with slow set-points; figures of 1 m by 0.5 m are followed down to a period of {fastest:g} s."


def _period(period_s: float | None) -> str:
    return "no period" if period_s is None else f"{period_s:g} s"
