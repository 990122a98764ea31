/* A program under test reads its input from memory and writes its answer; the same on a laptop and on QEMU. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

/* The input file, linked into the program. */
extern const uint32_t bench_input[];
extern const uint32_t bench_input_end[];

void bench_write(const void *data, size_t bytes);

static inline size_t bench_input_words(void)
{
    return (size_t)((uintptr_t)bench_input_end - (uintptr_t)bench_input) / sizeof(uint32_t);
}

#endif
