/*
 * The kernel of convolutions: rows as in nn4mc_rows.h, at most 8 a block, at two positions at a time, so that a weight
 * is loaded once for both. The last of an odd number of positions is taken together with the one before it, or with
 * itself where it is the only one; each sum is the same as that of nn4mc_rows.h.
 */
#ifndef NN4MC_PAIRS_H
#define NN4MC_PAIRS_H

#include "nn4mc_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

nn4mc_rows_kernel_t nn4mc_pairs_1, nn4mc_pairs_2, nn4mc_pairs_3, nn4mc_pairs_4, nn4mc_pairs_5, nn4mc_pairs_6,
    nn4mc_pairs_7, nn4mc_pairs_8;

#ifdef __cplusplus
}
#endif

#endif
