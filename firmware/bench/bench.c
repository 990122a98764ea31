/* The table of kernels, the words they work on, and what BENCH answers. */
#include "bench.h"

#include "bench_kernels.h"
#include "nn4mc_elementary.h"

#define ROUNDS 5

static float weights_in_ram[BENCH_WEIGHTS];
/* Start-up does not touch this memory: not every emulator has it. */
__attribute__((section(".ccm_noinit"))) static float weights_in_ccm[BENCH_WEIGHTS];
static float x[BENCH_ROWS];
static float y[BENCH_ROWS];

static const nn4mc_run_t run = {x, BENCH_COLUMNS};
static const nn4mc_rows_t flash_16 = {bench_flash, BENCH_ROWS / 16u}, flash_8 = {bench_flash, BENCH_ROWS / 8u};
static const nn4mc_rows_t ram_16 = {weights_in_ram, BENCH_ROWS / 16u}, ram_8 = {weights_in_ram, BENCH_ROWS / 8u};
static const nn4mc_rows_t ccm_16 = {weights_in_ccm, BENCH_ROWS / 16u}, ccm_8 = {weights_in_ccm, BENCH_ROWS / 8u};

/* A word of r0 to r3 that is no address. */
#define NUMBER(value) ((const void *)(uintptr_t)(value))
#define FUNCTION(name) ((void (*)(void))(name))
#define PRODUCT(kernel, memory, height, name)                                                                         \
    {                                                                                                                 \
        name, FUNCTION(bench_##kernel##_##height), {&memory##_##height, &run, NUMBER(1u), y}, BENCH_ROWS *BENCH_COLUMNS \
    }
#define PRODUCTS(memory)                                                                                              \
    PRODUCT(mul_add, memory, 16, "16 rows, mul-add, " #memory), PRODUCT(fma, memory, 16, "16 rows, fma, " #memory),   \
        PRODUCT(mul_add, memory, 8, "8 rows, mul-add, " #memory), PRODUCT(fma, memory, 8, "8 rows, fma, " #memory)
#define CHAIN(kernel, name) {name, bench_##kernel, {weights_in_ram, NULL, NULL, NULL}, BENCH_REPEATED}
#define ARRAY(kernel) {#kernel, FUNCTION(nn4mc_##kernel##_array), {x, y, NUMBER(BENCH_ROWS), NULL}, BENCH_ROWS}

const bench_case_t bench_cases[] = {
    PRODUCTS(flash),
    PRODUCTS(ram),
    PRODUCTS(ccm),
    CHAIN(vadd, "VADD"),
    CHAIN(vadd_chained, "VADD on the sum before"),
    CHAIN(vmul, "VMUL"),
    CHAIN(vmul_vadd, "VMUL and VADD"),
    CHAIN(vfma, "VFMA"),
    CHAIN(vfma_chained, "VFMA on the sum before"),
    CHAIN(vdiv, "VDIV"),
    CHAIN(vdiv_hidden, "VDIV and 4 ADDS"),
    CHAIN(vldm_16, "VLDM of 16 words"),
    CHAIN(vmov, "VMOV from the core"),
    CHAIN(branch, "branch taken"),
    ARRAY(tanh),
    ARRAY(sigmoid),
    ARRAY(relu),
    {NULL, NULL, {NULL, NULL, NULL, NULL}, 0},
};

#define COUNT (sizeof bench_cases / sizeof bench_cases[0] - 1u)

static const bench_case_t empty = {"empty", bench_empty, {NULL, NULL, NULL, NULL}, 0};

void bench_prepare(void)
{
    for (unsigned i = 0; i < BENCH_ROWS; i++) {
        x[i] = (float)((i * 29u) % BENCH_ROWS) * (1.0f / 6.0f) - 4.0f;
        y[i] = 0.0f;
    }
    for (unsigned i = 0; i < BENCH_WEIGHTS; i++) {
        weights_in_ram[i] = bench_flash[i];
        weights_in_ccm[i] = bench_flash[i];
    }
}

/* FNV-1a over the output's words: it knows which word differs, and 0 says that there are none. */
static uint32_t digest(void)
{
    uint32_t hash = 2166136261u;
    uint32_t any = 0;
    for (unsigned i = 0; i < BENCH_ROWS; i++) {
        const union {
            float value;
            uint32_t bits;
        } word = {y[i]};
        any |= word.bits;
        hash = (hash ^ word.bits) * 16777619u;
    }
    return any == 0 ? 0u : hash;
}

/* The fewest of some rounds, since the first may find the flash's cache cold. */
static uint32_t fewest(const bench_case_t *one, uint32_t *first)
{
    uint32_t least = *first = bench_time(one);
    for (unsigned round = 1; round < ROUNDS; round++) {
        const uint32_t cycles = bench_time(one);
        least = cycles < least ? cycles : least;
    }
    return least;
}

bool bench_run(uint8_t index, hil_bench_t *result)
{
    if (index >= COUNT) {
        return false;
    }
    const bench_case_t *one = &bench_cases[index];
    uint32_t cold = 0;
    bench_prepare();
    const uint32_t around = fewest(&empty, &cold);
    result->name = one->name;
    result->count = (uint8_t)COUNT;
    result->operations = one->operations;
    result->cycles = fewest(one, &result->first_cycles) - around;
    result->first_cycles -= around;
    result->digest = digest();
    return true;
}
