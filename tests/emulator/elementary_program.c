/* tanh, sigmoid and exp of every input word. */
#include "bench.h"
#include "nn4mc_elementary.h"

int main(void)
{
    static float answer[3 * 512];
    const float *const x = (const float *)(const void *)bench_input;
    const size_t count = bench_input_words();
    for (size_t at = 0; at < count; at += 512) {
        const size_t part = count - at < 512 ? count - at : 512;
        for (size_t i = 0; i < part; ++i) {
            answer[3 * i] = nn4mc_tanh(x[at + i]);
            answer[3 * i + 1] = nn4mc_sigmoid(x[at + i]);
            answer[3 * i + 2] = nn4mc_exp(x[at + i]);
        }
        bench_write(answer, 3 * part * sizeof(float));
    }
    return 0;
}
