/* Calls of kernels as a table, so that one call into an emulated core runs thousands. All places are in floats. */
#ifndef JOBS_H
#define JOBS_H

#include <stdint.h>

#include "kernels_under_test.h"
#include "nn4mc_rows.h"
#include "nn4mc_sweep.h"

#define MOST_RUNS 5

/* The order of these words is that of JOB in jobs.py. */
typedef struct job {
    uint32_t kernel;
    uint32_t weights;
    uint32_t blocks;
    uint32_t block_step;
    uint32_t positions;
    uint32_t x_step;
    uint32_t y_step;
    uint32_t column_step;
    uint32_t y;
    uint32_t run_count;
    uint32_t runs[MOST_RUNS][3]; /* x, columns, skip */
} job_t;

/* Runs all jobs; returns 0, or 1 + the number of the first job that did not give back what belongs to its caller. */
uint32_t run_jobs(const job_t jobs[], uint32_t count, const float data[], float y[]);

#endif
