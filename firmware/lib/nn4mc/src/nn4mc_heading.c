#include "nn4mc_heading.h"

#include "nn4mc_bits.h"
#include "nn4mc_elementary.h"

/* The square root of a positive number, correctly rounded either way. */
static float root(float x)
{
#ifdef NN4MC_CORTEX_M4F
    float y;
    __asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
    return y;
#else
    return nn4mc_sqrt(x);
#endif
}

int nn4mc_heading_along(float x, float y, nn4mc_heading_t *heading)
{
    const float square = x * x + y * y;
    const int is_direction = (square >= 1e-6f) & (square <= 1e6f);
    const float scale = 1.0f / root(nn4mc_select(is_direction, square, 1.0f));
    const float cosine = nn4mc_select(is_direction, x, 1.0f) * scale;
    const float sine = nn4mc_select(is_direction, y, 0.0f) * scale;
    /* Of the half angle's cosine and sine the larger comes first, so that the other is never divided by little. */
    const int is_ahead = cosine >= 0.0f;
    const float larger = root(0.5f + 0.5f * nn4mc_select(is_ahead, cosine, -cosine));
    const float smaller = 0.5f * sine / larger;
    heading->cosine = cosine;
    heading->sine = sine;
    heading->half_cosine = nn4mc_select(is_ahead, larger, smaller);
    heading->half_sine = nn4mc_select(is_ahead, smaller, larger);
    return is_direction;
}

void nn4mc_heading_vector(const nn4mc_heading_t *heading, const float world[3], float turned[3])
{
    const float x = world[0];
    const float y = world[1];
    turned[0] = heading->cosine * x + heading->sine * y;
    turned[1] = heading->cosine * y - heading->sine * x;
    turned[2] = world[2];
}

/* (half_cosine, 0, 0, -half_sine) times the attitude. */
void nn4mc_heading_attitude(const nn4mc_heading_t *heading, const float world[4], float turned[4])
{
    const float a = heading->half_cosine;
    const float d = heading->half_sine;
    const float w = world[0];
    const float x = world[1];
    const float y = world[2];
    const float z = world[3];
    turned[0] = a * w + d * z;
    turned[1] = a * x + d * y;
    turned[2] = a * y - d * x;
    turned[3] = a * z - d * w;
}

/* The first column of the rotation matrix. */
void nn4mc_heading_of_nose(const float attitude[4], float nose[2])
{
    const float w = attitude[0];
    const float x = attitude[1];
    const float y = attitude[2];
    const float z = attitude[3];
    nose[0] = 1.0f - 2.0f * (y * y + z * z);
    nose[1] = 2.0f * (x * y + w * z);
}
