/* What the kernels' headers promise, written out index by index, with libm's fmaf: the judge of both kernels. */
#include <math.h>

#include "jobs.h"

static float add_product(float sum, float a, float b)
{
#ifdef NN4MC_MAC_FMA
    return fmaf(a, b, sum);
#else
    const volatile float product = a * b;
    return sum + product;
#endif
}

/* One row of one block at one position; `own` is 1 where each row has an x of its own. */
static float row_sum(const job_t *job, uint32_t height, uint32_t own, uint32_t i, uint32_t at, uint32_t row,
                     const float data[])
{
    const float *const weights = data + job->weights + i * job->block_step;
    float sum = weights[row];
    uint32_t column = 0;
    for (uint32_t run = 0; run < job->run_count; ++run) {
        const float *const x = data + job->runs[run][0] + at * job->x_step;
        column += job->runs[run][2];
        for (uint32_t j = 0; j < job->runs[run][1]; ++j) {
            const float met = own != 0 ? x[row + i * height + j * job->column_step] : x[j];
            sum = add_product(sum, weights[height * (1 + column) + row], met);
            ++column;
        }
    }
    return sum;
}

uint32_t plain_jobs(const job_t jobs[], const uint32_t heights[], const uint32_t own[], uint32_t count,
                    const float data[], float y[]);

uint32_t plain_jobs(const job_t jobs[], const uint32_t heights[], const uint32_t own[], uint32_t count,
                    const float data[], float y[])
{
    for (uint32_t n = 0; n < count; ++n) {
        const job_t *const job = jobs + n;
        const uint32_t height = heights[job->kernel];
        for (uint32_t i = 0; i < job->blocks; ++i) {
            for (uint32_t at = 0; at < job->positions; ++at) {
                for (uint32_t row = 0; row < height; ++row) {
                    y[job->y + i * height + row + at * job->y_step] =
                        row_sum(job, height, own[job->kernel], i, at, row, data);
                }
            }
        }
    }
    return 0;
}
