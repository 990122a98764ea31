"""The cycle model of a Cortex-M4F with zero wait states, as data: what each instruction costs, and what it depends on.

Source: Cortex-M4 Technical Reference Manual, ARM DDI 0439 (also ARM 100166), tables 3-1 and 7-1 and the section on
load and store timings. It is a model: nothing here was measured on silicon. Where the manual gives a range or is in
doubt the model charges the larger figure unless a variant says otherwise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nn4mc.errors import BuildError
from nn4mc.profile.isa import Instruction, is_single

_ONE = frozenset(
    "adc add adr adds addw and ands asr asrs bfc bfi bic bics clz cmn cmp eor eors lsl lsls lsr lsrs mla mls mov movs "
    "movt movw mul muls mvn mvns nop orn orns orr orrs pkhbt pkhtb qadd qadd16 qadd8 qasx qdadd qdsub qsax qsub qsub16 "
    "qsub8 rbit rev rev16 revsh ror rors rrx rrxs rsb rsbs sadd16 sadd8 sasx sbc sbcs sbfx sel shadd16 shadd8 shasx "
    "shsax shsub16 shsub8 smlabb smlabt smlad smladx smlal smlalbb smlalbt smlald smlaldx smlaltb smlaltt smlatb "
    "smlatt smlawb smlawt smlsd smlsdx smlsld smlsldx smmla smmlar smmls smmlsr smmul smmulr smuad smuadx smulbb "
    "smulbt smull smultb smultt smulwb smulwt smusd smusdx ssat ssat16 ssax ssub16 ssub8 sub subs subw sxtab sxtab16 "
    "sxtah sxtb sxtb16 sxth teq tst uadd16 uadd8 uasx ubfx uhadd16 uhadd8 uhasx uhsax uhsub16 uhsub8 umaal umlal umull "
    "uqadd16 uqadd8 uqasx uqsax uqsub16 uqsub8 usad8 usada8 usat usat16 usax usub16 usub8 uxtab uxtab16 uxtah uxtb "
    "uxtb16 uxth adcs it ite itt itee itet itte ittt iteee iteet itete itett ittee ittet ittte itttt b bl bx blx cbz "
    "cbnz wfi wfe sev yield dmb dsb clrex bkpt udf svc vabs vadd vcmp vcmpe vcvt vcvtb vcvtt vcvtr vmrs vmsr vmul vneg "
    "vnmul vsub pld".split()
)
"""One cycle; a taken branch pays the refill besides, and waiting for an interrupt is not counted."""
_MULTIPLY_ACCUMULATE = frozenset("vmla vmls vnmla vnmls vfma vfms vfnma vfnms".split())
_LOADS = frozenset("ldr ldrb ldrh ldrsb ldrsh ldrt ldrbt ldrht ldrex ldrexb ldrexh".split())
_STORES = frozenset("str strb strh strt strbt strht strex strexb strexh".split())
_MULTIPLE = frozenset("push pop ldm stm vldm vstm vpush vpop".split())
_PAIRS = frozenset("ldrd strd".split())
_LONG_DIVISIONS = frozenset("vdiv vsqrt".split())
_FIXED = {
    **dict.fromkeys(_ONE, 1),
    **dict.fromkeys(_LOADS, 2),
    **dict.fromkeys(_PAIRS, 3),
    **dict.fromkeys(("mrs", "msr", "cpsid", "cpsie"), 2),
    **dict.fromkeys(("tbb", "tbh"), 3),
}


@dataclass(frozen=True)
class CycleModel:
    """A variant of the model. Figures are cycles.

    ``refill`` is P, the refill of the pipeline after a taken branch. ``overlap`` lets integer instructions behind a
    division or a square root run while it does. ``core_move`` moves one word between the core and the FPU.
    ``address_stall`` is paid when an address comes out of the data-processing instruction right before.
    """

    name: str
    about: str
    refill: int = 2
    multiply_accumulate: int = 3
    divide: int = 14
    overlap: bool = False
    integer_divide: int = 12
    core_move: int = 1
    address_stall: int = 0


HEADLINE = CycleModel("headline", "P = 2, VDIV and VSQRT 14 without overlap, VFMA and VMLA 3, zero wait states")
MODELS = {
    model.name: model
    for model in (
        HEADLINE,
        replace(HEADLINE, name="refill-1", about="the headline with P = 1", refill=1),
        replace(HEADLINE, name="refill-3", about="the headline with P = 3", refill=3),
        replace(HEADLINE, name="divide-overlap", about="integer work hides behind VDIV and VSQRT", overlap=True),
        replace(HEADLINE, name="fma-1", about="the headline with VFMA and VMLA 1", multiply_accumulate=1),
        replace(
            HEADLINE,
            name="manual-strict",
            about="P = 3, one-word VMOV to and from the core 2, +1 for an address out of the instruction before",
            refill=3,
            core_move=2,
            address_stall=1,
        ),
    )
}
"""Every variant by name; the headline first."""


def block_costs(block: Sequence[Instruction], model: CycleModel) -> list[int]:
    """Return what each instruction of a straight run costs when it is executed, taken branches without their refill."""
    costs = [cost(one, before, model) for before, one in zip((None, *block), block, strict=False)]
    if model.overlap:
        _hide_integers(block, costs)
    return costs


def cost(one: Instruction, before: Instruction | None, model: CycleModel) -> int:
    """Return what an instruction costs behind another one; ``before`` is None where nothing is known of it.

    Raises BuildError for an instruction that the model does not know.
    """
    own = _alone(one, model)
    if before is None:
        return own
    if _pipelined(before, one):
        own = max(1, own - 1)
    if before.float_result and before.float_result in one.float_reads:
        own += 1
    if model.address_stall and _computes_address(before, one):
        own += model.address_stall
    return own


def _alone(one: Instruction, model: CycleModel) -> int:
    fixed = _FIXED.get(one.name)
    if fixed is not None:
        return fixed
    if one.name == "vmov":
        return _move(one, model)
    priced = {
        **dict.fromkeys(_MULTIPLE | {"vldr", "vstr"}, 1 + len(one.registers)),
        **dict.fromkeys(_STORES, 2 if len(one.address) > 1 else 1),
        **dict.fromkeys(_MULTIPLY_ACCUMULATE, model.multiply_accumulate),
        **dict.fromkeys(_LONG_DIVISIONS, model.divide),
        **dict.fromkeys(("sdiv", "udiv"), model.integer_divide),
        "isb": 1 + model.refill,
    }
    if one.name not in priced:
        raise BuildError(f"the cycle model has no figure for '{one.name}' at 0x{one.at:08x}.")
    return priced[one.name]


def _move(one: Instruction, model: CycleModel) -> int:
    """Return the cost of a VMOV: by how many registers of the core it names."""
    core = sum(not is_single(register) for register in one.registers)
    return (1, model.core_move, 2)[core]


def _pipelined(before: Instruction, one: Instruction) -> bool:
    """Whether a load or a store follows a single load whose result its address does not need."""
    if before.name not in _LOADS or before.is_branch or before.update:
        return False
    if one.name not in _LOADS and one.name not in _STORES:
        return False
    return not set(before.registers) & set(one.address)


def _computes_address(before: Instruction, one: Instruction) -> bool:
    memory = _LOADS | _STORES | _MULTIPLE | _PAIRS | {"vldr", "vstr"}
    if before.name in memory or before.name.startswith("v") or before.is_branch or not before.registers:
        return False
    return before.name not in ("cmp", "cmn", "tst", "teq") and before.registers[0] in one.address


def _hide_integers(block: Sequence[Instruction], costs: list[int]) -> None:
    """Let integer instructions run behind a division: they cost nothing as long as it would have waited."""
    hidden = 0
    for index, one in enumerate(block):
        if one.name in _LONG_DIVISIONS:
            hidden = costs[index] - 1
        elif one.name.startswith("v"):
            hidden = 0
        else:
            saved = min(hidden, costs[index])
            costs[index] -= saved
            hidden -= saved


def transfer_cost(block: Sequence[Instruction], then: Sequence[Instruction] | None, model: CycleModel) -> int:
    """Return what going from one run to the next adds: a refill, a branch not taken, a wait across the seam.

    ``then`` is None for the return to the caller of all.
    """
    last = block[-1]
    if last.is_branch:
        taken = then is None or then[0].at != last.end or not last.conditional
        return model.refill if taken else 1 - block_costs(block, model)[-1]
    if then is None or then[0].at != last.end:
        return 0  # an interrupt: it is charged where it is taken
    return cost(then[0], last, model) - cost(then[0], None, model)


def skip_savings(block: Sequence[Instruction], model: CycleModel) -> Iterator[tuple[int, int]]:
    """Yield address and cycles saved of each instruction that costs less, one cycle, when its condition fails."""
    for one, executed in zip(block, block_costs(block, model), strict=True):
        if one.conditional and not one.is_branch and executed > 1:
            yield one.at, executed - 1
