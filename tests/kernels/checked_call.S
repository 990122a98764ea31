/*
 * uint32_t checked_call(kernel, rows, runs, count, y): calls a kernel with known words in all registers that it has to
 * keep, and returns 0 when they, the stack pointer, and the two words above it are the same afterwards.
 */
    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .text
    .balign 4
    .global checked_call
    .type   checked_call, %function
    .thumb_func
checked_call:
    ldr     r12, [sp]
    push    {r4-r11, lr}
    vpush   {s16-s31}
    ldr     r4, =expected
    vldmia  r4!, {s16-s31}
    push    {r3, r4}        /* two words that the kernel must leave alone */
    mov     lr, r0
    mov     r0, r1
    mov     r1, r2
    mov     r2, r3
    mov     r3, r12
    ldr     r12, =kept_sp
    str     sp, [r12]
    mov     r12, lr
    ldmia   r4, {r4-r11}
    blx     r12
    mov     r0, sp
    ldr     r1, =kept_sp
    ldr     r1, [r1]
    mov     sp, r1
    eors    r0, r0, r1
    ldr     r2, =expected + 64
    .irp    reg, r4, r5, r6, r7, r8, r9, r10, r11
    ldr     r3, [r2], #4
    eor     r3, r3, \reg
    orr     r0, r0, r3
    .endr
    ldr     r2, =expected
    .irp    reg, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29, s30, s31
    ldr     r3, [r2], #4
    vmov    r1, \reg
    eor     r3, r3, r1
    orr     r0, r0, r3
    .endr
    pop     {r3, r4}
    eor     r4, r4, r2
    orr     r0, r0, r4
    vpop    {s16-s31}
    pop     {r4-r11, pc}
    .size   checked_call, . - checked_call
    .ltorg

    .section .rodata
    .balign 4
expected:
    .set    word, 0x51000000
    .rept   24
    .4byte  word
    .set    word, word + 0x01010101
    .endr

    .bss
    .balign 4
kept_sp:
    .space  4
    .section .note.GNU-stack, "", %progbits
