/*
 * What the kernels are built for; `nn4mc compile --target` writes its own copy of this file.
 * Rows that a product works on at a time: 4 keeps four accumulators in registers, 1 gives the smallest code.
 * The results are the same to the last bit.
 */
#ifndef NN4MC_CONFIG_H
#define NN4MC_CONFIG_H

#ifndef NN4MC_BLOCK_ROWS
#define NN4MC_BLOCK_ROWS 4
#endif

#endif
