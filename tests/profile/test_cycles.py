"""The cycle model, rule by rule: each snippet's cycles are added up by hand from the manual's tables."""

from dataclasses import replace
from pathlib import Path

import pytest

from nn4mc.errors import BuildError
from nn4mc.profile.cycles import HEADLINE, MODELS, cost
from nn4mc.profile.isa import decode
from tests.profile.assembled import cycles, run

pytestmark = pytest.mark.emulator

P = 2
RETURN = 1 + P
"""bx lr"""


@pytest.mark.parametrize(
    ("body", "instructions", "expected"),
    [
        pytest.param("bx lr", 1, RETURN, id="return"),
        pytest.param(
            "adds r1, r0, #1\n mul r2, r1, r1\n smlad r3, r1, r1, r2\n umull r2, r3, r1, r1\n bx lr",
            5,
            4 + RETURN,
            id="alu",
        ),
        pytest.param("movs r1, #7\n sdiv r2, r1, r1\n bx lr", 3, 1 + 12 + RETURN, id="integer-division"),
        pytest.param("ldr r1, [r0]\n adds r1, #1\n bx lr", 3, 2 + 1 + RETURN, id="one-load"),
        pytest.param("ldr r1, [r0]\n ldr r2, [r0, #4]\n bx lr", 3, 2 + 1 + RETURN, id="loads-pipelined"),
        pytest.param("ldr r1, [r0]\n ldr r2, [r0, #4]\n ldr r3, [r0, #8]\n bx lr", 4, 4 + RETURN, id="three-loads"),
        pytest.param(
            "str r0, [r0]\n ldr r1, [r0]\n ldr r2, [r1]\n bx lr", 4, 1 + 2 + 2 + RETURN, id="load-of-a-loaded-address"
        ),
        pytest.param("ldr r1, [r0], #4\n ldr r2, [r0]\n bx lr", 3, 2 + 2 + RETURN, id="update-not-pipelined"),
        pytest.param("ldr r1, [r0]\n str r1, [r0, #4]\n bx lr", 3, 2 + 1 + RETURN, id="load-then-store"),
        pytest.param("movs r1, #4\n str r1, [r0, r1]\n bx lr", 3, 1 + 2 + RETURN, id="store-with-register-offset"),
        pytest.param(
            "movs r1, #4\n ldr r2, [r0]\n str r2, [r0, r1]\n bx lr",
            4,
            1 + 2 + 1 + RETURN,
            id="load-then-store-with-register-offset",
        ),
        pytest.param("str r0, [r0]\n str r0, [r0, #4]\n bx lr", 3, 1 + 1 + RETURN, id="stores"),
        pytest.param("ldrd r1, r2, [r0]\n strd r1, r2, [r0, #8]\n bx lr", 3, 3 + 3 + RETURN, id="double-words"),
        pytest.param("ldm r0, {r1-r3}\n stm r0, {r1-r3}\n bx lr", 3, 4 + 4 + RETURN, id="multiple"),
        pytest.param("push {r4, r5, lr}\n pop {r4, r5, pc}", 2, (1 + 3) + (1 + 3 + P), id="push-pop"),
        pytest.param(
            "vldr s0, [r0]\n vldr s1, [r0, #4]\n vstr s0, [r0, #8]\n bx lr",
            4,
            2 + 2 + 2 + RETURN,
            id="float-load-store",
        ),
        pytest.param("vldr d0, [r0]\n bx lr", 2, 3 + RETURN, id="double-load"),
        pytest.param("vldmia r0!, {s0-s7}\n vldmia r0, {d0-d3}\n bx lr", 3, 9 + 9 + RETURN, id="float-multiple"),
        pytest.param("vpush {d8}\n vpop {d8}\n bx lr", 3, 3 + 3 + RETURN, id="float-push-pop"),
        pytest.param("vmul.f32 s0, s1, s2\n vadd.f32 s3, s4, s5\n bx lr", 3, 2 + RETURN, id="independent"),
        pytest.param("vmul.f32 s0, s1, s2\n vadd.f32 s3, s0, s5\n bx lr", 3, 1 + 2 + RETURN, id="consumed-by-next"),
        pytest.param("vmul.f32 s0, s1, s2\n nop\n vadd.f32 s3, s0, s5\n bx lr", 4, 3 + RETURN, id="consumed-later"),
        pytest.param("vadd.f32 s0, s1, s2\n vstr s0, [r0]\n bx lr", 3, 1 + 3 + RETURN, id="stored-by-next"),
        pytest.param("vcvt.f32.s32 s0, s1\n vmov r1, s0\n bx lr", 3, 1 + 2 + RETURN, id="conversion-moved-by-next"),
        pytest.param("vneg.f32 s0, s1\n vadd.f32 s2, s0, s0\n bx lr", 3, 2 + RETURN, id="sign-is-no-arithmetic"),
        pytest.param("vadd.f32 s0, s1, s2\n vadd.f32 s0, s3, s4\n bx lr", 3, 2 + RETURN, id="overwritten"),
        pytest.param("vfma.f32 s0, s1, s2\n vmla.f32 s3, s4, s5\n bx lr", 3, 6 + RETURN, id="multiply-accumulate"),
        pytest.param("vfma.f32 s0, s1, s2\n vfma.f32 s0, s4, s5\n bx lr", 3, 3 + 4 + RETURN, id="same-accumulator"),
        pytest.param(
            "vdiv.f32 s0, s1, s2\n adds r1, r0, #1\n vsqrt.f32 s3, s4\n bx lr", 4, 14 + 1 + 14 + RETURN, id="divisions"
        ),
        pytest.param("vmov s0, r0\n vmov r1, s0\n vmov s2, s3\n bx lr", 4, 3 + RETURN, id="moves"),
        pytest.param("vmov r1, r2, s0, s1\n vmov d2, r1, r2\n bx lr", 3, 4 + RETURN, id="two-word-moves"),
        pytest.param("vcmp.f32 s0, s1\n vmrs APSR_nzcv, fpscr\n bx lr", 3, 2 + RETURN, id="comparison"),
        pytest.param("movs r1, #3\n1: subs r1, #1\n bne 1b\n bx lr", 8, 1 + 3 * (1 + 1) + 2 * P + RETURN, id="loop"),
        pytest.param("movs r1, #0\n cbz r1, 1f\n nop\n1: bx lr", 3, 1 + (1 + P) + RETURN, id="cbz-taken"),
        pytest.param("movs r1, #1\n cbz r1, 1f\n nop\n1: bx lr", 4, 1 + 1 + 1 + RETURN, id="cbz-not-taken"),
        pytest.param("mov r2, lr\n bl 1f\n bx r2\n1: bx lr", 4, 1 + (1 + P) + (1 + P) + RETURN, id="call"),
        pytest.param("b 1f\n1: bx lr", 2, (1 + P) + RETURN, id="branch-to-the-next"),
        pytest.param(
            "movs r1, #1\n tbb [pc, r1]\n .byte 1, 2\n nop\n nop\n bx lr",
            4,
            1 + (3 + P) + 1 + RETURN,
            id="table-branch",
        ),
        pytest.param("dsb\n isb\n mrs r1, primask\n bx lr", 4, 1 + (1 + P) + 2 + RETURN, id="barriers"),
        pytest.param(
            "cmp r0, #0\n ite ne\n addne r1, r0, #1\n addeq r1, r0, #2\n bx lr", 5, 4 + RETURN, id="if-then-else"
        ),
        pytest.param("cmp r0, #0\n it ne\n vldrne s0, [r0]\n bx lr", 4, 1 + 1 + 2 + RETURN, id="conditional-load"),
        pytest.param(
            "cmp r0, #0\n it eq\n vldreq s0, [r0]\n bx lr", 4, 1 + 1 + 1 + RETURN, id="conditional-load-not-done"
        ),
        pytest.param(
            "cmp r0, #0\n itt eq\n ldreq r1, [r0]\n vdiveq.f32 s0, s1, s2\n bx lr",
            5,
            1 + 1 + 1 + 1 + RETURN,
            id="two-not-done",
        ),
        pytest.param(
            "push {r4, lr}\n cmp r0, #0\n it eq\n popeq {r4, pc}\n pop {r4, pc}",
            5,
            3 + 1 + 1 + 1 + 5,
            id="conditional-return-not-done",
        ),
        pytest.param(
            "push {r4, lr}\n cmp r0, #0\n it ne\n popne {r4, pc}\n pop {r4, pc}",
            4,
            3 + 1 + 1 + 5,
            id="conditional-return",
        ),
    ],
)
def test_headline(body: str, instructions: int, expected: int, tmp_path: Path):
    core = run(body, tmp_path)
    assert core.instructions == instructions
    assert cycles(core, HEADLINE) == expected


@pytest.mark.parametrize(
    ("variant", "body", "expected"),
    [
        ("refill-1", "movs r1, #3\n1: subs r1, #1\n bne 1b\n bx lr", 1 + 6 + 2 * 1 + 2),
        ("refill-3", "movs r1, #3\n1: subs r1, #1\n bne 1b\n bx lr", 1 + 6 + 2 * 3 + 4),
        ("fma-1", "vfma.f32 s0, s1, s2\n vfma.f32 s3, s4, s5\n bx lr", 2 + RETURN),
        ("divide-overlap", "vdiv.f32 s0, s1, s2\n adds r1, r0, #1\n adds r1, #1\n bx lr", 14 + 1 + P - 1),
        (
            "divide-overlap",
            "vdiv.f32 s0, s1, s2\n adds r1, r0, #1\n vadd.f32 s1, s0, s0\n adds r1, #1\n bx lr",
            14 + 0 + 1 + 1 + RETURN,
        ),
        ("manual-strict", "vmov s0, r0\n bx lr", 2 + 1 + 3),
        ("manual-strict", "adds r1, r0, #4\n ldr r2, [r1]\n bx lr", 1 + 3 + 1 + 3),
        ("manual-strict", "adds r1, r0, #4\n nop\n ldr r2, [r1]\n bx lr", 1 + 1 + 2 + 1 + 3),
    ],
)
def test_variants(variant: str, body: str, expected: int, tmp_path: Path):
    assert cycles(run(body, tmp_path), MODELS[variant]) == expected


def test_every_variant_differs_from_the_headline_in_what_it_says():
    for name, model in MODELS.items():
        assert model.name == name
        assert name == "headline" or replace(model, name=HEADLINE.name, about=HEADLINE.about) != HEADLINE


def test_an_instruction_without_a_figure_is_refused():
    (unknown,) = decode(bytes.fromhex("5be9021f"), 0)  # ldrd with update, known
    assert cost(unknown, None, HEADLINE) == 3
    with pytest.raises(BuildError, match="no figure for 'zzz' at 0x00000000"):
        cost(replace(unknown, name="zzz"), None, HEADLINE)
