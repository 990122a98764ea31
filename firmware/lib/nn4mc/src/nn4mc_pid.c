#include "nn4mc_pid.h"

#include "nn4mc_observation.h"

static float within(float value, float limit)
{
    const float raised = value < -limit ? -limit : value;
    return raised > limit ? limit : raised;
}

/* start + sum of weights[i] x[i], added from left to right. */
static float row(float start, const float weights[], const float x[], size_t count)
{
    float sum = start;
    for (size_t i = 0; i < count; ++i) {
        sum += weights[i] * x[i];
    }
    return sum;
}

/* from - to within the limit, also where the difference overflows. */
static float difference(float from, float to, float limit)
{
    float result;
    nn4mc_clipped_difference(&from, &to, limit, &result, 1);
    return result;
}

void nn4mc_pid_reset(nn4mc_pid_loop_t loops[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        loops[i].error = 0.0f;
        loops[i].integral = 0.0f;
        loops[i].filtered = 0.0f;
    }
}

void nn4mc_pid_wish(const nn4mc_pid_config_t *config, const nn4mc_pid_settings_t *settings, nn4mc_pid_loop_t loops[],
                    const float measured[], const float wanted[], int fresh, float scratch[], float wish[])
{
    for (size_t i = 0; i < config->loops; ++i) {
        nn4mc_pid_loop_t *const loop = &loops[i];
        const float *const gains = settings->gains + 3 * i;
        const float limit = config->error_limit[i];
        const float weighted = difference(settings->derivative_weight * wanted[i], measured[i], limit);
        loop->error = difference(wanted[i], measured[i], limit);
        loop->filtered = fresh ? weighted : loop->filtered;
        const float rate = (weighted - loop->filtered) / (settings->filter + config->period);
        loop->filtered += config->period * rate;
        scratch[i] = gains[0] * loop->error + loop->integral + gains[2] * rate;
    }
    for (size_t j = 0; j < config->commands; ++j) {
        wish[j] = row(config->trim[j], config->allocation + j * config->loops, scratch, config->loops);
    }
}

/* Back-calculation: what limits took from the wish flows back into the integrals at the tracking rate. */
void nn4mc_pid_integrate(const nn4mc_pid_config_t *config, const nn4mc_pid_settings_t *settings,
                         nn4mc_pid_loop_t loops[], const float command[], float wish[])
{
    for (size_t j = 0; j < config->commands; ++j) {
        wish[j] = command[j] - wish[j];
    }
    for (size_t i = 0; i < config->loops; ++i) {
        const float held_back = row(0.0f, config->inverse + i * config->commands, wish, config->commands);
        const float growth = settings->gains[3 * i + 1] * loops[i].error + settings->tracking_rate * held_back;
        loops[i].integral = within(loops[i].integral + config->period * growth, config->integral_limit[i]);
    }
}
