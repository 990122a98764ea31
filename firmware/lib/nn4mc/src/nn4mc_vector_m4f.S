/* The loops of nn4mc_vector.h for the Cortex-M4F: four elements at a time, then one at a time. */
#include "nn4mc_config.h"

#ifdef NN4MC_CORTEX_M4F

#include "nn4mc_m4f.h"

#ifdef NN4MC_BALANCED_CODE
#define WIDTH 2
#else
#define WIDTH 4
#endif

    /* `body` for WIDTH elements at a time while there are, then for one at a time; r3 counts. */
    .macro elements body
    subs    r3, r3, #WIDTH
    blt     20f
10:
    \body   WIDTH
    subs    r3, r3, #WIDTH
    bge     10b
20:
    adds    r3, r3, #WIDTH
    beq     40f
30:
    \body   1
    subs    r3, r3, #1
    bne     30b
40:
    .endm

    .macro load at, first, width
    load_range \at, \first, %(\first + \width - 1), !
    .endm

    .macro store at, first, width
    store_range \at, \first, %(\first + \width - 1), !
    .endm

    .macro one what, to, left, right
    \what\().f32 s\to, s\left, s\right
    .endm

    .macro each what, to, left, right, width
    .set    .Li, 0
    .rept   \width
    one     \what, %(\to + .Li), %(\left + .Li), %(\right + .Li)
    .set    .Li, .Li + 1
    .endr
    .endm

    .macro product_of width
    load    r0, 0, \width
    load    r1, 4, \width
    each    vmul, 0, 0, 4, \width
    store   r2, 0, \width
    .endm

    .macro add_product_of width
    load    r0, 0, \width
    load    r1, 4, \width
    each    vmul, 0, 0, 4, \width
    load    r2, 8, \width
    each    vadd, 8, 8, 0, \width
    sub     r2, r2, #4 * \width
    store   r2, 8, \width
    .endm

    .macro complement width
    .set    .Li, 0
    .rept   \width
    one     vsub, %(.Li), 12, %(.Li)
    .set    .Li, .Li + 1
    .endr
    .endm

    /* r0 a  r1 b  r2 y  r12 z  s12 1 */
    .macro blend_of width
    load    r12, 0, \width
    load    r1, 8, \width
    each    vmul, 8, 8, 0, \width
    load    r0, 4, \width
    complement \width
    each    vmul, 4, 4, 0, \width
    each    vadd, 4, 4, 8, \width
    store   r2, 4, \width
    .endm

    /* r0 i  r1 c  r2 y  r4 f  r12 g */
    .macro cell_of width
    load    r4, 0, \width
    load    r1, 4, \width
    each    vmul, 0, 0, 4, \width
    load    r0, 8, \width
    load    r12, 12, \width
    each    vmul, 8, 8, 12, \width
    each    vadd, 0, 0, 8, \width
    store   r2, 0, \width
    .endm

    begin   nn4mc_vector_product
    elements product_of
    bx      lr
    finish  nn4mc_vector_product, 0

    begin   nn4mc_vector_add_product
    elements add_product_of
    bx      lr
    finish  nn4mc_vector_add_product, 0

    begin   nn4mc_vector_blend
    sub     r12, r0, r3, lsl #2
    vmov.f32 s12, #1.0
    elements blend_of
    bx      lr
    finish  nn4mc_vector_blend, 0

    begin   nn4mc_vector_cell
    push    {r4}
    add     r4, r0, r3, lsl #2
    add     r12, r4, r3, lsl #3
    elements cell_of
    pop     {r4}
    bx      lr
    finish  nn4mc_vector_cell, 4

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
