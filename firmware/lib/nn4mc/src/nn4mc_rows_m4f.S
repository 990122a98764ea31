/*
 * nn4mc_rows_1 ... nn4mc_rows_16 for the Cortex-M4F: see nn4mc_rows.h for what they compute and in which order.
 *
 * One VLDM brings the weights of a column for all rows of the block, which keep their sums in registers. R products,
 * then R sums: no instruction uses the result of the one before it. A weight costs 1 + 1/R cycles to load and 2 to
 * multiply and add, where VFMA would take 3 (ARM DDI 0439, table 7-1) and round differently from C.
 */
#include "nn4mc_config.h"

#ifdef NN4MC_CORTEX_M4F

/* Others may include this file under another name, to have both multiply-accumulates in one program. */
#ifndef NN4MC_ROWS_PREFIX
#define NN4MC_ROWS_PREFIX nn4mc_rows_
#endif

#include "nn4mc_m4f.h"

    /* Registers: x in s0.., sums from s4, the weights of a burst behind them. */
    .set SUMS, 4

    .macro load base, first, count
    load_range \base, %(\first), %(\first + \count - 1), !
    .endm

    /* Loads `rows` x `columns` weights and adds their products with x from s`x` to the sums from s`sum`. */
    .macro burst sum, at, rows, columns, x
    load    r0, %(\at), %(\rows * \columns)
#ifndef NN4MC_MAC_FMA
    .set .Li, 0
    .rept   \rows * \columns
    product %(\at + .Li), %(\at + .Li), %(\x + .Li / \rows)
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

    /* All rows of a tall block times the element of x in s`x`. */
    .macro tall rows, x
    .if \rows > 14
    burst   %(SUMS), %(SUMS + \rows), 8, 1, %(\x)
    burst   %(SUMS + 8), %(SUMS + \rows), %(\rows - 8), 1, %(\x)
    .else
    burst   %(SUMS), %(SUMS + \rows), \rows, 1, %(\x)
    .endif
    .endm

    /* All rows of a block times `columns` elements of x, which lie from s0 on. */
    .macro meet rows, columns
    load    r1, 0, \columns
    .if \rows > 6 || \columns == 1
    .set .Lj, 0
    .rept   \columns
    tall    \rows, %(.Lj)
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
     * r0 weights  r1 x  r2 columns left  r3 run  r4 runs left  r5 y  r6 blocks left  r12 runs  lr number of runs
     */
    .macro kernel rows, unrolled, last
    begin   NN4MC_ROWS_PREFIX\rows
    push    {r4-r6, lr}
    save    \last
    mov     r5, r3
    mov     r12, r1
    mov     lr, r2
    ldrd    r0, r6, [r0]
10: /* block */
    load    r0, %(SUMS), \rows
    mov     r3, r12
    mov     r4, lr
20: /* run */
    ldmia   r3!, {r1, r2}
    .if \unrolled == 2
    /* An odd column is met first, by the second half of a round: no code of its own. */
    lsrs    r2, r2, #1
    bcc     30f
    load    r1, 1, 1
    add     r2, r2, #1
    b       40f
30:
    load    r1, 0, 2
    tall    \rows, 0
40:
    tall    \rows, 1
    subs    r2, r2, #1
    bne     30b
    .else
    .if \unrolled > 2
    subs    r2, r2, #\unrolled
    blt     40f
30:
    meet    \rows, \unrolled
    subs    r2, r2, #\unrolled
    bge     30b
40:
    adds    r2, r2, #\unrolled
    beq     60f
    .endif
50:
    meet    \rows, 1
    subs    r2, r2, #1
    bne     50b
    .endif
60:
    subs    r4, r4, #1
    bne     20b
    store_range r5, %(SUMS), %(SUMS + \rows - 1), !
    subs    r6, r6, #1
    bne     10b
    restore \last
    pop     {r4-r6, pc}
    .if \last > 15
    finish  NN4MC_ROWS_PREFIX\rows, %(16 + 4 * (\last - 15))
    .else
    finish  NN4MC_ROWS_PREFIX\rows, 16
    .endif
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
#ifdef NN4MC_BALANCED_CODE
    .irpc   rows, 12345678
    kernel  \rows, 2, %(SUMS + 2 * \rows - 1)
    .endr
#else
    .irpc   rows, 123456
    kernel  \rows, 4, %(SUMS + 3 * \rows - 1)
    .endr
    .irp    rows, 7, 8
    kernel  \rows, 4, %(SUMS + 2 * \rows - 1)
    .endr
#endif
#ifdef NN4MC_LARGE_NETWORK
    .set    .Ltall, 4
#else
    .set    .Ltall, 2
#endif
    .irp    rows, 9, 10, 11, 12, 13, 14
    kernel  \rows, %(.Ltall), %(SUMS + 2 * \rows - 1)
    .endr
    kernel  15, %(.Ltall), 26
    kernel  16, %(.Ltall), 27
#endif

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
