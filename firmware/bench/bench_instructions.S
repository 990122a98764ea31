/* Chains of one instruction, the stopwatch around all kernels, and weights in flash: see bench_kernels.h. */
    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .altmacro

    .set REPEATED, 64
    .set CYCCNT, 0xE0001004 /* of the DWT: ARMv7-M ARM, C1.8 */

    .macro begin name
    .section .text.\name, "ax", %progbits
    .balign 16
    .global \name
    .type   \name, %function
    .thumb_func
\name:
    .endm

    .macro end name
    bx      lr
    .size   \name, . - \name
    .endm

    /* s`to` of eight in turn, so that seven instructions lie between two on the same register. */
    .macro add to
    vadd.f32 s\to, s8, s9
    .endm

    .macro multiply to
    vmul.f32 s\to, s8, s9
    .endm

    .macro fuse to
    vfma.f32 s\to, s8, s9
    .endm

    .macro sum_up to
    vadd.f32 s\to, s\to, s10
    .endm

    .macro divide to
    vdiv.f32 s\to, s8, s9
    .endm

    .macro move to
    vmov    s\to, r1
    .endm

    .macro in_turn instruction, count
    .set .Li, 0
    .rept   \count
    \instruction %(.Li % 8)
    .set .Li, .Li + 1
    .endr
    .endm

    begin   bench_empty
    end     bench_empty

    begin   bench_vadd
    in_turn add, REPEATED
    end     bench_vadd

    begin   bench_vadd_chained
    .rept   REPEATED
    vadd.f32 s0, s0, s8
    .endr
    end     bench_vadd_chained

    begin   bench_vmul
    in_turn multiply, REPEATED
    end     bench_vmul

    begin   bench_vmul_vadd
    .rept   REPEATED / 8
    in_turn multiply, 8
    in_turn sum_up, 8
    .endr
    end     bench_vmul_vadd

    begin   bench_vfma
    in_turn fuse, REPEATED
    end     bench_vfma

    begin   bench_vfma_chained
    .rept   REPEATED
    vfma.f32 s0, s8, s9
    .endr
    end     bench_vfma_chained

    begin   bench_vdiv
    in_turn divide, REPEATED
    end     bench_vdiv

    begin   bench_vdiv_hidden
    .set .Lj, 0
    .rept   REPEATED
    divide  %(.Lj % 8)
    .set .Lj, .Lj + 1
    .rept   4
    adds    r1, r1, #1
    .endr
    .endr
    end     bench_vdiv_hidden

    begin   bench_vldm_16
    .rept   REPEATED
    vldmia  r0, {s0-s15}
    .endr
    end     bench_vldm_16

    begin   bench_vmov
    in_turn move, REPEATED
    end     bench_vmov

    begin   bench_branch
    .rept   REPEATED
    b       1f
    nop
1:
    .endr
    end     bench_branch

    /*
     * r0 a bench_case_t: name, function, four arguments. Two readings with the call between them. Loads in front of
     * the first are at their end before it; interrupts stay off from there to the second.
     */
    begin   bench_time
    push    {r4-r6, lr}
    ldr     r5, =CYCCNT
    ldr     r1, =.Lones
    vldmia  r1, {s0-s15}
    ldr     r12, [r0, #4]
    adds    r0, r0, #8
    ldmia   r0, {r0-r3}
    mrs     r6, primask
    cpsid   i
    dsb
    isb
    ldr     r4, [r5]
    blx     r12
    ldr     r5, [r5]
    msr     primask, r6
    subs    r0, r5, r4
    pop     {r4-r6, pc}
    .ltorg
    .size   bench_time, . - bench_time

    .section .rodata.bench_ones, "a", %progbits
    .balign 4
.Lones:
    .rept   16
    .float  1.0
    .endr

    /* Numbers of both signs between 1/32 and 1/16 in size, with bits down to the last, from x -> 75 x + 74 mod 65537. */
    .section .rodata.bench_flash, "a", %progbits
    .balign 16
    .global bench_flash
    .type   bench_flash, %object
bench_flash:
    .set .Lx, 1
    .rept   48 * 33
    .set .Lx, (75 * .Lx + 74) % 65537
    .4byte  0x3D000000 | (.Lx & 1) << 31 | (.Lx & 0xFFFF) << 7 | (.Lx & 0x7F)
    .endr
    .size   bench_flash, . - bench_flash
