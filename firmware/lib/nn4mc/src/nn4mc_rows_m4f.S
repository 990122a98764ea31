/*
 * nn4mc_rows_1 ... nn4mc_rows_16 for the Cortex-M4F: see nn4mc_rows.h for what they compute and in which order.
 *
 * One VLDM brings the weights of a column for all rows of the block, which keep their sums in registers. R products,
 * then R sums: no instruction uses the result of the one before it. A weight costs 1 + 1/R cycles to load and 2 to
 * multiply and add, where VFMA would take 3 (ARM DDI 0439, table 7-1) and round differently from C.
 */
#include "nn4mc_config.h"

#ifdef NN4MC_CORTEX_M4F

    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .altmacro

    /* Registers: x in s0.., sums from s4, the weights of a burst behind them. */
    .set SUMS, 4

    .macro load_range base, first, last
    vldmia  \base!, {s\first-s\last}
    .endm

    .macro load_one base, first
    vldmia  \base!, {s\first}
    .endm

    .macro load base, first, count
    .if \count == 1
    load_one \base, %(\first)
    .else
    load_range \base, %(\first), %(\first + \count - 1)
    .endif
    .endm

    .macro store_range first, last
    .if \last == \first
    vstr    s\first, [r5]
    .else
    vstmia  r5, {s\first-s\last}
    .endif
    .endm

    .macro product at, x
    vmul.f32 s\at, s\at, s\x
    .endm

    .macro sum_up sum, at
    vadd.f32 s\sum, s\sum, s\at
    .endm

    .macro fuse sum, at, x
    vfma.f32 s\sum, s\at, s\x
    .endm

    .macro save_from_16 last
    vpush   {s16-s\last}
    .endm

    .macro restore_from_16 last
    vpop    {s16-s\last}
    .endm

    /* Loads `rows` x `columns` weights and adds their products with x from s`x` to the sums from s`sum`. */
    .macro burst sum, at, rows, columns, x
    load    r0, %(\at), %(\rows * \columns)
#ifndef NN4MC_MAC_FMA
    .set .Li, 0
    .rept   \rows * \columns
    product %(\at + .Li), %(\x + .Li / \rows)
    .set .Li, .Li + 1
    .endr
#endif
    .set .Li, 0
    .rept   \rows * \columns
#ifdef NN4MC_MAC_FMA
    fuse    %(\sum + .Li % \rows), %(\at + .Li), %(\x + .Li / \rows)
#else
    sum_up  %(\sum + .Li % \rows), %(\at + .Li)
#endif
    .set .Li, .Li + 1
    .endr
    .endm

    /* All rows of a block times `columns` elements of x, which lie from s0 on. */
    .macro meet rows, columns
    load    r1, 0, \columns
    .if \rows > 14
    .set .Lj, 0
    .rept   \columns
    burst   %(SUMS), %(SUMS + \rows), 8, 1, %(.Lj)
    burst   %(SUMS + 8), %(SUMS + \rows), %(\rows - 8), 1, %(.Lj)
    .set .Lj, .Lj + 1
    .endr
    .elseif \rows > 6 || \columns == 1
    .set .Lj, 0
    .rept   \columns
    burst   %(SUMS), %(SUMS + \rows), \rows, 1, %(.Lj)
    .set .Lj, .Lj + 1
    .endr
    .else
    burst   %(SUMS), %(SUMS + \rows), \rows, 2, 0
    .if \columns == 4
    burst   %(SUMS), %(SUMS + \rows), \rows, 2, 2
    .endif
    .endif
    .endm

    /*
     * r0 weights  r1 x  r2 columns left  r3 run  r4 runs left  r5 y at the position  r6 bytes x moved with the position
     * r7 positions left  r8 weights of the block  r9 scratch  r10 y of the block  r11 blocks left  r12 4 R  lr runs
     * On the stack, above the saved registers: the rows and the number of runs.
     */
    .macro kernel rows, unrolled, last
    .section .text.nn4mc_rows_\rows, "ax", %progbits
    .balign 4
    .global nn4mc_rows_\rows
    .type   nn4mc_rows_\rows, %function
    .thumb_func
nn4mc_rows_\rows:
    push    {r0, r2, r4-r11, lr}
    .if \last > 15
    save_from_16 \last
    .set .Lsaved, 4 * (\last - 15)
    .else
    .set .Lsaved, 0
    .endif
    ldr     r8, [r0]
    ldr     r11, [r0, #4]
    mov     lr, r1
    mov     r10, r3
    mov     r12, #4 * \rows
10: /* block */
    ldr     r9, [sp, #.Lsaved]
    mov     r5, r10
    ldr     r7, [r9, #12]
    mov     r6, #0
20: /* position */
    mov     r0, r8
    load    r0, SUMS, \rows
    mov     r3, lr
    ldr     r4, [sp, #.Lsaved + 4]
30: /* run */
    ldmia   r3!, {r1, r2, r9}
    add     r1, r1, r6
    mla     r0, r9, r12, r0
    .if \unrolled == 1
    cmp     r2, #0
    beq     70f
    .else
    subs    r2, r2, #\unrolled
    blt     50f
40:
    meet    \rows, \unrolled
    subs    r2, r2, #\unrolled
    bge     40b
50:
    adds    r2, r2, #\unrolled
    beq     70f
    .endif
60:
    meet    \rows, 1
    subs    r2, r2, #1
    bne     60b
70:
    subs    r4, r4, #1
    bne     30b
    store_range %(SUMS), %(SUMS + \rows - 1)
    subs    r7, r7, #1
    beq     80f
    ldr     r9, [sp, #.Lsaved]
    ldr     r4, [r9, #16]
    ldr     r9, [r9, #20]
    add     r6, r6, r4, lsl #2
    add     r5, r5, r9, lsl #2
    b       20b
80:
    subs    r11, r11, #1
    beq     90f
    ldr     r9, [sp, #.Lsaved]
    ldr     r9, [r9, #8]
    add     r10, r10, r12
    add     r8, r8, r9, lsl #2
    b       10b
90:
    .if \last > 15
    restore_from_16 \last
    .endif
    add     sp, sp, #8
    pop     {r4-r11, pc}
    .size   nn4mc_rows_\rows, . - nn4mc_rows_\rows
    .section .stack_sizes, "", %progbits
    .4byte  nn4mc_rows_\rows
    .uleb128 44 + .Lsaved
    .endm

    /* Rows, columns of a round, the last floating-point register in use: sums and burst from s4 on. */
#ifdef NN4MC_SMALL_CODE
    .irpc   rows, 123456789
    kernel  \rows, 1, %(SUMS + 2 * \rows - 1)
    .endr
    .irp    rows, 10, 11, 12, 13, 14
    kernel  \rows, 1, %(SUMS + 2 * \rows - 1)
    .endr
    kernel  15, 1, 26
    kernel  16, 1, 27
#else
    .irpc   rows, 123456
    kernel  \rows, 4, %(SUMS + 3 * \rows - 1)
    .endr
    .irp    rows, 7, 8, 9, 10, 11, 12, 13, 14
    kernel  \rows, 4, %(SUMS + 2 * \rows - 1)
    .endr
    kernel  15, 4, 26
    kernel  16, 4, 27
#endif

#endif

    .section .note.GNU-stack, "", %progbits
