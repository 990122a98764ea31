/*
 * What the kernels are built for; `nn4mc compile` writes its own copy of this file. It is read by C and by assembly.
 *
 * NN4MC_PORTABLE    no assembly, whatever the core
 * NN4MC_SMALL_CODE  kernels without unrolled loops
 * NN4MC_BALANCED_CODE  none unrolled where that costs many bytes for few cycles
 * NN4MC_LARGE_NETWORK  kernels of tall blocks unrolled further: worth their bytes beside many weights
 * NN4MC_MAC_FMA     a product is added with one rounding (VFMA, fmaf) instead of two
 * NN4MC_WEIGHTS_SECTION  the section of the constants
 */
#ifndef NN4MC_CONFIG_H
#define NN4MC_CONFIG_H

#if defined(__ARM_ARCH_7EM__) && defined(__ARM_FP) && !defined(NN4MC_PORTABLE)
#define NN4MC_CORTEX_M4F 1
#endif

/* The bodies of portable kernels: written out for each height of a block, or once for all. */
#ifdef NN4MC_SMALL_CODE
#define NN4MC_KERNEL_BODY NN4MC_NOINLINE
#else
#define NN4MC_KERNEL_BODY NN4MC_INLINE
#endif

/* Where constants are read from, on the target alone: a section that its linker script puts into RAM. */
#if defined(NN4MC_WEIGHTS_SECTION) && defined(__arm__)
#define NN4MC_WEIGHTS __attribute__((section(NN4MC_WEIGHTS_SECTION)))
#else
#define NN4MC_WEIGHTS
#endif

/* Largest absolute error of tanh and sigmoid: 0 for 2e-7, 1 for 4e-5, 2 for 1e-3. */
#ifndef NN4MC_ACTIVATION_ERROR
#define NN4MC_ACTIVATION_ERROR 0
#endif

#endif
