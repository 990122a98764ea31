/*
 * Integer matrix-vector products over packed weights: the one kernel under every quantised layer.
 *
 * x is int16 throughout, padded with zeros to a multiple of four. Rows come in blocks and columns in fours, both padded
 * with zeros; the compiler of the network has proved from the weights that no sum leaves int32 for any x, so the order
 * of additions is free, and the portable kernels (nn4mc_integer_rows.c) and those for cores with the DSP extension
 * (nn4mc_integer_rows_dsp.S) give the same bits. nn4mc/ops/integer_rows.py packs.
 *
 *   kernel  weights  |x| at most  block                                               cycles a product (64 x 64, modelled)
 *   8x8     int8     255          4 rows; bias, then two rows a word                  1.5
 *   8x16    int8     32767        the same                                            1.8
 *   16x16   int16    32767        2 rows; one row a word, then the biases             2.1
 *
 * A word of int8 weights holds rows r, r + 1 and columns c, c + 1: its low bytes are row r, its high bytes row r + 1.
 * In 8x8 each half is the number 256 w[r + 1] + w[r]: SMLAD of the word as it is gives 256 s[r + 1] + s[r], and of its
 * low bytes s[r], so one unpacking serves four products. It needs sums below 2^23.
 */
#ifndef NN4MC_INTEGER_ROWS_H
#define NN4MC_INTEGER_ROWS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Working memory is an array of float that integers are kept in for a while. */
#if defined(__GNUC__)
typedef int16_t __attribute__((may_alias)) nn4mc_int16_t;
typedef int32_t __attribute__((may_alias)) nn4mc_int32_t;
#else
typedef int16_t nn4mc_int16_t;
typedef int32_t nn4mc_int32_t;
#endif

/*
 * sums[R blocks] = bias + w[R blocks][4 fours] x[4 fours], R = 4, and R = 2 for 16x16, which sums in 64 bits and divides
 * by 2^shift, halves up, before it adds the bias; shift <= 31. The other two have no shift.
 */
typedef void nn4mc_integer_kernel_t(const int32_t packed[], const nn4mc_int16_t x[], nn4mc_int32_t sums[],
                                    uint32_t blocks, uint32_t fours, uint32_t shift);

nn4mc_integer_kernel_t nn4mc_integer_8x8, nn4mc_integer_8x16, nn4mc_integer_16x16;

/* A packed matrix and its kernel. */
typedef struct nn4mc_integer_product {
    nn4mc_integer_kernel_t *kernel;
    const int32_t *packed;
    uint32_t blocks;
    uint32_t fours;
    uint32_t shift;
} nn4mc_integer_product_t;

static inline void nn4mc_multiply_integers(const nn4mc_integer_product_t *product, const nn4mc_int16_t x[],
                                  nn4mc_int32_t sums[])
{
    product->kernel(product->packed, x, sums, product->blocks, product->fours, product->shift);
}

#ifdef __cplusplus
}
#endif

#endif
