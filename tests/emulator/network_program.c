/* Runs a network over the input, (sequences, steps, in) words after a header of two; writes status and outputs. */
#include "bench.h"
#include "network_under_test.h"

int main(void)
{
    static NET(_t) network;
    const uint32_t sequences = bench_input[0];
    const uint32_t steps = bench_input[1];
    const uint32_t *words = bench_input + 2;
    for (uint32_t i = 0; i < sequences; ++i) {
        NET(_init)(&network);
        for (uint32_t step = 0; step < steps; ++step, words += NET_IN_LEN) {
            float in[NET_IN_LEN];
            float out[NET_OUT_LEN] = {0};
            for (size_t k = 0; k < NET_IN_LEN; ++k) {
                ((uint32_t *)(void *)in)[k] = words[k];
            }
            const int32_t status = NET(_run)(&network, in, out);
            bench_write(&status, sizeof status);
            bench_write(out, sizeof out);
        }
    }
    return words == bench_input_end ? 0 : 1;
}
