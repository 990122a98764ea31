/*
 * The four functions a freestanding compiler may call on its own. They are written as loops that the compiler
 * must not recognise, or each would call itself.
 */
#include <stddef.h>
#include <stdint.h>

#define PLAIN __attribute__((optimize("no-tree-loop-distribute-patterns")))

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *left, const void *right, size_t length);

PLAIN void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    for (size_t i = 0; i < length; i++) {
        out[i] = in[i];
    }
    return to;
}

PLAIN void *memmove(void *to, const void *from, size_t length)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if ((uintptr_t)out <= (uintptr_t)in) {
        return memcpy(to, from, length); /* ours goes upwards */
    }
    for (size_t i = length; i > 0; i--) {
        out[i - 1u] = in[i - 1u];
    }
    return to;
}

PLAIN void *memset(void *to, int byte, size_t length)
{
    uint8_t *out = to;
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)byte;
    }
    return to;
}

PLAIN int memcmp(const void *left, const void *right, size_t length)
{
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}
