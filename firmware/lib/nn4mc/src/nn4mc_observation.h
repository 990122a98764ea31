/* What a policy sees, term by term, from what the sensors say. */
#ifndef NN4MC_OBSERVATION_H
#define NN4MC_OBSERVATION_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[count] = measured - wanted, each within -limit..limit. */
void nn4mc_clipped_difference(const float measured[], const float wanted[], float limit, float out[], size_t count);

/* Row-major rotation matrix, body to world, of a unit quaternion w, x, y, z. */
void nn4mc_rotation_matrix(const float quaternion[4], float out[9]);

/* 1 if the square of the quaternion's norm is within 0.9..1.1: what no attitude filter should miss. */
int nn4mc_is_attitude(const float quaternion[4]);

#ifdef __cplusplus
}
#endif

#endif
