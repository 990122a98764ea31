/* Small kernels that BENCH times by the cycle counter of a Cortex-M4F, each without what an empty function takes. */
#ifndef BENCH_H
#define BENCH_H

#include "hil_dispatch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Time a kernel, some 0.5 ms at 168 MHz; false when there is none of that index. */
bool bench_run(uint8_t index, hil_bench_t *result);

#ifdef __cplusplus
}
#endif

#endif
