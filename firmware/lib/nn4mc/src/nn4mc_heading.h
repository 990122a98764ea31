/*
 * The frame of a wanted heading: x along it, y to its left, z up. A policy that sees the world in this frame flies with its
 * nose along the heading. A direction is given instead of an angle, so nothing here needs libm. All of it is inline: it runs
 * in front of every step, and is little.
 */
#ifndef NN4MC_HEADING_H
#define NN4MC_HEADING_H

#include "nn4mc_bits.h"
#include "nn4mc_elementary.h"

/* An angle about z, from the world's x axis to the heading, by its cosine and sine and by those of its half. */
typedef struct nn4mc_heading {
    float cosine;
    float sine;
    float half_cosine; /* the quaternion (half_cosine, 0, 0, half_sine) turns this frame into the world */
    float half_sine;
} nn4mc_heading_t;

/* The square root of a positive number, correctly rounded either way. */
static inline float nn4mc_heading_root(float x)
{
#ifdef NN4MC_CORTEX_M4F
    float y;
    __asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
    return y;
#else
    return nn4mc_sqrt(x);
#endif
}

/* The heading along (x, y), whose length may be 1e-3 to 1e3. Returns 1; for all else 0, and the world's x axis. */
static inline int nn4mc_heading_along(float x, float y, nn4mc_heading_t *heading)
{
    const float square = x * x + y * y;
    const int is_direction = nn4mc_is_within(square, 1e-6f, 1e6f);
    const float scale = 1.0f / nn4mc_heading_root(nn4mc_select(is_direction, square, 1.0f));
    const float cosine = nn4mc_select(is_direction, x, 1.0f) * scale;
    const float sine = nn4mc_select(is_direction, y, 0.0f) * scale;
    /* Of the half angle's cosine and sine the larger comes first, so that the other is never divided by little. */
    const int is_ahead = cosine >= 0.0f;
    const float magnitude = nn4mc_float(nn4mc_bits(cosine) & ~NN4MC_SIGN_BIT);
    const float larger = nn4mc_heading_root(0.5f + 0.5f * magnitude);
    const float smaller = 0.5f * sine / larger;
    heading->cosine = cosine;
    heading->sine = sine;
    heading->half_cosine = nn4mc_select(is_ahead, larger, smaller);
    heading->half_sine = nn4mc_select(is_ahead, smaller, larger);
    return is_direction;
}

/* A vector of the world, seen in the frame of the heading. */
static NN4MC_INLINE void nn4mc_heading_vector(const nn4mc_heading_t *heading, const float world[3], float turned[3])
{
    const float x = world[0];
    const float y = world[1];
    turned[0] = heading->cosine * x + heading->sine * y;
    turned[1] = heading->cosine * y - heading->sine * x;
    turned[2] = world[2];
}

/*
 * An attitude w, x, y, z that turns body into world, as one that turns body into the frame of the heading:
 * (half_cosine, 0, 0, -half_sine) times it.
 */
static inline void nn4mc_heading_attitude(const nn4mc_heading_t *heading, const float world[4], float turned[4])
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

/*
 * Where the nose of an attitude w, x, y, z points, on the ground: x and y, 0 where it points straight up or down. It is
 * the first column of the rotation matrix.
 */
static inline void nn4mc_heading_of_nose(const float attitude[4], float nose[2])
{
    const float w = attitude[0];
    const float x = attitude[1];
    const float y = attitude[2];
    const float z = attitude[3];
    nose[0] = 1.0f - 2.0f * (y * y + z * z);
    nose[1] = 2.0f * (x * y + w * z);
}

#endif
