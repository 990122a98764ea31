#include "jobs.h"

static nn4mc_rows_kernel_t *const rows_kernels[] = {ROWS};
static nn4mc_sweep_kernel_t *const sweep_kernels[] = {SWEEPS};

#ifdef __arm__
/* In checked_call.S: to it both kinds of kernel are alike. */
uint32_t checked_call(void (*kernel)(void), const void *walk, const void *runs, uint32_t count, float y[]);

#define CALL(kernel, walk, runs, count, y) checked_call((void (*)(void))(kernel), walk, runs, count, y)
#else
#define CALL(kernel, walk, runs, count, y) ((kernel)(walk, runs, count, y), 0u)
#endif

static uint32_t run_rows(const job_t *job, const float data[], float y[])
{
    const nn4mc_rows_t rows = {data + job->weights, job->blocks};
    nn4mc_run_t runs[MOST_RUNS];
    for (uint32_t run = 0; run < job->run_count; ++run) {
        runs[run].x = data + job->runs[run][0];
        runs[run].columns = job->runs[run][1];
    }
    return CALL(rows_kernels[job->kernel], &rows, runs, job->run_count, y + job->y);
}

static uint32_t run_sweep(const job_t *job, const float data[], float y[])
{
    const nn4mc_sweep_t sweep = {data + job->weights, job->blocks, job->block_step, job->positions,
                                 job->x_step,         job->y_step, job->column_step};
    nn4mc_stretch_t stretches[MOST_RUNS];
    for (uint32_t run = 0; run < job->run_count; ++run) {
        stretches[run].x = data + job->runs[run][0];
        stretches[run].columns = job->runs[run][1];
        stretches[run].skip = job->runs[run][2];
    }
    return CALL(sweep_kernels[job->kernel - ROWS_COUNT], &sweep, stretches, job->run_count, y + job->y);
}

uint32_t run_jobs(const job_t jobs[], uint32_t count, const float data[], float y[])
{
    for (uint32_t i = 0; i < count; ++i) {
        const job_t *const job = jobs + i;
        if ((job->kernel < ROWS_COUNT ? run_rows(job, data, y) : run_sweep(job, data, y)) != 0) {
            return i + 1u;
        }
    }
    return 0;
}
