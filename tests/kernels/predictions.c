/* Calls of the kernels of nn4mc_columns.h and the loops of nn4mc_words.h, one after the other, on one array of floats. */
#include <stdint.h>

#include "nn4mc_columns.h"
#include "nn4mc_words.h"

typedef void call_t(const uint32_t job[], float data[], const void *unused, const void *unused_too);

#ifdef __arm__
/* In checked_call.S, which passes five words on as they are. */
uint32_t checked_call(call_t *call, const uint32_t job[], float data[], const void *unused, const void *unused_too);
uint32_t checked_columns(nn4mc_columns_kernel_t *kernel, const nn4mc_block_rows_t *rows, const float x[], float y[],
                         const nn4mc_walk_t *walk) __asm__("checked_call");
#else
static uint32_t checked_call(call_t *call, const uint32_t job[], float data[], const void *unused,
                             const void *unused_too)
{
    call(job, data, unused, unused_too);
    return 0;
}

static uint32_t checked_columns(nn4mc_columns_kernel_t *kernel, const nn4mc_block_rows_t *rows, const float x[],
                                float y[], const nn4mc_walk_t *walk)
{
    kernel(rows, x, y, walk);
    return 0;
}
#endif

static nn4mc_columns_kernel_t *const kernels[] = {
    nn4mc_columns_1, nn4mc_columns_2, nn4mc_columns_3, nn4mc_columns_4,
    nn4mc_columns_5, nn4mc_columns_6, nn4mc_columns_7, nn4mc_columns_8,
};

/* Words of a job: height, weights, blocks, block_step, first, from, columns, positions, x, x_step, y, y_step, value,
   rest, rest_step. */
uint32_t run_columns(const uint32_t jobs[], uint32_t count, float data[]);

uint32_t run_columns(const uint32_t jobs[], uint32_t count, float data[])
{
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t *const job = jobs + 15u * i;
        const nn4mc_block_rows_t rows = {kernels[job[0] - 1u], data + job[1], job[2], job[3], job[4]};
        const float *const rest = job[14] == 0u ? nn4mc_columns_zeros : data + job[13];
        const nn4mc_walk_t walk = {job[5], job[6], job[7], job[9], job[11], data + job[12], rest, job[14]};
        if (checked_columns(rows.kernel, &rows, data + job[8], data + job[10], &walk) != 0) {
            return i + 1u;
        }
    }
    return 0;
}

/* Words of a job: loop, a, b, c, y, n, count, x_step, y_step. */
static void call_words(const uint32_t job[], float data[], const void *unused, const void *unused_too)
{
    float *const y = data + job[4];
    (void)unused;
    (void)unused_too;
    switch (job[0]) {
    case 0:
        nn4mc_words_copy(data + job[1], y, job[5]);
        break;
    case 1:
        nn4mc_words_add(data + job[1], y, job[5]);
        break;
    case 2:
        nn4mc_words_subtract(data + job[1], y, job[5]);
        break;
    case 3:
        nn4mc_words_clear(y, job[5]);
        break;
    case 4:
        nn4mc_words_scale(data + job[1], data + job[2], job[7], y, job[5], job[6], job[8]);
        break;
    default:
        nn4mc_words_combine(data + job[1], data + job[2], data + job[3], job[6], y, job[5]);
        break;
    }
}

uint32_t run_words(const uint32_t jobs[], uint32_t count, float data[]);

uint32_t run_words(const uint32_t jobs[], uint32_t count, float data[])
{
    for (uint32_t i = 0; i < count; ++i) {
        if (checked_call(call_words, jobs + 9u * i, data, 0, 0) != 0) {
            return i + 1u;
        }
    }
    return 0;
}
