/* What a policy sees, term by term, from what the sensors say. */
#ifndef NN4MC_OBSERVATION_H
#define NN4MC_OBSERVATION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[count] = measured - wanted, each within -limit..limit. */
void nn4mc_clipped_difference(const float measured[], const float wanted[], float limit, float out[], size_t count);

/* Row-major rotation matrix, body to world, of a unit quaternion w, x, y, z. */
void nn4mc_rotation_matrix(const float quaternion[4], float out[9]);

/* out[3] = R' (measured - wanted): the difference along the axes of the world within -limit..limit, then in the body. */
void nn4mc_body_difference(const float measured[3], const float wanted[3], float limit, const float quaternion[4],
                           float out[3]);

/* out[3] = R' (0, 0, -1): which way is down, in the body. */
void nn4mc_projected_gravity(const float quaternion[4], float out[3]);

/* words[count] = words * scale + offset. */
void nn4mc_scale_words(float words[], const float scale[], const float offset[], size_t count);

/* words[count], each within -limit..limit; the limits are above 0. */
void nn4mc_clip_words(float words[], const float limit[], size_t count);

/* frames[steps * words], the oldest first, of which the last is there: before it `past`, or the last again if `first`. */
void nn4mc_recall(const float past[], int first, size_t words, size_t steps, float frames[]);

/* command[i] = output[order[i]] * scale[i] + offset[i]. */
void nn4mc_map_action(const float output[], const uint8_t order[], const float scale[], const float offset[],
                      float command[], size_t count);

/* The output that asks for a command: the other way round. */
void nn4mc_unmap_action(const float command[], const uint8_t order[], const float scale[], const float offset[],
                        float output[], size_t count);

/* 1 if the square of the quaternion's norm is within 0.9..1.1: what no attitude filter should miss. */
int nn4mc_is_attitude(const float quaternion[4]);

#ifdef __cplusplus
}
#endif

#endif
