#include "nn4mc_guard.h"

#include "nn4mc_bits.h"

static NN4MC_INLINE float toward(float from, float to, float rate)
{
    return nn4mc_between(to, from - rate, from + rate);
}

void nn4mc_guard_reset(nn4mc_guard_t *guard, const nn4mc_guard_limits_t *limits, float start, float last[])
{
    const float *const minimum = limits->minimum;
    const float *const maximum = limits->maximum;
    const size_t count = limits->count;
    guard->bad_steps = 0u;
    guard->mode = NN4MC_TRACKING;
    for (size_t i = 0; i < count; ++i) {
        last[i] = nn4mc_between(start, minimum[i], maximum[i]);
    }
}

/* The limits come after the rate: rounding in last +- rate must not push the command over them. */
void nn4mc_guard_accept(nn4mc_guard_t *guard, const nn4mc_guard_limits_t *limits, float rate, const float wished[],
                        float last[])
{
    const float *const minimum = limits->minimum;
    const float *const maximum = limits->maximum;
    const size_t count = limits->count;
    guard->bad_steps = 0u;
    guard->mode = NN4MC_TRACKING;
    for (size_t i = 0; i < count; ++i) {
        last[i] = nn4mc_between(toward(last[i], wished[i], rate), minimum[i], maximum[i]);
    }
}

void nn4mc_guard_refuse(nn4mc_guard_t *guard, const nn4mc_guard_limits_t *limits,
                        const nn4mc_guard_settings_t *settings, float last[])
{
    const float *const safe = limits->safe;
    const size_t count = limits->count;
    const float rate = settings->safe_rate;
    guard->bad_steps += guard->bad_steps < UINT32_MAX ? 1u : 0u;
    if ((float)guard->bad_steps <= settings->hold_steps) {
        guard->mode = NN4MC_HOLDING;
        return;
    }
    guard->mode = NN4MC_SAFE;
    for (size_t i = 0; i < count; ++i) {
        last[i] = toward(last[i], safe[i], rate);
    }
}
