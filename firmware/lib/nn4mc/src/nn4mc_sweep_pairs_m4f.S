/*
 * nn4mc_pairs_1 ... nn4mc_pairs_8 for the Cortex-M4F: see nn4mc_sweep.h. Two positions, whose sums are both in
 * registers, meet the same weights: 1/2 + 1/(2 R) cycles to load a weight for each product, 2 to multiply and add.
 */
#include "nn4mc_config.h"

#ifdef NN4MC_CORTEX_M4F

#include "nn4mc_m4f.h"

    /* Registers: x of the first position in s0, s1, of the second in s2, s3; sums of the first from s4. */
    .set .Lsums, 4

    .macro copy to, from
    vmov.f32 s\to, s\from
    .endm

    /*
     * r0 weights  r1 x of the first position  r2 columns left  r3 run  r4 runs left  r5 y of the first position
     * r6 bytes x moved  r7 positions left  r8 weights of the block  r9 scratch  r10 x of the second position
     * r11 bytes y moves  r12 bytes x moves  lr runs
     * On the stack: the rows, the number of runs, y of the block, blocks left.
     */
    .macro kernel rows
    .set    .Lspare, .Lsums + 3 * \rows
    .set    .Llast, .Lsums + 3 * \rows + 3
    begin   nn4mc_pairs_\rows
    push    {r4-r11, lr}
    ldr     r8, [r0]
    ldr     r12, [r0, #4]
    push    {r0, r2, r3, r12}
    save    %(.Llast)
    .if     .Llast >= 16
    .set    .Lsaved, 4 * (.Llast - 15)
    .else
    .set    .Lsaved, 0
    .endif
    mov     lr, r1
10: /* block */
    ldr     r9, [sp, #.Lsaved]
    ldr     r5, [sp, #.Lsaved + 8]
    ldr     r7, [r9, #12]
    ldr     r12, [r9, #16]
    ldr     r11, [r9, #20]
    mov     r6, #0
    lsl     r12, r12, #2
    lsl     r11, r11, #2
    cmp     r7, #1
    itt     eq
    moveq   r12, #0
    moveq   r11, #0
20: /* two positions */
    mov     r0, r8
    load_range r0, %(.Lsums), %(.Lsums + \rows - 1), !
    mov     r3, lr
    ldr     r4, [sp, #.Lsaved + 4]
    .set    .Li, 0
    .rept   \rows
    copy    %(.Lsums + \rows + .Li), %(.Lsums + .Li)
    .set    .Li, .Li + 1
    .endr
30: /* run */
    ldmia   r3!, {r1, r2, r9}
    add     r1, r1, r6
    add     r10, r1, r12
    .rept   \rows
    add     r0, r0, r9, lsl #2
    .endr
    subs    r2, r2, #2
    blt     50f
40:
    vldmia  r1!, {s0-s1}
    vldmia  r10!, {s2-s3}
    column  \rows, 0
    column  \rows, 1
    subs    r2, r2, #2
    bge     40b
50:
    adds    r2, r2, #2
    beq     60f
    vldr    s0, [r1]
    vldr    s2, [r10]
    column  \rows, 0
60:
    subs    r4, r4, #1
    bne     30b
    add     r9, r5, r11
    store_range r5, %(.Lsums), %(.Lsums + \rows - 1)
    store_range r9, %(.Lsums + \rows), %(.Lsums + 2 * \rows - 1)
    add     r6, r6, r12, lsl #1
    add     r5, r5, r11, lsl #1
    subs    r7, r7, #2
    ble     70f
    cmp     r7, #1
    bne     20b
    sub     r6, r6, r12
    sub     r5, r5, r11
    b       20b
70:
    ldr     r9, [sp, #.Lsaved + 12]
    subs    r9, r9, #1
    beq     80f
    str     r9, [sp, #.Lsaved + 12]
    ldr     r5, [sp, #.Lsaved + 8]
    ldr     r9, [sp, #.Lsaved]
    add     r5, r5, #4 * \rows
    ldr     r9, [r9, #8]
    str     r5, [sp, #.Lsaved + 8]
    add     r8, r8, r9, lsl #2
    b       10b
80:
    restore %(.Llast)
    add     sp, sp, #16
    pop     {r4-r11, pc}
    finish  nn4mc_pairs_\rows, %(52 + .Lsaved)
    .endm

    .irpc   rows, 12345678
    kernel  \rows
    .endr

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
