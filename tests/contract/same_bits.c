/*
 * Runs each function of nn4mc_elementary.h and nn4mc_activations.h over every exponent and prints a hash of the bits it
 * made: the same program for this machine and, bare, for an emulated Cortex-M4, which prints by semihosting.
 */
#include <stddef.h>
#include <stdint.h>

#include "nn4mc_activations.h"
#include "nn4mc_bits.h"
#include "nn4mc_elementary.h"

#ifdef __arm__
int main(void);

static void say(const char *text)
{
    register int operation __asm("r0") = 4; /* SYS_WRITE0 */
    register const char *argument __asm("r1") = text;
    __asm volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
}

static void leave(void)
{
    register int operation __asm("r0") = 0x18; /* SYS_EXIT */
    register int argument __asm("r1") = 0x20026; /* ADP_Stopped_ApplicationExit */
    __asm volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
    }
}

/* Switches the floating-point unit on (CPACR) before any code that may use it. */
__attribute__((naked)) void reset(void)
{
    __asm volatile("ldr r0, =0xe000ed88\n ldr r1, [r0]\n orr r1, r1, #0xf00000\n str r1, [r0]\n dsb\n isb\n b main\n");
}

__attribute__((section(".vectors"), used)) void *const vectors[2] = {(void *)0x003f0000, (void *)reset};
#else
#include <stdio.h>

static void say(const char *text)
{
    fputs(text, stdout);
}

static void leave(void)
{
}
#endif

#define COUNT 2048
#define ROUNDS 64
#define QUIET_NAN 0x7fc00000u

typedef void (*function_t)(const float x[], float y[], size_t count);

static float x[COUNT];
static float y[COUNT];

/* Each round has eight of the 512 signs and exponents, with random mantissas. A NaN has the sign that Arm gives it. */
static void fill(uint32_t round, uint32_t *random)
{
    for (uint32_t i = 0; i < COUNT; ++i) {
        *random = *random * 1664525u + 1013904223u;
        const uint32_t word = (round * 8u + (i & 7u)) << 23 | *random >> 9;
        const uint32_t magnitude = word & ~NN4MC_SIGN_BIT;
        x[i] = nn4mc_float(magnitude > NN4MC_INFINITY_BITS ? magnitude : word);
    }
}

/* FNV-1a by word. The sign and payload of a NaN are the processor's own, so every NaN counts as one. */
static uint32_t hash(uint32_t so_far)
{
    for (uint32_t i = 0; i < COUNT; ++i) {
        const uint32_t bits = nn4mc_bits(y[i]);
        const uint32_t is_nan = (bits & ~NN4MC_SIGN_BIT) > NN4MC_INFINITY_BITS;
        so_far = (so_far ^ (is_nan ? QUIET_NAN : bits)) * 16777619u;
    }
    return so_far;
}

static void report(const char *name, function_t function)
{
    char text[10];
    uint32_t random = 1u;
    uint32_t made = 2166136261u;
    for (uint32_t round = 0; round < ROUNDS; ++round) {
        fill(round, &random);
        function(x, y, COUNT);
        made = hash(made);
    }
    for (uint32_t i = 0; i < 8; ++i) {
        text[i] = "0123456789abcdef"[made >> (28u - 4u * i) & 15u];
    }
    text[8] = '\n';
    text[9] = '\0';
    say(name);
    say(" ");
    say(text);
}

#define REPORT(name) report(#name, nn4mc_##name##_array)

int main(void)
{
    REPORT(tanh);
    REPORT(sigmoid);
    REPORT(exp);
    REPORT(log);
    REPORT(sqrt);
    REPORT(erf);
    REPORT(relu);
    REPORT(relu6);
    REPORT(silu);
    REPORT(softplus);
    REPORT(softsign);
    REPORT(mish);
    REPORT(selu);
    REPORT(neg);
    REPORT(abs);
    REPORT(reciprocal);
    REPORT(gelu);
    REPORT(gelu_tanh);
    REPORT(hard_swish);
    REPORT(hard_sigmoid6);
    leave();
    return 0;
}
