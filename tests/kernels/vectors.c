/* Calls of the loops of nn4mc_vector.h, one after the other, on one array of floats. */
#include "nn4mc_vector.h"

#include <stdint.h>

typedef void vector_t(const float a[], const float b[], float y[], size_t count);

#ifdef __arm__
/* In checked_call.S, which passes five words on as they are. */
uint32_t checked_call(vector_t *kernel, const float a[], const float b[], float y[], uint32_t count);
#else
static uint32_t checked_call(vector_t *kernel, const float a[], const float b[], float y[], uint32_t count)
{
    kernel(a, b, y, count);
    return 0;
}
#endif

static vector_t *const loops[] = {nn4mc_vector_product, nn4mc_vector_add_product, nn4mc_vector_blend,
                                  nn4mc_vector_cell};

/* Words of a job: loop, a, b, y in floats, count. */
uint32_t run_vectors(const uint32_t jobs[], uint32_t count, float data[]);

uint32_t run_vectors(const uint32_t jobs[], uint32_t count, float data[])
{
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t *const job = jobs + 5u * i;
        if (checked_call(loops[job[0]], data + job[1], data + job[2], data + job[3], job[4]) != 0) {
            return i + 1u;
        }
    }
    return 0;
}
