/* The portable kernel of nn4mc_pairs.h takes positions one by one; nn4mc_pairs_m4f.S stands in for it on a Cortex-M4F. */
#include "nn4mc_pairs.h"

#include "nn4mc_config.h"

#ifndef NN4MC_CORTEX_M4F

#define KERNEL(height)                                                                                                \
    void nn4mc_pairs_##height(const nn4mc_rows_t *rows, const nn4mc_run_t runs[], size_t run_count, float y[])        \
    {                                                                                                                 \
        nn4mc_rows_##height(rows, runs, run_count, y);                                                                \
    }

KERNEL(1)
KERNEL(2)
KERNEL(3)
KERNEL(4)
KERNEL(5)
KERNEL(6)
KERNEL(7)
KERNEL(8)

#endif
