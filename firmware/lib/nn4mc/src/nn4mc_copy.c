#include "nn4mc_copy.h"

NN4MC_KEEP_LOOP void nn4mc_copy(const float *NN4MC_RESTRICT from, float *NN4MC_RESTRICT to, size_t count)
{
#ifdef NN4MC_CORTEX_M4F
    /* Four words a round: half the time of one. */
    __asm__ volatile("    subs %[count], #4\n"
                     "    blo 2f\n"
                     "1:  vldmia %[from]!, {s0-s3}\n"
                     "    vstmia %[to]!, {s0-s3}\n"
                     "    subs %[count], #4\n"
                     "    bhs 1b\n"
                     "2:  adds %[count], #4\n"
                     "    beq 4f\n"
                     "3:  vldmia %[from]!, {s0}\n"
                     "    vstmia %[to]!, {s0}\n"
                     "    subs %[count], #1\n"
                     "    bne 3b\n"
                     "4:\n"
                     : [from] "+l"(from), [to] "+l"(to), [count] "+l"(count)
                     :
                     : "s0", "s1", "s2", "s3", "cc", "memory");
#else
    for (size_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
#endif
}

NN4MC_KEEP_LOOP void nn4mc_copy_int8(const int8_t *NN4MC_RESTRICT from, int8_t *NN4MC_RESTRICT to, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
}

NN4MC_KEEP_LOOP void nn4mc_zero(float to[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = 0.0f;
    }
}
