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

    /* op s\to, s\left, s\right for `width` neighbours of the first two; the last one moves by `step`. */
    .macro each what, to, left, right, step, width
    .set    .Li, 0
    .rept   \width
    one     \what, %(\to + .Li), %(\left + .Li), %(\right + \step * .Li)
    .set    .Li, .Li + 1
    .endr
    .endm

    .macro one what, to, left, right
    \what\().f32 s\to, s\left, s\right
    .endm

    /*
     * r0 factors  r1 x of the chunk  r2 bytes from position to position of x  r3 y of the chunk  r4 rows left
     * r5 positions  r6 bytes from position to position of y  r7 x  r8 y  r9 positions left. The factors of a chunk stay
     * in registers while all positions pass.
     */
    .macro scaled width
    load_range r0, 0, %(\width - 1), !
    mov     r7, r1
    mov     r8, r3
    mov     r9, r5
1:
    load_range r7, 8, %(8 + \width - 1)
    each    vmul, 8, 8, 0, 1, \width
    add     r7, r7, r2
    store_range r8, 8, %(8 + \width - 1)
    add     r8, r8, r6
    subs    r9, r9, #1
    bne     1b
    add     r1, r1, #4 * \width
    add     r3, r3, #4 * \width
    .endm

    begin   nn4mc_words_scale
    push    {r4-r9}
    ldr     r4, [sp, #24]
    ldr     r5, [sp, #28]
    ldr     r6, [sp, #32]
    lsl     r2, r2, #2
    lsl     r6, r6, #2
    cmp     r5, #0
    beq     90f
    subs    r4, r4, #8
    blt     20f
10:
    scaled  8
    subs    r4, r4, #8
    bge     10b
20:
    adds    r4, r4, #3
    blt     30f
    scaled  5
    subs    r4, r4, #5
30:
    adds    r4, r4, #3
    blt     40f
    scaled  2
    subs    r4, r4, #2
40:
    adds    r4, r4, #2
    beq     90f
50:
    scaled  1
    subs    r4, r4, #1
    bne     50b
90:
    pop     {r4-r9}
    bx      lr
    finish  nn4mc_words_scale, 24

    /*
     * r0 start  r1 table from the chunk on  r2 coefficients  r3 columns  r4 y  r5 rows left  r6 bytes of a column
     * r7 table  r8 coefficients left  r9 columns left. The sums of a chunk stay in registers while all columns pass.
     */
    .macro combined width
    load_range r0, 0, %(\width - 1), !
    mov     r7, r1
    mov     r8, r2
    movs    r9, r3
    beq     2f
1:
    load_range r7, 8, %(8 + \width - 1)
    vldmia  r8!, {s16}
    add     r7, r7, r6
    each    vmul, 8, 8, 16, 0, \width
    subs    r9, r9, #1
    each    vadd, 0, 0, 8, 1, \width
    bne     1b
2:
    store_range r4, 0, %(\width - 1), !
    add     r1, r1, #4 * \width
    .endm

    begin   nn4mc_words_combine
    push    {r4-r9}
    vpush   {s16}
    ldr     r4, [sp, #28]
    ldr     r5, [sp, #32]
    lsl     r6, r5, #2
    subs    r5, r5, #8
    blt     20f
10:
    combined 8
    subs    r5, r5, #8
    bge     10b
20:
    adds    r5, r5, #4
    blt     30f
    combined 4
    subs    r5, r5, #4
30:
    adds    r5, r5, #2
    blt     40f
    combined 2
    subs    r5, r5, #2
40:
    adds    r5, r5, #2
    beq     90f
    combined 1
90:
    vpop    {s16}
    pop     {r4-r9}
    bx      lr
    finish  nn4mc_words_combine, 28

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
