/*
 * nn4mc_channels_1 ... nn4mc_channels_8 for the Cortex-M4F: see nn4mc_sweep.h. Sums, weights and inputs of a block
 * are in registers; products first, then sums, as in nn4mc_rows_m4f.S.
 */
#include "nn4mc_config.h"

#ifdef NN4MC_CORTEX_M4F

#include "nn4mc_m4f.h"

    /* Registers: sums from s0, weights from s8, inputs from s16. */
    /*
     * r0 weights  r1 x  r2 columns left  r3 run  r4 runs left  r5 y at the position  r6 bytes x moved  r7 positions left
     * r8 weights of the block  r9 scratch  r10 y of the block  r11 blocks left  r12 bytes x moves a column  lr runs
     * On the stack: the rows, the number of runs, 4 R times the number of the block.
     */
    .macro kernel rows
    begin   nn4mc_channels_\rows
    push    {r0, r2, r3-r11, lr}
    save    %(15 + \rows)
    .set    .Lsaved, 4 * \rows
    ldr     r8, [r0]
    ldr     r11, [r0, #4]
    ldr     r12, [r0, #24]
    mov     lr, r1
    mov     r10, r3
    lsl     r12, r12, #2
    mov     r6, #0
    str     r6, [sp, #.Lsaved + 8]
10: /* block */
    ldr     r9, [sp, #.Lsaved]
    ldr     r6, [sp, #.Lsaved + 8]
    mov     r5, r10
    ldr     r7, [r9, #12]
20: /* position */
    mov     r0, r8
    load_range r0, 0, %(\rows - 1), !
    mov     r3, lr
    ldr     r4, [sp, #.Lsaved + 4]
30: /* run */
    ldmia   r3!, {r1, r2, r9}
    add     r1, r1, r6
    .rept   \rows
    add     r0, r0, r9, lsl #2
    .endr
    cmp     r2, #0
    beq     50f
40: /* column */
    load_range r0, 8, %(7 + \rows), !
    load_range r1, 16, %(15 + \rows)
    add     r1, r1, r12
#ifdef NN4MC_MAC_FMA
    .set    .Li, 0
    .rept   \rows
    fuse    %(.Li), %(8 + .Li), %(16 + .Li)
    .set    .Li, .Li + 1
    .endr
#else
    .set    .Li, 0
    .rept   \rows
    product %(8 + .Li), %(8 + .Li), %(16 + .Li)
    .set    .Li, .Li + 1
    .endr
    .set    .Li, 0
    .rept   \rows
    sum_up  %(.Li), %(8 + .Li)
    .set    .Li, .Li + 1
    .endr
#endif
    subs    r2, r2, #1
    bne     40b
50:
    subs    r4, r4, #1
    bne     30b
    store_range r5, 0, %(\rows - 1)
    subs    r7, r7, #1
    beq     60f
    ldr     r9, [sp, #.Lsaved]
    ldr     r4, [r9, #16]
    ldr     r9, [r9, #20]
    add     r6, r6, r4, lsl #2
    add     r5, r5, r9, lsl #2
    b       20b
60:
    subs    r11, r11, #1
    beq     70f
    ldr     r9, [sp, #.Lsaved]
    ldr     r9, [r9, #8]
    ldr     r6, [sp, #.Lsaved + 8]
    add     r10, r10, #4 * \rows
    add     r6, r6, #4 * \rows
    str     r6, [sp, #.Lsaved + 8]
    add     r8, r8, r9, lsl #2
    b       10b
70:
    restore %(15 + \rows)
    add     sp, sp, #12
    pop     {r4-r11, pc}
    finish  nn4mc_channels_\rows, %(48 + .Lsaved)
    .endm

    .irpc   rows, 12345678
    kernel  \rows
    .endr

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
