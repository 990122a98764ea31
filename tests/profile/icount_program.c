/* Runs a network over the input rows and writes how many instructions each step took, by QEMU's clock. */
#include "bench.h"
#include "network_under_test.h"

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)

static NET(_t) network;
static NET_IN_TYPE in[NET_IN_LEN];
static NET_OUT_TYPE out[NET_OUT_LEN];

/* Its call takes as many instructions as a network's, and it returns at once. */
__attribute__((noinline)) static int32_t nothing(NET(_t) *context, const NET_IN_TYPE *from, NET_OUT_TYPE *to)
{
    __asm volatile("" : : "r"(context), "r"(from), "r"(to) : "memory");
    return 0;
}

int main(void)
{
    const uint8_t *bytes = (const uint8_t *)bench_input;
    const uint32_t rows = bench_input[0];
    bytes += 4;
    SYST_RVR = 0xFFFFFFu;
    SYST_CVR = 0;
    SYST_CSR = 5u;
    NET(_init)(&network);
    for (uint32_t row = 0; row < rows; ++row, bytes += sizeof in) {
        for (size_t k = 0; k < sizeof in; ++k) {
            ((uint8_t *)in)[k] = bytes[k];
        }
        uint32_t ticks[3];
        ticks[0] = SYST_CVR;
        (void)nothing(&network, in, out);
        ticks[1] = SYST_CVR;
        (void)NET(_run)(&network, in, out);
        ticks[2] = SYST_CVR;
        bench_write(ticks, sizeof ticks);
    }
    return 0;
}
