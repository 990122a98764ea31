/* Derivatives of functions of one number, from x and y = f(x), as nn4mc_unary_t of nn4mc_jet.h wants them. */
#ifndef NN4MC_SLOPES_H
#define NN4MC_SLOPES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void nn4mc_slope_t(const float x[], const float y[], float slope[], size_t count);

/* First derivatives. relu's is 0 at its kink. */
nn4mc_slope_t nn4mc_tanh_first, nn4mc_sigmoid_first, nn4mc_relu_first, nn4mc_exp_first, nn4mc_log_first,
    nn4mc_sqrt_first, nn4mc_reciprocal_first, nn4mc_erf_first, nn4mc_softplus_first;

/* Second derivatives. */
nn4mc_slope_t nn4mc_tanh_second, nn4mc_sigmoid_second, nn4mc_relu_second, nn4mc_exp_second, nn4mc_log_second,
    nn4mc_sqrt_second, nn4mc_reciprocal_second, nn4mc_erf_second, nn4mc_softplus_second;

#ifdef __cplusplus
}
#endif

#endif
