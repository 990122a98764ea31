#include "nn4mc_observation.h"

#include "nn4mc_bits.h"
#include "nn4mc_copy.h"

void nn4mc_clipped_difference(const float measured[], const float wanted[], float limit, float out[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        /* Infinity, where the difference overflows, becomes the limit too. */
        out[i] = nn4mc_between(measured[i] - wanted[i], -limit, limit);
    }
}

void nn4mc_rotation_matrix(const float quaternion[4], float out[9])
{
    const float w = quaternion[0];
    const float x = quaternion[1];
    const float y = quaternion[2];
    const float z = quaternion[3];
    out[0] = 1.0f - 2.0f * (y * y + z * z);
    out[1] = 2.0f * (x * y - w * z);
    out[2] = 2.0f * (x * z + w * y);
    out[3] = 2.0f * (x * y + w * z);
    out[4] = 1.0f - 2.0f * (x * x + z * z);
    out[5] = 2.0f * (y * z - w * x);
    out[6] = 2.0f * (x * z - w * y);
    out[7] = 2.0f * (y * z + w * x);
    out[8] = 1.0f - 2.0f * (x * x + y * y);
}

void nn4mc_body_difference(const float measured[3], const float wanted[3], float limit, const float quaternion[4],
                           float out[3])
{
    float world[3];
    float turn[9];
    nn4mc_clipped_difference(measured, wanted, limit, world, 3);
    nn4mc_rotation_matrix(quaternion, turn);
    for (size_t i = 0; i < 3; ++i) { /* a column of the matrix: its transpose turns world into body */
        out[i] = turn[i] * world[0] + turn[i + 3] * world[1] + turn[i + 6] * world[2];
    }
}

void nn4mc_projected_gravity(const float quaternion[4], float out[3])
{
    float turn[9];
    nn4mc_rotation_matrix(quaternion, turn);
    for (size_t i = 0; i < 3; ++i) {
        out[i] = -turn[i + 6];
    }
}

void nn4mc_scale_words(float words[], const float scale[], const float offset[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        words[i] = words[i] * scale[i] + offset[i];
    }
}

/* Infinity and NaN, as of a scale that overflows, become the limit too. */
static float within(float value, float limit)
{
    const uint32_t bits = nn4mc_bits(value);
    const uint32_t magnitude = nn4mc_smaller(bits & ~NN4MC_SIGN_BIT, nn4mc_bits(limit));
    return nn4mc_float(magnitude | (bits & NN4MC_SIGN_BIT));
}

void nn4mc_clip_words(float words[], const float limit[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        words[i] = within(words[i], limit[i]);
    }
}

void nn4mc_recall(const float past[], int first, size_t words, size_t steps, float frames[])
{
    const float *const now = frames + (steps - 1u) * words;
    for (size_t i = 0; i + 1u < steps; ++i) {
        nn4mc_copy(first ? now : past + i * words, frames + i * words, words);
    }
}

void nn4mc_map_action(const float output[], const uint8_t order[], const float scale[], const float offset[],
                      float command[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        command[i] = output[order[i]] * scale[i] + offset[i];
    }
}

void nn4mc_unmap_action(const float command[], const uint8_t order[], const float scale[], const float offset[],
                        float output[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        output[order[i]] = (command[i] - offset[i]) / scale[i];
    }
}

int nn4mc_is_attitude(const float quaternion[4])
{
    const float w = quaternion[0];
    const float x = quaternion[1];
    const float y = quaternion[2];
    const float z = quaternion[3];
    const float square = w * w + x * x + y * y + z * z;
    return nn4mc_is_within(square, 0.9f, 1.1f);
}
