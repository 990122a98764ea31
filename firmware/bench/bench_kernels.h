/* The kernels, the words they work on, and the stopwatch around them: what bench.c finds in assembly. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

#include "nn4mc_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The products of RAPTOR's gated recurrent unit: three gates of 16, on 16 inputs and 16 states. */
#define BENCH_ROWS 48u
#define BENCH_COLUMNS 32u
#define BENCH_WEIGHTS (BENCH_ROWS * (BENCH_COLUMNS + 1u))
#define BENCH_REPEATED 64u /* an instruction, in a chain */

/* A function with what it is given in r0 to r3. The assembly knows the order of the fields, and so does the host. */
typedef struct bench_case {
    const char *name;
    void (*function)(void);
    const void *arguments[4];
    uint32_t operations;
} bench_case_t;

/* All kernels, and one without a name: the host reads them out of the program, to run the same calls in its model. */
extern const bench_case_t bench_cases[];

/* Inputs from -4 to 4, weights in every memory, and outputs that nothing was written to yet. */
void bench_prepare(void);

/* Core clocks of one call, with interrupts off; s0 to s15 are 1 when it begins. */
uint32_t bench_time(const bench_case_t *one);

/* In flash: finite numbers, each block's biases first. */
extern const float bench_flash[BENCH_WEIGHTS];

/* nn4mc_rows_m4f.S with either multiply-accumulate, whatever the runtime was built with. */
extern nn4mc_rows_kernel_t bench_mul_add_16, bench_mul_add_8, bench_fma_16, bench_fma_8;

void bench_empty(void);
void bench_vadd(void);         /* BENCH_REPEATED times the instruction, each on registers of its own */
void bench_vadd_chained(void); /* ... each on the result of the one before */
void bench_vmul(void);
void bench_vmul_vadd(void); /* eight products, then their eight sums: BENCH_REPEATED pairs */
void bench_vfma(void);
void bench_vfma_chained(void);
void bench_vdiv(void);
void bench_vdiv_hidden(void); /* ... with four additions of integers behind each, which count in none */
void bench_vldm_16(void);     /* of 16 words at r0 */
void bench_vmov(void);        /* a word from the core */
void bench_branch(void);      /* taken, to the next instruction but one */

#ifdef __cplusplus
}
#endif

#endif
