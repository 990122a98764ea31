/*
 * The frame of a wanted heading: x along it, y to its left, z up. A policy that sees its errors and its attitude in this
 * frame flies with its nose along the heading. A direction is given instead of an angle, so nothing here needs libm.
 */
#ifndef NN4MC_HEADING_H
#define NN4MC_HEADING_H

#ifdef __cplusplus
extern "C" {
#endif

/* An angle about z, from the world's x axis to the heading, by its cosine and sine and by those of its half. */
typedef struct nn4mc_heading {
    float cosine;
    float sine;
    float half_cosine; /* the quaternion (half_cosine, 0, 0, half_sine) turns this frame into the world */
    float half_sine;
} nn4mc_heading_t;

/* The heading along (x, y), whose length may be 1e-3 to 1e3. Returns 1; for all else 0, and the world's x axis. */
int nn4mc_heading_along(float x, float y, nn4mc_heading_t *heading);

/* A vector of the world, seen in the frame of the heading. */
void nn4mc_heading_vector(const nn4mc_heading_t *heading, const float world[3], float turned[3]);

/* An attitude w, x, y, z that turns body into world, as one that turns body into the frame of the heading. */
void nn4mc_heading_attitude(const nn4mc_heading_t *heading, const float world[4], float turned[4]);

/* Where the nose of an attitude w, x, y, z points, on the ground: x and y, 0 where it points straight up or down. */
void nn4mc_heading_of_nose(const float attitude[4], float nose[2]);

#ifdef __cplusplus
}
#endif

#endif
