/*
 * nn4mc_columns_1 ... nn4mc_columns_8 for the Cortex-M4F: see nn4mc_columns.h. Two positions, whose sums are both in
 * registers, meet the same weights: 1/2 + 1/(2 R) cycles to load a weight for each product, 2 to multiply and add.
 */
#include "nn4mc_config.h"

#ifdef NN4MC_CORTEX_M4F

#include "nn4mc_m4f.h"

    /* Registers: x of the first position in s0, s1, of the second in s2, s3; sums of the first from s4. */
    .set .Lsums, 4

    /* One column for a single position, whose x is in s`x`: R products, then R sums. */
    .macro single rows, x
    load_range r0, %(.Lsums + 2 * \rows), %(.Lsums + 3 * \rows - 1), !
#ifdef NN4MC_MAC_FMA
    .set    .Li, 0
    .rept   \rows
    fuse    %(.Lsums + .Li), %(.Lsums + 2 * \rows + .Li), %(\x)
    .set    .Li, .Li + 1
    .endr
#else
    .set    .Li, 0
    .rept   \rows
    product %(.Lsums + 2 * \rows + .Li), %(.Lsums + 2 * \rows + .Li), %(\x)
    .set    .Li, .Li + 1
    .endr
    .set    .Li, 0
    .rept   \rows
    sum_up  %(.Lsums + .Li), %(.Lsums + 2 * \rows + .Li)
    .set    .Li, .Li + 1
    .endr
#endif
    .endm

    /*
     * r0 weights  r1 x of the first position  r2 columns left; y of the second  r3 the walk  r4 start of the next
     * position behind the first  r5 y of the first position  r6 bytes of the rows before this block  r7 positions left
     * r8 weights of the block  r9 x of the pair  r10 start of the first position; x of the second  r11 bytes y moves
     * r12 bytes x moves  lr blocks left
     * On the stack, above the saved registers: the rows, x, y.
     */
    .macro kernel rows
    .set    .Lspare, .Lsums + 3 * \rows
    .set    .Llast, .Lsums + 3 * \rows + 3
    begin   nn4mc_columns_\rows
    push    {r0-r2, r4-r11, lr}
    save    %(.Llast)
    .if     .Llast >= 16
    .set    .Lsaved, 4 * (.Llast - 15)
    .else
    .set    .Lsaved, 0
    .endif
    ldr     r8, [r0, #4]
    ldr     lr, [r0, #8]
    ldr     r6, [r0, #16]
    ldr     r1, [r3]
    ldr     r12, [r3, #12]
    ldr     r11, [r3, #16]
    mov     r2, #4 * \rows
    lsl     r6, r6, #2
    mla     r8, r1, r2, r8
    lsl     r12, r12, #2
    lsl     r11, r11, #2
10: /* block */
    ldr     r9, [sp, #.Lsaved + 4]
    ldr     r5, [sp, #.Lsaved + 8]
    ldr     r10, [r3, #20]
    ldr     r4, [r3, #24]
    ldr     r2, [r3, #28]
    ldr     r7, [r3, #8]
    add     r5, r5, r6
    add     r10, r10, r6
    cmp     r2, #0
    it      ne
    addne   r4, r4, r6
    subs    r7, r7, #2
    blt     50f
20: /* two positions */
    load_range r10, %(.Lsums), %(.Lsums + \rows - 1)
    load_range r4, %(.Lsums + \rows), %(.Lsums + 2 * \rows - 1)
    mov     r0, r8
    ldr     r2, [r3, #4]
    mov     r1, r9
    add     r10, r9, r12
    subs    r2, r2, #2
    blt     40f
30:
    vldmia  r1!, {s0-s1}
    vldmia  r10!, {s2-s3}
    column  \rows, 0
    column  \rows, 1
    subs    r2, r2, #2
    bge     30b
40:
    adds    r2, r2, #2
    beq     45f
    vldr    s0, [r1]
    vldr    s2, [r10]
    column  \rows, 0
45:
    ldr     r10, [r3, #28]
    add     r2, r5, r11
    store_range r5, %(.Lsums), %(.Lsums + \rows - 1)
    store_range r2, %(.Lsums + \rows), %(.Lsums + 2 * \rows - 1)
    add     r9, r9, r12, lsl #1
    add     r5, r5, r11, lsl #1
    lsl     r2, r10, #2
    add     r10, r4, r2
    add     r4, r10, r2
    subs    r7, r7, #2
    bge     20b
50: /* the last position of an odd number */
    adds    r7, r7, #2
    beq     80f
    load_range r10, %(.Lsums), %(.Lsums + \rows - 1)
    mov     r0, r8
    ldr     r2, [r3, #4]
    mov     r1, r9
    subs    r2, r2, #2
    blt     70f
60:
    vldmia  r1!, {s0-s1}
    single  \rows, 0
    single  \rows, 1
    subs    r2, r2, #2
    bge     60b
70:
    adds    r2, r2, #2
    beq     75f
    vldr    s0, [r1]
    single  \rows, 0
75:
    store_range r5, %(.Lsums), %(.Lsums + \rows - 1)
80:
    subs    lr, lr, #1
    beq     90f
    ldr     r2, [sp, #.Lsaved]
    ldr     r2, [r2, #12]
    add     r6, r6, #4 * \rows
    add     r8, r8, r2, lsl #2
    b       10b
90:
    restore %(.Llast)
    add     sp, sp, #12
    pop     {r4-r11, pc}
    finish  nn4mc_columns_\rows, %(48 + .Lsaved)
    .endm

    .irpc   rows, 12345678
    kernel  \rows
    .endr

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
