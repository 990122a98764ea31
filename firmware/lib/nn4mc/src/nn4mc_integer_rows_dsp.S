/*
 * nn4mc_integer_8x8, nn4mc_integer_8x16 and nn4mc_integer_16x16 for cores with the DSP extension: see nn4mc_integer_rows.h.
 *
 * x lies on words; 8x16 alone loads it with LDR, which takes any address.
 *
 * r0 weights  r1 x  r2 sums  r3 rounds of eight columns left  r4-r7 sums of the block  r8-r11 weights  r12, lr x
 * On the stack: x, blocks left, then what the caller pushed, above the saved registers.
 */
#include "nn4mc_config.h"

#if defined(__ARM_FEATURE_DSP) && !defined(NN4MC_PORTABLE)

    .syntax unified
    .thumb

    .set FOURS, 44      /* 9 registers and 2 words below the fifth argument */
    .set SHIFT, 48

    .macro function name
    .section .text.\name, "ax", %progbits
    .balign 4
    .global \name
    .type   \name, %function
    .thumb_func
\name:
    push    {r1, r3, r4-r11, lr}
    .endm

    /* Runs `four` for each four columns, two a round. */
    .macro columns four
    ldr     r3, [sp, #FOURS]
    lsrs    r3, r3, #1
    bcc     30f
    \four
30:
    cmp     r3, #0
    beq     50f
40:
    \four
    \four
    subs    r3, r3, #1
    bne     40b
50:
    .endm

    /* To the next block, or back to the caller. */
    .macro next again
    ldrd    r1, r3, [sp]
    subs    r3, r3, #1
    str     r3, [sp, #4]
    bne     \again
    add     sp, sp, #8
    pop     {r4-r11, pc}
    .endm

    .macro joint low, high, word, x
    smlad   \high, \word, \x, \high
    sxtb16  \word, \word
    smlad   \low, \word, \x, \low
    .endm

    .macro four_8x8
    ldmia   r0!, {r8-r11}
    ldrd    r12, lr, [r1], #8
    joint   r4, r5, r8, r12
    joint   r6, r7, r9, r12
    joint   r4, r5, r10, lr
    joint   r6, r7, r11, lr
    .endm

    .macro apart low, high, word
    sxtb16  lr, \word
    sxtb16  \word, \word, ror #8
    smlad   \low, lr, r12, \low
    smlad   \high, \word, r12, \high
    .endm

    .macro four_8x16
    ldmia   r0!, {r8-r11}
    ldr     r12, [r1], #4
    apart   r4, r5, r8
    apart   r6, r7, r9
    ldr     r12, [r1], #4
    apart   r4, r5, r10
    apart   r6, r7, r11
    .endm

    .macro four_16x16
    ldmia   r0!, {r8-r11}
    ldrd    r12, lr, [r1], #8
    smlald  r4, r5, r8, r12
    smlald  r6, r7, r9, r12
    smlald  r4, r5, r10, lr
    smlald  r6, r7, r11, lr
    .endm

    function nn4mc_integer_8x8
10:
    ldmia   r0!, {r4-r7}
    columns four_8x8
    sub     r5, r5, r4
    sub     r7, r7, r6
    asr     r5, r5, #8
    asr     r7, r7, #8
    stmia   r2!, {r4-r7}
    next    10b
    .size   nn4mc_integer_8x8, . - nn4mc_integer_8x8

    function nn4mc_integer_8x16
10:
    ldmia   r0!, {r4-r7}
    columns four_8x16
    stmia   r2!, {r4-r7}
    next    10b
    .size   nn4mc_integer_8x16, . - nn4mc_integer_8x16

    function nn4mc_integer_16x16
10:
    ldr     r3, [sp, #SHIFT]
    mov     r4, #1
    mov     r5, #0
    lsl     r4, r4, r3
    mov     r7, #0
    lsr     r4, r4, #1
    mov     r6, r4
    columns four_16x16
    ldr     r3, [sp, #SHIFT]
    ldmia   r0!, {r8-r9}
    rsb     r12, r3, #32
    lsr     r4, r4, r3
    lsl     r5, r5, r12
    lsr     r6, r6, r3
    lsl     r7, r7, r12
    orr     r4, r4, r5
    orr     r6, r6, r7
    add     r4, r4, r8
    add     r5, r6, r9
    stmia   r2!, {r4-r5}
    next    10b
    .size   nn4mc_integer_16x16, . - nn4mc_integer_16x16

    /*
     * steps[i] = x[i] - zero, then zeros up to a multiple of four.
     * r0 x  r1 steps  r2 values left  r3 zero, in both halves  r4-r6, r12 four values
     */
    .section .text.nn4mc_widen_int8, "ax", %progbits
    .balign 4
    .global nn4mc_widen_int8
    .type   nn4mc_widen_int8, %function
    .thumb_func
nn4mc_widen_int8:
    push    {r4-r6, lr}
    pkhbt   r3, r3, r3, lsl #16
    subs    r2, r2, #4
    blt     20f
10:
    ldr     r4, [r0], #4
    sxtb16  r5, r4
    sxtb16  r4, r4, ror #8
    ssub16  r5, r5, r3
    ssub16  r4, r4, r3
    pkhbt   r6, r5, r4, lsl #16
    pkhtb   r12, r4, r5, asr #16
    strd    r6, r12, [r1], #8
    subs    r2, r2, #4
    bge     10b
20:
    adds    r2, r2, #4
    beq     40f
    mov     r6, #0
    mov     r12, #0
    strd    r6, r12, [r1]
    sxth    r3, r3
30:
    ldrsb   r4, [r0], #1
    sub     r4, r4, r3
    strh    r4, [r1], #2
    subs    r2, r2, #1
    bne     30b
40:
    pop     {r4-r6, pc}
    .size   nn4mc_widen_int8, . - nn4mc_widen_int8

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
