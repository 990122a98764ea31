"""The script that draws flights for the README."""

import runpy

import numpy as np
from click.testing import CliRunner
from PIL import Image

from nn4mc.hil.log import FlightLog
from nn4mc.hil.record import Step
from nn4mc.hil.rig import create_plant, create_reference, load_rig
from nn4mc.resources import resource

RIG = load_rig("quadrotor")


def write_log(path, vehicle):
    """A vehicle that would follow the figure without error."""
    figure, plant = create_reference(RIG, "lissajous"), create_plant(RIG, vehicle)
    sensors = plant.sensors(plant.initial(figure, np.random.default_rng(0)))
    command = plant.trim_command()
    with FlightLog(path, RIG, {"vehicle": vehicle}) as log:
        for time_s in np.arange(0.0, figure.duration_s, 0.1).tolist():
            place = figure.position(time_s)
            log.write(Step(time_s, sensors, figure(time_s), command, command, 0, 0, 0, 0.0, place, place))
    return str(path)


def test_two_logs_become_one_small_picture(tmp_path):
    logs = [write_log(tmp_path / f"{vehicle}.mcap", vehicle) for vehicle in ("x500_real", "crazyflie")]
    script = runpy.run_path(str(resource("rigs", "quadrotor", "picture.py")))
    result = CliRunner().invoke(script["main"], [*logs, "-o", str(tmp_path / "flight.png")])
    assert result.exit_code == 0, result.output
    assert Image.open(tmp_path / "flight.png").size == (1210, 506)
    assert (tmp_path / "flight.png").stat().st_size < 200_000
