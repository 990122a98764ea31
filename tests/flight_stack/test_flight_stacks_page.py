"""docs/flight-stacks.md as a reader uses it: its table is true, its commands run, its snippets compile."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nn4mc.flight_stack.folder import compile_for_stack
from nn4mc.flight_stack.page import updated_page
from nn4mc.flight_stack.table import stacks
from nn4mc.resources import resource

PAGE = resource("docs", "flight-stacks.md").read_text(encoding="utf-8")
ROOT = Path(__file__).resolve().parents[2]
# What the flight stacks declare, as far as the page's snippets use it. Names and types are theirs.
PX4 = """
#include <math.h>
#include <stdint.h>
#include <string.h>
struct { float x, y, z, vx, vy, vz; } local;
struct { float q[4]; } attitude;
struct { float xyz[3]; } rates;
struct { uint64_t timestamp; float position[3], velocity[3], yaw; } trajectory;
struct { float control[12]; } actuator_motors;
uint64_t hrt_absolute_time(void);
px4_policy_t policy;
int snippet(void);
int snippet(void) { BODY return status; }
"""
BETAFLIGHT = """
#include <string.h>
typedef struct { float w, x, y, z; } quaternion_t;
void getQuaternion(quaternion_t *q);
struct { float gyroADCf[3]; } gyro;
struct { float position[3], velocity[3]; } mocap;
uint32_t micros(void);
float motor[8];
float motorOutputLow, motorOutputHigh, factor;
betaflight_policy_t policy;
betaflight_setpoint_t setpoint;
int snippet(void);
int snippet(void) { BODY return 0; }
"""
CRAZYFLIE = """
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#ifndef M_PI
#define M_PI 3.14159265358979323846
#endif
typedef struct { float x, y, z; } vector_t;
typedef struct { float x, y, z, w; } quaternion_t;
typedef struct { vector_t position, velocity; quaternion_t attitudeQuaternion; } state_t;
typedef struct { vector_t gyro; } sensorData_t;
typedef struct { vector_t position, velocity; struct { float yaw; } attitude; } setpoint_t;
typedef enum { controlModeForce = 2 } control_mode_t;
typedef struct { control_mode_t controlMode; float normalizedForces[4]; } control_t;
#define ATTITUDE_RATE 500
#define RATE_DO_EXECUTE(rate, tick) (((tick) % (1000 / (rate))) == 0)
uint64_t usecTimestamp(void);
void controllerOutOfTreeInit(void);
bool controllerOutOfTreeTest(void);
void controllerOutOfTree(control_t *control, const setpoint_t *setpoint, const sensorData_t *sensors,
                         const state_t *state, const uint32_t tick);
BODY
"""
ARDUPILOT = """
#include <stdint.h>
#include <string.h>
struct Vector3f { float x, y, z; float operator[](int i) const { return i == 0 ? x : i == 1 ? y : z; } };
struct Quaternion { float q1, q2, q3, q4; };
struct {
    bool get_relative_position_NED_origin(Vector3f &) const;
    bool get_velocity_NED(Vector3f &) const;
    void get_quat_body_to_ned(Quaternion &) const;
    Vector3f get_gyro(void) const;
} ahrs;
namespace AP_HAL { uint32_t micros(void); }
float _actuator[12];
ardupilot_policy_t policy;
ardupilot_setpoint_t setpoint;
int snippet(void);
int snippet(void) { BODY return status; }
"""
PRELUDES = {"px4": PX4, "betaflight": BETAFLIGHT, "crazyflie": CRAZYFLIE, "ardupilot": ARDUPILOT}
C, CPP = ["gcc", "-std=gnu11"], ["g++", "-std=gnu++17"]


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def commands() -> list[str]:
    """Return the lines of the page that are indented by four, outside of fences: what a reader types."""
    text = re.sub(r"^```.*?^```$", "", PAGE, flags=re.M | re.S)
    return re.findall(r"^ {4}(\S.*)$", text, re.M)


def test_the_table_is_the_tables():
    assert updated_page(PAGE) == PAGE, "run: python -m nn4mc.flight_stack.page"


def test_the_page_names_the_parameters_that_the_folders_name():
    """The most dangerous of them: a thrust curve, a motor order or a slew limit that the policy does not know of."""
    for name in ("THR_MDL_FAC", "MOT_SLEW_MAX", "yaw_motors_reversed", "thrust_linear", "MOT_SPIN_MIN"):
        assert name in PAGE
        assert any(one.name == name for stack in stacks().values() for one in stack.parameters)


@pytest.mark.parametrize("name", PRELUDES)
def test_the_snippets_of_a_stack_compile_against_its_names(name: str, tmp_path: Path):
    compile_for_stack("raptor", name).write(tmp_path)
    found = [snippet for language in ("c", "cpp") for snippet in fenced(language) if f"{name}_" in snippet]
    found += [snippet for snippet in fenced("c") if name == "betaflight" and "motor_range" in snippet]
    assert len(found) == (2 if name == "betaflight" else 1)
    suffix, compiler = ("cpp", CPP) if name in ("px4", "ardupilot") else ("c", C)
    body = "\n".join(found)
    source = f'#include "{name}_adapter.h"\n' + PRELUDES[name].replace("BODY", body)
    (tmp_path / f"snippet.{suffix}").write_text(source)
    words = [*compiler, "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-fsyntax-only", f"snippet.{suffix}"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.emulator
def test_every_command_of_the_page_runs_in_an_empty_folder(tmp_path: Path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nn4mc").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nn4mc "$@"\n')
    (tmp_path / "bin" / "nn4mc").chmod(0o755)
    (tmp_path / "work").mkdir()
    search = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    typed = commands()
    assert len(typed) == 10
    for line in typed:
        words, environment = ["bash", "-c", line], {**os.environ, **search}
        done = subprocess.run(
            words, cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert "betaflight_policy_step" in subprocess.run(
        ["arm-none-eabi-nm", "policy_betaflight/libnn4mc_policy.a"],
        cwd=tmp_path / "work", capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
