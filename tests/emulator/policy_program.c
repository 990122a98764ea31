/* Steps the policy controller over rows of sensors and reference; writes status, mode and command bits. */
#include "bench.h"
#include "controller.h"

enum { ROW = CONTROLLER_SENSOR_LEN + CONTROLLER_REFERENCE_LEN };

typedef struct answer {
    int32_t status;
    int32_t mode;
    float command[CONTROLLER_COMMAND_LEN];
} answer_t;

int main(void)
{
    static controller_state_t state;
    const float *const rows = (const float *)(const void *)bench_input;
    const size_t steps = bench_input_words() / ROW;
    controller.init(&state);
    for (size_t step = 0; step < steps; ++step) {
        answer_t answer;
        const float *const row = rows + step * ROW;
        answer.status = controller.step(&state, row, row + CONTROLLER_SENSOR_LEN, answer.command);
        answer.mode = controller.mode(&state);
        bench_write(&answer, sizeof answer);
    }
    return 0;
}
