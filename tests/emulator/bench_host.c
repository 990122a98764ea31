#include <stdio.h>

#include "bench.h"

void bench_write(const void *data, size_t bytes)
{
    (void)fwrite(data, 1, bytes, stdout);
}
