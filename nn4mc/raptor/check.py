"""The check before the first flight: where a vehicle stands among those of the training, and how it flies simulated."""

from dataclasses import dataclass

from nn4mc.errors import ConfigError
from nn4mc.hil.batch import load_policy
from nn4mc.hil.rig import Place, Rig
from nn4mc.raptor.advice import Verdict, advise, judge
from nn4mc.raptor.trials import CLIPS, FigureTrial, HoverTrial, figure_trials, hardships, hover_trials
from nn4mc.raptor.vehicle_file import Candidate


@dataclass(frozen=True)
class Check:
    """All that a check found."""

    name: str
    verdict: Verdict
    advice: tuple[str, ...]
    assumed: tuple[str, ...]
    places: tuple[Place, ...]
    hovers: tuple[HoverTrial, ...]
    figures: tuple[FigureTrial, ...]


def check_vehicle(rig: Rig, candidate: Candidate, starts: int = 100) -> Check:
    """Place a vehicle in the training distribution, fly it, and say what that means.

    ``starts`` random starts a setting; the same ones each time. Raises ConfigError for a rig whose plant.py does not
    say where vehicles stand, and what `nn4mc.hil.batch.fly_batch` raises.
    """
    if rig.place_vehicle is None:
        raise ConfigError(f"rig '{rig.name}' cannot place a vehicle: its plant.py has no place_vehicle")
    policy, vehicle = load_policy(rig), candidate.vehicle
    places = rig.place_vehicle(vehicle)
    hovers = hover_trials(rig, policy, vehicle, starts, {**CLIPS, **hardships(vehicle)})
    figures = figure_trials(rig, policy, vehicle, CLIPS)
    return Check(
        name=candidate.name,
        verdict=judge(places, hovers, figures),
        advice=advise(places, hovers, figures, candidate.assumed),
        assumed=candidate.assumed,
        places=places,
        hovers=hovers,
        figures=figures,
    )
