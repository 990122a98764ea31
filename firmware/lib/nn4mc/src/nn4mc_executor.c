#include "nn4mc_executor.h"

/* Longer times count as this, nine minutes, which no sum of three overflows. */
#define LONGEST_US 0x1FFFFFFFu

static uint32_t plus(uint32_t a, uint32_t b)
{
    const uint32_t sum = a + b;
    return sum < LONGEST_US ? sum : LONGEST_US;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void nn4mc_executor_reset(nn4mc_executor_t *executor)
{
    executor->time_us = 0u;
    executor->interval_us = LONGEST_US;
    executor->phase_us = 0;
    executor->idle_us = 0u;
    executor->reference_stamp = 0u;
    executor->reference_us = 0u;
    executor->calls = 0u;
    executor->mean_of = 0u;
    executor->called = 0u;
    executor->evaluated = 0u;
    executor->due = 0u;
    executor->tick = 0u;
    executor->regular = 0u;
    executor->all_calls = 0u;
    executor->native_steps = 0u;
    executor->missed = 0u;
    executor->restarts = 0u;
    executor->steps_back = 0u;
}

/*
 * The time since the last call. A clock that was set back, by no more than a gap, says nothing about it: the calls
 * went on, so it is taken to be the interval before. By more than that, the calls may have stopped for long.
 */
static uint32_t elapsed(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings, uint32_t time_us)
{
    const uint32_t forward = time_us - executor->time_us;
    if (forward < 0x80000000u) {
        return smaller(forward, LONGEST_US);
    }
    executor->steps_back += 1u;
    executor->regular = 0u;
    if (settings->gap_us != 0u && 0u - forward > settings->gap_us) {
        return plus(settings->gap_us, 1u);
    }
    return smaller(executor->interval_us, settings->period_us);
}

/*
 * The grid of due times goes on through gaps: a native step that comes nearer to a later one stands for that. Without
 * one the period begins anew at each.
 */
static int tick_by_time(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings, uint32_t interval_us)
{
    /* A period of 0, which no setting by name can be, is one of 1: it divides below. */
    const int32_t period = (int32_t)smaller(settings->period_us + (settings->period_us == 0u), LONGEST_US);
    const uint32_t usual_us = smaller(interval_us, executor->interval_us);
    const int on_grid = settings->keep_phase != 0u;
    /* The nearest call makes the step, not the first one behind: the next would be half an interval farther off. */
    const int32_t early = on_grid ? (int32_t)(usual_us / 2u) : 0;
    const int32_t near = on_grid ? period / 2 : 0;
    int32_t phase = executor->phase_us + (int32_t)interval_us;
    int tick = 0;
    if (phase + early >= period) {
        tick = 1;
        phase -= period;
        if (phase > near) {
            const int32_t missed = (phase + near) / period;
            executor->missed += (uint32_t)missed;
            phase -= missed * period;
        }
        phase = on_grid ? phase : 0;
    } else if (executor->calls + 1u >= NN4MC_EXECUTOR_MOST_CALLS) {
        tick = 1;
        phase = 0;
    }
    executor->phase_us = phase;
    return tick;
}

static int tick_by_count(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings)
{
    executor->phase_us = 0;
    return executor->calls + 1u >= settings->native_every;
}

static void take_reference(nn4mc_executor_t *executor, uint32_t stamp, uint32_t interval_us)
{
    const int same = executor->called != 0u && stamp == executor->reference_stamp;
    executor->reference_us = same ? plus(executor->reference_us, interval_us) : 0u;
    executor->reference_stamp = stamp;
}

static void start_afresh(nn4mc_executor_t *executor)
{
    executor->evaluated = 0u;
    executor->idle_us = 0u;
    executor->phase_us = 0;
    executor->mean_of = 0u;
    executor->due = 1u;
    executor->tick = 1u;
    executor->calls = 0u;
}

static void go_on(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings, uint32_t interval_us)
{
    const int tick = settings->native_every != 0u ? tick_by_count(executor, settings)
                                                  : tick_by_time(executor, settings, interval_us);
    executor->tick = (uint32_t)tick;
    executor->due |= executor->tick;
    executor->calls = tick ? 0u : executor->calls + 1u;
}

nn4mc_turn_t nn4mc_executor_begin(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings,
                                  uint32_t time_us, uint32_t reference_stamp)
{
    executor->regular = 1u;
    const uint32_t interval_us = executor->called != 0u ? elapsed(executor, settings, time_us) : 0u;
    take_reference(executor, reference_stamp, interval_us);
    executor->all_calls += 1u;
    executor->idle_us = plus(executor->idle_us, interval_us);
    const int first = executor->called == 0u;
    executor->called = 1u;
    executor->time_us = time_us;
    const int gap = executor->evaluated != 0u && settings->gap_us != 0u && executor->idle_us > settings->gap_us;
    if (first || gap) {
        executor->restarts += gap ? 1u : 0u;
        executor->regular = 0u;
        start_afresh(executor);
        return NN4MC_AFRESH;
    }
    go_on(executor, settings, interval_us);
    if (executor->regular != 0u) {
        executor->interval_us = interval_us;
    }
    return executor->due != 0u ? NN4MC_NATIVE : NN4MC_INTERMEDIATE;
}

void nn4mc_executor_mean(nn4mc_executor_t *executor, const float previous[], float mean[], size_t count)
{
    const float weight = (float)executor->mean_of;
    const float all = weight + 1.0f;
    for (size_t i = 0; i < count; ++i) {
        mean[i] = executor->mean_of != 0u ? (mean[i] * weight + previous[i]) / all : previous[i];
    }
    executor->mean_of += 1u;
}

void nn4mc_executor_advanced(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings)
{
    executor->mean_of = 0u;
    executor->due = 0u;
    executor->evaluated = 1u;
    executor->idle_us = 0u;
    executor->native_steps += 1u;
    /* A step that had to wait for good sensors: the next is not due right behind it. */
    if (settings->keep_phase == 0u || executor->phase_us > (int32_t)(smaller(settings->period_us, LONGEST_US) / 2u)) {
        executor->phase_us = 0;
    }
}

nn4mc_age_t nn4mc_executor_reference(const nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings)
{
    if (settings->reference_lost_us != 0u && executor->reference_us > settings->reference_lost_us) {
        return NN4MC_LOST;
    }
    return settings->reference_limit_us != 0u && executor->reference_us > settings->reference_limit_us ? NN4MC_STALE
                                                                                                       : NN4MC_FRESH;
}

float nn4mc_executor_share(const nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings)
{
    const uint32_t interval = executor->interval_us;
    return interval < settings->period_us ? (float)interval / (float)settings->period_us : 1.0f;
}

void nn4mc_executor_measure(const nn4mc_executor_t *executor, nn4mc_intervals_t *intervals)
{
    if (executor->regular != 0u) {
        nn4mc_intervals_add(intervals, executor->interval_us);
    }
}

void nn4mc_executor_timing(const nn4mc_executor_t *executor, const nn4mc_intervals_t *intervals, nn4mc_timing_t *timing)
{
    timing->calls = executor->all_calls;
    timing->native_steps = executor->native_steps;
    timing->missed = executor->missed;
    timing->restarts = executor->restarts;
    timing->steps_back = executor->steps_back;
    timing->mean_us = nn4mc_intervals_mean(intervals);
    timing->variance_us2 = nn4mc_intervals_variance(intervals);
    timing->shortest_us = intervals->closed.shortest;
    timing->longest_us = intervals->closed.longest;
}
