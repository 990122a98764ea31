"""A profile adds up, says what the compiler and the core say, and is the same from a folder as from a network."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.build.cross import assembly_stack, measure
from nn4mc.codegen.emit import parameter_count
from nn4mc.errors import ConfigError
from nn4mc.profile.cycles import HEADLINE, MODELS
from nn4mc.profile.folder import read_folder
from nn4mc.profile.link import build
from nn4mc.profile.network import DEFAULT_CONDITIONS, profile_folder, profile_network
from nn4mc.profile.program import load_program
from nn4mc.profile.result import Profile, compare, read_profile
from nn4mc.profile.runner import NetworkRunner
from nn4mc.profile.stack import assembly_frames
from nn4mc.target import TARGETS, CodeOptions
from tests.c_network import load
from tests.emulator.families import convolution, normalisation, recurrence

pytestmark = pytest.mark.emulator

FAMILIES = {"convolution": convolution, "recurrence": recurrence, "normalisation": normalisation}


@pytest.fixture(scope="module")
def profile(raptor: Network) -> Profile:
    return profile_network(raptor)


def test_the_parts_add_up(profile: Profile, raptor: Network):
    assert [layer.name for layer in profile.layers] == ["dense_0", "gru_1", "dense_2", "outputs and states"]
    # The labels cost nothing, but they are barriers for the compiler: some instructions may move.
    assert sum(layer.instructions for layer in profile.layers) == pytest.approx(profile.instructions, rel=0.01)
    assert sum(layer.cycles for layer in profile.layers) == pytest.approx(profile.cycles, rel=0.01)
    assert sum(layer.share for layer in profile.layers) == pytest.approx(1)
    assert sum(instructions for instructions, _ in profile.functions.values()) == profile.instructions
    assert sum(cycles for _, cycles in profile.functions.values()) == profile.cycles
    assert "raptor_run" in profile.functions and "" not in profile.functions
    assert profile.macs == 1952 and profile.model_id == raptor.model_id
    assert profile.variants["headline"] == profile.cycles
    assert profile.variants["refill-1"] < profile.cycles < profile.variants["refill-3"]
    assert profile.microseconds == pytest.approx((profile.cycles + profile.wait_cycles) / 168)
    assert profile.energy_uj == pytest.approx((profile.cycles + profile.wait_cycles) * 40 * 3.3 / 168e3)


def test_memory_is_what_the_linker_says(profile: Profile, raptor: Network):
    roots = tuple(f"raptor_{part}" for part in ("init", "run", "selftest"))
    said = measure(raptor.emitted.files, TARGETS["cortex-m4f"], roots)
    assert abs(profile.flash_bytes + profile.selftest_bytes - said.flash) <= 16, "alignment between sections"
    assert profile.ram_bytes == 4 * (raptor.plan.state_len + raptor.plan.arena_len)
    assert 0 < profile.stack_painted <= profile.stack_bound


def test_every_input_of_raptor_takes_the_same_instructions(tmp_path: Path, raptor: Network):
    raptor.write(tmp_path / "c")
    folder = read_folder(tmp_path / "c")
    runner = NetworkRunner(build(folder, TARGETS["cortex-m4f"], tmp_path / "work").elf, folder)
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2**32, (1000, 22), np.uint32).view(np.float32).copy()
    rows[~np.isfinite(rows)] = 3e38
    rows[::2] = rng.uniform(-1, 1, rows[::2].shape)
    assert len(set(runner.instructions(rows))) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_core_and_this_machine_agree_to_the_bit(family: str, tmp_path: Path):
    network = compile_graph(FAMILIES[family]())
    (here,) = load([network], tmp_path / "host")
    folder = read_folder(tmp_path / "host")
    runner = NetworkRunner(build(folder, TARGETS["cortex-m4f"], tmp_path / "work").elf, folder)
    rows = np.random.default_rng(2).normal(size=(50, network.plan.in_len)).astype(np.float32)
    np.testing.assert_array_equal(runner.run_all(rows).view(np.uint32), here.run_all(rows).view(np.uint32))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("target", TARGETS)
def test_the_painted_stack_is_within_the_bound(family: str, target: str):
    network = compile_graph(FAMILIES[family](), target_name=target)
    found = profile_network(network, conditions=replace(DEFAULT_CONDITIONS, target=TARGETS[target]))
    assert 0 < found.stack_painted <= found.stack_bound
    assert found.instructions_min <= found.instructions <= found.instructions_max


def test_a_folder_is_profiled_as_it_is(tmp_path: Path, profile: Profile):
    compile_model("raptor").write(tmp_path)
    assert profile_folder(tmp_path) == profile
    source = tmp_path / "raptor.c"
    body = "_run(raptor_t *network, const float in[RAPTOR_IN_LEN], float out[RAPTOR_OUT_LEN])\n{\n"
    assert source.read_text().count(body) == 1
    slower = '    for (int i = 0; i < 100; ++i) {\n        __asm volatile("nop");\n    }\n'
    source.write_text(source.read_text().replace(body, body + slower))
    changed = profile_folder(tmp_path)
    assert changed.instructions >= profile.instructions + 300
    assert changed.layers[0].instructions >= profile.layers[0].instructions + 300
    assert changed.layers[1].cycles == profile.layers[1].cycles


def test_assembly_in_the_folder_is_built_and_its_stack_counted(tmp_path: Path):
    compile_model("raptor").write(tmp_path)
    source = tmp_path / "raptor.c"
    body = "_run(raptor_t *network, const float in[RAPTOR_IN_LEN], float out[RAPTOR_OUT_LEN])\n{\n"
    text = source.read_text().replace(body, body + "    nn4mc_extra();\n")
    source.write_text(
        text.replace('#include "nn4mc_bits.h"\n', '#include "nn4mc_bits.h"\nvoid nn4mc_extra(void);\n', 1)
    )
    (tmp_path / "nn4mc_extra.S").write_text(
        ".syntax unified\n.cpu cortex-m4\n.fpu fpv4-sp-d16\n.thumb\n.text\n.global nn4mc_extra\n"
        ".type nn4mc_extra, %function\n.thumb_func\nnn4mc_extra:\n push {r4, lr}\n vpush {s16-s31}\n sub sp, #400\n"
        " str r4, [sp]\n add sp, #400\n vpop {s16-s31}\n pop {r4, pc}\n.size nn4mc_extra, . - nn4mc_extra\n"
    )
    found = profile_folder(tmp_path)
    # 8 + 64 + 400 bytes, and whatever raptor_run has below them.
    assert 472 < found.stack_painted <= found.stack_bound < 472 + 200


@pytest.mark.parametrize("family", ["convolution", "recurrence"])
def test_assembly_takes_the_stack_that_it_says_it_takes(family: str, tmp_path: Path):
    network = compile_graph(FAMILIES[family]())
    network.write(tmp_path / "c")
    built = build(read_folder(tmp_path / "c"), TARGETS["cortex-m4f"], tmp_path / "work")
    # The linker drops .stack_sizes together with sections that nothing needs, so here nothing is dropped.
    whole = tmp_path / "whole.elf"
    objects = sorted((tmp_path / "work" / "plain").glob("*.o"))
    link = ["-nostdlib", f"-Wl,-e,{network.name}_run", *map(str, objects), "-lgcc", "-o", str(whole)]
    subprocess.run(["arm-none-eabi-gcc", *TARGETS["cortex-m4f"].flags, *link], check=True)
    said = assembly_stack("arm-none-eabi-gcc", whole)
    read_off = assembly_frames(load_program(built.elf), built.call_graphs)
    both = said.keys() & read_off.keys()
    assert both and {name: read_off[name] for name in both} == {name: said[name] for name in both}


def test_wait_states_cost_and_are_apart(raptor: Network, profile: Profile):
    none = profile_network(raptor, conditions=replace(DEFAULT_CONDITIONS, wait_states=0))
    assert (none.wait_cycles, none.cycles) == (0, profile.cycles)
    # 1,952 weights are 488 lines of 16 bytes, read once a step, and 8 of them are kept: 5 cycles each at least.
    assert profile.wait_cycles > 5 * (488 - 8)


def test_another_variant_and_clock(raptor: Network, profile: Profile):
    other = profile_network(raptor, conditions=replace(DEFAULT_CONDITIONS, model=MODELS["refill-3"], clock_hz=84e6))
    assert other.cycles == profile.variants["refill-3"] and other.cycle_model == "refill-3"
    assert other.variants[HEADLINE.name] == profile.cycles
    assert other.microseconds == pytest.approx((other.cycles + other.wait_cycles) / 84)


def test_inputs_of_a_wrong_shape_are_refused(raptor: Network):
    with pytest.raises(ConfigError, match=r"raptor: inputs of shape \(3, 21\), expected \(inputs, 22\)"):
        profile_network(raptor, np.zeros((3, 21)))


def test_a_folder_without_a_network(tmp_path: Path):
    with pytest.raises(ConfigError, match="holds no header of a network"):
        profile_folder(tmp_path)


def test_saved_and_read_again(tmp_path: Path, profile: Profile):
    profile.save(tmp_path / "p.json")
    assert read_profile(tmp_path / "p.json") == profile
    (tmp_path / "bad.json").write_text('{"name": 3}')
    with pytest.raises(ConfigError, match="is no saved profile"):
        read_profile(tmp_path / "bad.json")
    rows = {what: (a, b) for what, a, b in compare(profile, profile)}
    assert rows["gru_1, cycles"] == (profile.layers[1].cycles, profile.layers[1].cycles)


def nn4mc(*words: str) -> subprocess.CompletedProcess[str]:
    import sys

    return subprocess.run([sys.executable, "-m", "nn4mc", *words], capture_output=True, text=True, check=False)


def test_the_command_line(tmp_path: Path, profile: Profile):
    saved = tmp_path / "a.json"
    done = nn4mc("profile", "raptor", "--json", "--save", str(saved), "--max-flash", "1000000")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cycles"] == profile.cycles
    done = nn4mc("profile", str(saved), "--max-cycles", "100", "--max-stack", "10")
    assert done.returncode == 1
    assert f"over budget: cycles {profile.cycles:,}, at most 100 allowed" in done.stderr
    assert f"over budget: stack {profile.stack_bound}, at most 10 allowed" in done.stderr
    assert "gru_1" in done.stdout and "uJ, a model" in done.stdout
    done = nn4mc("profile", "--compare", str(saved), str(saved), "--json")
    assert done.returncode == 0 and {row["b"] - row["a"] for row in json.loads(done.stdout)["figures"]} == {0}
    assert nn4mc("profile").returncode == 2


def test_a_rig_has_a_budget(tmp_path: Path, profile: Profile):
    from nn4mc.resources import resource

    profile.save(tmp_path / "p.json")
    quadrotor = resource("rigs", "quadrotor")
    rig = tmp_path / "rig"
    rig.mkdir()
    (rig / "plant.py").write_text((quadrotor / "plant.py").read_text())
    for part in quadrotor.glob("*.py"):
        (rig / part.name).write_text(part.read_text())
    (rig / "rig.toml").write_text((quadrotor / "rig.toml").read_text() + "\n[budget]\nmax_ram = 383\n")
    done = nn4mc("profile", str(tmp_path / "p.json"), "--rig", str(rig))
    assert done.returncode == 1 and "over budget: ram 384, at most 383 allowed" in done.stderr
    assert nn4mc("profile", str(tmp_path / "p.json"), "--rig", str(rig), "--max-ram", "384").returncode == 0


@pytest.mark.parametrize("where", ["ram", "ccm"])
def test_weights_in_memory_take_it_and_do_not_wait(where: str, raptor: Network, profile: Profile):
    found = profile_network(compile_model("raptor", code=CodeOptions(weights=where)))
    weights = 4 * parameter_count(raptor.graph)
    assert found.ram_bytes >= profile.ram_bytes + weights
    assert abs(found.flash_bytes - profile.flash_bytes) < 64, "flash keeps their initial values"
    assert found.wait_cycles < profile.wait_cycles - 5 * (weights // 16 - 8)
