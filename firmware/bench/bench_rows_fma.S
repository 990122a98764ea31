/* The row kernels of the runtime with VFMA. */
#undef NN4MC_MAC_FMA
#undef NN4MC_SMALL_CODE
#undef NN4MC_BALANCED_CODE
#define NN4MC_MAC_FMA
#define NN4MC_ROWS_PREFIX bench_fma_
#include "nn4mc_rows_m4f.S"
