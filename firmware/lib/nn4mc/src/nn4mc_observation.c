#include "nn4mc_observation.h"

#include "nn4mc_bits.h"

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

int nn4mc_is_attitude(const float quaternion[4])
{
    const float w = quaternion[0];
    const float x = quaternion[1];
    const float y = quaternion[2];
    const float z = quaternion[3];
    const float square = w * w + x * x + y * y + z * z;
    return nn4mc_is_within(square, 0.9f, 1.1f);
}
