/*
 * tanh, sigmoid and relu by array for a Cortex-M4F: the operations of nn4mc_elementary.c in the same order, so the same
 * bits, and the same work for every input. r0 x, r1 y, r2 count.
 */
#include "nn4mc_config.h"

#if defined(NN4MC_CORTEX_M4F)
    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb

.macro function name
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
    .thumb_func
    .balign 4
\name:
.endm

/* Ends a function that takes so many bytes of stack, which are noted as LLVM's -fstack-size-section does. */
.macro function_end name, stack
    .size \name, . - \name
    .section .stack_sizes, "", %progbits
    .4byte \name
    .uleb128 \stack
.endm

/* Two elements in s0 and s1 at a time; between `pairs` and `pairs_end` stands what makes two results of them there. */
.macro pairs
    subs r2, #2
    blo 3f
1:  vldmia r0!, {s0, s1}
2:
.endm

/* An element without a partner goes twice through the loop's body, to two words of the stack: r1 tells at the end. */
.macro pairs_end return:vararg
    subs r2, #2
    vstmia r1!, {s0, s1}
    bhs 1b
3:  cmn r2, #1
    bne 4f
    vldr s0, [r0]
    vmov.f32 s1, s0
    mov r0, r1
    sub sp, #8
    mov r1, sp
    movs r2, #0
    b 2b
4:  subs r1, #8
    mov r3, sp
    cmp r1, r3
    bne 5f
    vstr s0, [r0]
    add sp, #8
5:  \return
    .balign 4
.endm

/* op s\a, ... and op s\b, ... in turn: no instruction takes the result of the one before it. */
.macro both op, a, b, x, y, z:vararg
    \op s\a, s\x, \z
    \op s\b, s\y, \z
.endm

#if NN4MC_ACTIVATION_ERROR == 0

/* Leaves 1 / (1 + 2^-t) in r11, in units of 2^-30, for the t in \t in units of 2^-26. */
.macro logistic t
    vmov lr, \t
    lsl r12, lr, #6
    smmla r11, r3, r12, r4
    smmla r11, r11, r12, r5
    smmla r11, r11, r12, r6
    smmla r11, r11, r12, r7
    smmla r11, r11, r12, r8
    add lr, lr, #0x02000000
    lsr lr, lr, #26
    lsr r11, r11, lr
    mov lr, #0x4e800000
    smmla lr, r11, lr, r9
    smmla lr, r11, lr, r10
    lsr r12, lr, #1
    smmla r12, r11, lr, r12
    mvn r12, r12, lsl #3
    smmla r11, r12, r12, r12
    smmla r11, r12, r11, r12
    smmla r11, lr, r11, lr
.endm

.macro logistic_begin
    push {r4-r11, lr}
    vldr s4, 6f
    ldr r3, 7f
    ldm r3, {r3-r10}
.endm

/* \one makes the integer of a result in \x, and \convert a float of it in units of 2^-\unit. */
#if defined(NN4MC_SMALL_CODE) || defined(NN4MC_BALANCED_CODE)
#define LOGISTIC_STACK 36
.macro logistic_loop one, convert, unit
    subs r2, #1
    blo 5f
1:  vldmia r0!, {s0}
    vmul.f32 s2, s0, s4
    vabs.f32 s2, s2
    vcvt.s32.f32 s2, s2, #26
    \one s0, s2
    \convert s0, s0, #\unit
    subs r2, #1
    vstmia r1!, {s0}
    bhs 1b
5:  pop {r4-r11, pc}
    .balign 4
.endm
#else
#define LOGISTIC_STACK 44
.macro logistic_loop one, convert, unit
    pairs
    both vmul.f32, 2, 3, 0, 1, s4
    vabs.f32 s2, s2
    vabs.f32 s3, s3
    vcvt.s32.f32 s2, s2, #26
    vcvt.s32.f32 s3, s3, #26
    \one s0, s2
    \one s1, s3
    \convert s0, s0, #\unit
    \convert s1, s1, #\unit
    pairs_end pop {r4-r11, pc}
.endm
#endif

.macro logistic_constants scale
6:  .word \scale
7:  .word logistic_coefficients
.endm

    .section .rodata.nn4mc_logistic, "a", %progbits
    .balign 4
logistic_coefficients:
    .word 0xffd488bd, 0x013cea88, 0xf8e522b4, 0x1ebf9bb9, 0xa746f5b8, 0x7fffffff
    .word 0x9a181062, 0x3f53f7cf

.macro tanh_one x, t
    logistic \t
    sub r11, r11, #0x20000000
    vmov r12, \x
    eor r11, r11, r12, asr #31
    sub r11, r11, r12, asr #31
    vmov \x, r11
.endm

function nn4mc_tanh_array
    logistic_begin
    logistic_loop tanh_one, vcvt.f32.s32, 29
    logistic_constants 0x4038aa3b
    function_end nn4mc_tanh_array, LOGISTIC_STACK

.macro sigmoid_one x, t
    logistic \t
    vmov r12, \x
    lsl r11, r11, #2
    eor r11, r11, r12, asr #31
    vmov \x, r11
.endm

function nn4mc_sigmoid_array
    logistic_begin
    logistic_loop sigmoid_one, vcvt.f32.u32, 32
    logistic_constants 0x3fb8aa3b
    function_end nn4mc_sigmoid_array, LOGISTIC_STACK

#else

/* s0 and s1 cut to multiples of 2^-\fraction below 2^(31 - \fraction); their squares in s2 and s3. */
.macro clamp_and_square fraction
    vcvt.s32.f32 s0, s0, #\fraction
    vcvt.s32.f32 s1, s1, #\fraction
    vcvt.f32.s32 s0, s0, #\fraction
    vcvt.f32.s32 s1, s1, #\fraction
    vmul.f32 s2, s0, s0
    vmul.f32 s3, s1, s1
.endm

/* \a = \a z + \c and \b likewise, or with \from = \a and \b for the first step. */
.macro horner_first a, b, leading, c
    both vmul.f32, \a, \b, 2, 3, \leading
    both vadd.f32, \a, \b, \a, \b, \c
.endm

.macro horner a, b, c
    vmul.f32 s\a, s\a, s2
    vmul.f32 s\b, s\b, s3
    both vadd.f32, \a, \b, \a, \b, \c
.endm

/* s0, s1 = s0 s6 / s4, s1 s7 / s5 with one division; s8 is 1 */
.macro divide_pair
    vmul.f32 s0, s6, s0
    vmul.f32 s1, s7, s1
    vmul.f32 s2, s4, s5
    vmul.f32 s0, s0, s5
    vdiv.f32 s2, s8, s2
    vmul.f32 s1, s1, s4
    vmul.f32 s0, s0, s2
    vmul.f32 s1, s1, s2
.endm

#if NN4MC_ACTIVATION_ERROR == 1
function nn4mc_tanh_array
    adr r3, 6f
    vldmia r3, {s8-s15}
    pairs
    both vmul.f32, 0, 1, 0, 1, s9
    clamp_and_square 28
    horner_first 4, 5, s10, s11
    horner 4, 5, s12
    horner 4, 5, s13
    both vadd.f32, 6, 7, 2, 3, s14
    horner 6, 7, s15
    divide_pair
    pairs_end bx lr
6:  .word 0x3f800000, 0x3fb6db6e, 0x3cd8aae2, 0x41837524, 0x44537325, 0x45708630, 0x4318243c, 0x45285d24
    function_end nn4mc_tanh_array, 8

function nn4mc_sigmoid_array
    adr r3, 6f
    vldmia r3, {s8-s14}
    vmov.f32 s15, #0.5
    pairs
    both vmul.f32, 0, 1, 0, 1, s9
    clamp_and_square 28
    horner_first 4, 5, s10, s11
    horner 4, 5, s12
    both vadd.f32, 6, 7, 2, 3, s13
    horner 6, 7, s14
    divide_pair
    both vadd.f32, 0, 1, 0, 1, s15
    pairs_end bx lr
6:  .word 0x3f800000, 0x3f46d5bf, 0x42725e0f, 0x459ebcc9, 0x46dcb059, 0x43beb0e1, 0x460e096e
    function_end nn4mc_sigmoid_array, 8
#else
.macro rational_1e3 fraction
    adr r3, 6f
    vldmia r3, {s8-s12}
    vmov.f32 s15, #0.5
    pairs
    clamp_and_square \fraction
    horner_first 4, 5, s9, s10
    horner 4, 5, s11
    both vadd.f32, 6, 7, 2, 3, s12
    divide_pair
.endm

function nn4mc_tanh_array
    rational_1e3 29
    pairs_end bx lr
6:  .word 0x3f800000, 0x3d9fd2d5, 0x40a1edc4, 0x4144c3d5, 0x4144867b
    function_end nn4mc_tanh_array, 8

function nn4mc_sigmoid_array
    rational_1e3 28
    both vadd.f32, 0, 1, 0, 1, s15
    pairs_end bx lr
6:  .word 0x3f800000, 0x3d9fd2d5, 0x41a1edc4, 0x4344c3d5, 0x4244867b
    function_end nn4mc_sigmoid_array, 8
#endif
#endif

/* A negative word becomes 0. */
#if defined(NN4MC_SMALL_CODE) || defined(NN4MC_BALANCED_CODE)
function nn4mc_relu_array
    subs r2, #1
    blo 2f
1:  ldr r3, [r0], #4
    bic r3, r3, r3, asr #31
    str r3, [r1], #4
    subs r2, #1
    bhs 1b
2:  bx lr
    function_end nn4mc_relu_array, 0
#else
/* Eight at a time, then four, then one. */
function nn4mc_relu_array
    push {r4-r10}
    subs r2, #8
    blo 2f
1:  ldmia r0!, {r3-r10}
    bic r3, r3, r3, asr #31
    bic r4, r4, r4, asr #31
    bic r5, r5, r5, asr #31
    bic r6, r6, r6, asr #31
    bic r7, r7, r7, asr #31
    bic r8, r8, r8, asr #31
    bic r9, r9, r9, asr #31
    bic r10, r10, r10, asr #31
    stmia r1!, {r3-r10}
    subs r2, #8
    bhs 1b
2:  adds r2, #4
    bmi 3f
    ldmia r0!, {r3-r6}
    bic r3, r3, r3, asr #31
    bic r4, r4, r4, asr #31
    bic r5, r5, r5, asr #31
    bic r6, r6, r6, asr #31
    stmia r1!, {r3-r6}
    subs r2, #4
3:  adds r2, #4
    beq 5f
4:  ldr r3, [r0], #4
    bic r3, r3, r3, asr #31
    str r3, [r1], #4
    subs r2, #1
    bne 4b
5:  pop {r4-r10}
    bx lr
    function_end nn4mc_relu_array, 28
#endif

#endif

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
