/*
 * What the assembly of the Cortex-M4F shares, for GNU as; C sees nothing of it. Registers are given as numbers, so that
 * .altmacro can compute them.
 */
#ifndef NN4MC_M4F_H
#define NN4MC_M4F_H

#ifdef __ASSEMBLER__

    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .altmacro

    /* A function in a section of its own, so that a linker can drop it. */
    .macro begin name
    .section .text.\name, "ax", %progbits
    .balign 4
    .global \name
    .type   \name, %function
    .thumb_func
\name:
    .endm

    /* Its end, and the bytes of stack that it takes, in the form of LLVM's -fstack-size-section. */
    .macro finish name, stack
    .size   \name, . - \name
    .section .stack_sizes, "", %progbits
    .4byte  \name
    .uleb128 \stack
    .endm

    /* Floats s`first` to s`last` from an address in a core register; `back` is ! where that shall move. */
    .macro load_range base, first, last, back=
    .if \first == \last
    vldmia  \base\back, {s\first}
    .else
    vldmia  \base\back, {s\first-s\last}
    .endif
    .endm

    .macro store_range base, first, last, back=
    .if \first == \last
    vstmia  \base\back, {s\first}
    .else
    vstmia  \base\back, {s\first-s\last}
    .endif
    .endm

    .macro product to, at, x
    vmul.f32 s\to, s\at, s\x
    .endm

    .macro sum_up sum, at
    vadd.f32 s\sum, s\sum, s\at
    .endm

    .macro fuse sum, at, x
    vfma.f32 s\sum, s\at, s\x
    .endm

    /* The registers from s16 to s`last`, which belong to the caller. */
    .macro save last
    .if \last == 16
    vpush   {s16}
    .elseif \last > 16
    vpush   {s16-s\last}
    .endif
    .endm

    .macro restore last
    .if \last == 16
    vpop    {s16}
    .elseif \last > 16
    vpop    {s16-s\last}
    .endif
    .endm

    /*
     * One column of `rows` weights, loaded from r0, for two positions, whose x are in s`x` and s`x` + 2. The sums of both
     * lie from .Lsums on, then the weights; products of the first position pass through four registers from .Lspare on,
     * those of the second overwrite the weights.
     */
    .macro column rows, x
    load_range r0, %(.Lsums + 2 * \rows), %(.Lsums + 3 * \rows - 1), !
#ifdef NN4MC_MAC_FMA
    .set    .Li, 0
    .rept   \rows
    fuse    %(.Lsums + .Li), %(.Lsums + 2 * \rows + .Li), %(\x)
    .set    .Li, .Li + 1
    .endr
    .set    .Li, 0
    .rept   \rows
    fuse    %(.Lsums + \rows + .Li), %(.Lsums + 2 * \rows + .Li), %(\x + 2)
    .set    .Li, .Li + 1
    .endr
#else
    .set    .Li, 0
    .rept   \rows
    .if     .Li >= 4
    sum_up  %(.Lsums + .Li - 4), %(.Lspare + .Li % 4)
    .endif
    product %(.Lspare + .Li % 4), %(.Lsums + 2 * \rows + .Li), %(\x)
    .set    .Li, .Li + 1
    .endr
    .set    .Li, 0
    .rept   \rows
    product %(.Lsums + 2 * \rows + .Li), %(.Lsums + 2 * \rows + .Li), %(\x + 2)
    .set    .Li, .Li + 1
    .endr
    .set    .Li, \rows - 4
    .if     \rows < 4
    .set    .Li, 0
    .endif
    .rept   \rows - .Li
    sum_up  %(.Lsums + .Li), %(.Lspare + .Li % 4)
    .set    .Li, .Li + 1
    .endr
    .set    .Li, 0
    .rept   \rows
    sum_up  %(.Lsums + \rows + .Li), %(.Lsums + 2 * \rows + .Li)
    .set    .Li, .Li + 1
    .endr
#endif
    .endm

#endif

#endif
