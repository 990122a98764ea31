/* The loops of nn4mc_words.h for the Cortex-M4F: eight words a round, then two, then one. */
#include "nn4mc_config.h"

#ifdef NN4MC_CORTEX_M4F

#include "nn4mc_m4f.h"

    begin   nn4mc_words_copy
    subs    r2, r2, #8
    blt     20f
10:
    vldmia  r0!, {s0-s7}
    vstmia  r1!, {s0-s7}
    subs    r2, r2, #8
    bge     10b
20:
    adds    r2, r2, #6
    blt     40f
30:
    vldmia  r0!, {s0-s1}
    vstmia  r1!, {s0-s1}
    subs    r2, r2, #2
    bge     30b
40:
    adds    r2, r2, #2
    beq     50f
    vldmia  r0!, {s0}
    vstmia  r1!, {s0}
50:
    bx      lr
    finish  nn4mc_words_copy, 0

    begin   nn4mc_words_add
    subs    r2, r2, #8
    blt     20f
10:
    vldmia  r0!, {s0-s7}
    vldmia  r1, {s8-s15}
    vadd.f32 s8, s8, s0
    vadd.f32 s9, s9, s1
    vadd.f32 s10, s10, s2
    vadd.f32 s11, s11, s3
    vadd.f32 s12, s12, s4
    vadd.f32 s13, s13, s5
    vadd.f32 s14, s14, s6
    vadd.f32 s15, s15, s7
    vstmia  r1!, {s8-s15}
    subs    r2, r2, #8
    bge     10b
20:
    adds    r2, r2, #6
    blt     40f
30:
    vldmia  r0!, {s0-s1}
    vldmia  r1, {s8-s9}
    vadd.f32 s8, s8, s0
    vadd.f32 s9, s9, s1
    vstmia  r1!, {s8-s9}
    subs    r2, r2, #2
    bge     30b
40:
    adds    r2, r2, #2
    beq     50f
    vldmia  r0!, {s0}
    vldmia  r1, {s8}
    vadd.f32 s8, s8, s0
    vstmia  r1!, {s8}
50:
    bx      lr
    finish  nn4mc_words_add, 0

    begin   nn4mc_words_subtract
    subs    r2, r2, #8
    blt     20f
10:
    vldmia  r0!, {s0-s7}
    vldmia  r1, {s8-s15}
    vsub.f32 s8, s8, s0
    vsub.f32 s9, s9, s1
    vsub.f32 s10, s10, s2
    vsub.f32 s11, s11, s3
    vsub.f32 s12, s12, s4
    vsub.f32 s13, s13, s5
    vsub.f32 s14, s14, s6
    vsub.f32 s15, s15, s7
    vstmia  r1!, {s8-s15}
    subs    r2, r2, #8
    bge     10b
20:
    adds    r2, r2, #6
    blt     40f
30:
    vldmia  r0!, {s0-s1}
    vldmia  r1, {s8-s9}
    vsub.f32 s8, s8, s0
    vsub.f32 s9, s9, s1
    vstmia  r1!, {s8-s9}
    subs    r2, r2, #2
    bge     30b
40:
    adds    r2, r2, #2
    beq     50f
    vldmia  r0!, {s0}
    vldmia  r1, {s8}
    vsub.f32 s8, s8, s0
    vstmia  r1!, {s8}
50:
    bx      lr
    finish  nn4mc_words_subtract, 0

    begin   nn4mc_words_clear
    mov     r2, #0
    subs    r1, r1, #4
    blt     20f
10:
    str     r2, [r0]
    str     r2, [r0, #4]
    str     r2, [r0, #8]
    str     r2, [r0, #12]
    add     r0, r0, #16
    subs    r1, r1, #4
    bge     10b
20:
    adds    r1, r1, #4
    beq     40f
30:
    str     r2, [r0], #4
    subs    r1, r1, #1
    bne     30b
40:
    bx      lr
    finish  nn4mc_words_clear, 0

    /*
     * r0 factors  r1 y of the chunk  r2 rows left  r3 positions  r4 bytes from position to position  r5 y  r6 positions
     * left. The factors of a chunk stay in registers while all positions pass.
     */
    begin   nn4mc_words_scale
    push    {r4-r6, lr}
    ldr     r4, [sp, #16]
    lsl     r4, r4, #2
    cmp     r3, #0
    beq     90f
10:
    subs    r2, r2, #8
    blt     20f
    vldmia  r0!, {s0-s7}
    mov     r5, r1
    mov     r6, r3
1:
    vldmia  r5, {s8-s15}
    vmul.f32 s8, s8, s0
    vmul.f32 s9, s9, s1
    vmul.f32 s10, s10, s2
    vmul.f32 s11, s11, s3
    vmul.f32 s12, s12, s4
    vmul.f32 s13, s13, s5
    vmul.f32 s14, s14, s6
    vmul.f32 s15, s15, s7
    vstmia  r5, {s8-s15}
    add     r5, r5, r4
    subs    r6, r6, #1
    bne     1b
    add     r1, r1, #32
    b       10b
20:
    adds    r2, r2, #3
    blt     30f
    vldmia  r0!, {s0-s4}
    mov     r5, r1
    mov     r6, r3
1:
    vldmia  r5, {s8-s12}
    vmul.f32 s8, s8, s0
    vmul.f32 s9, s9, s1
    vmul.f32 s10, s10, s2
    vmul.f32 s11, s11, s3
    vmul.f32 s12, s12, s4
    vstmia  r5, {s8-s12}
    add     r5, r5, r4
    subs    r6, r6, #1
    bne     1b
    add     r1, r1, #20
    subs    r2, r2, #5
30:
    adds    r2, r2, #3
    blt     40f
    vldmia  r0!, {s0-s1}
    mov     r5, r1
    mov     r6, r3
1:
    vldmia  r5, {s8-s9}
    vmul.f32 s8, s8, s0
    vmul.f32 s9, s9, s1
    vstmia  r5, {s8-s9}
    add     r5, r5, r4
    subs    r6, r6, #1
    bne     1b
    add     r1, r1, #8
    subs    r2, r2, #2
    b       45f
40:
45:
    adds    r2, r2, #2
    beq     90f
50:
    vldmia  r0!, {s0}
    mov     r5, r1
    mov     r6, r3
1:
    vldmia  r5, {s8}
    vmul.f32 s8, s8, s0
    vstmia  r5, {s8}
    add     r5, r5, r4
    subs    r6, r6, #1
    bne     1b
    add     r1, r1, #4
    subs    r2, r2, #1
    bne     50b
90:
    pop     {r4-r6, pc}
    finish  nn4mc_words_scale, 16

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
