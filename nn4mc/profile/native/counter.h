/* What nn4mc/profile/counting.py reads through ctypes: change both together. */
#ifndef COUNTER_H
#define COUNTER_H

#include <stddef.h>
#include <stdint.h>

/* Of Unicorn: uc_mem_read, uc_emu_stop. */
typedef int (*read_memory_t)(void *engine, uint64_t address, void *bytes, size_t size);
typedef int (*stop_t)(void *engine);

typedef struct block {
    uint32_t address;
    uint32_t size; /* bytes */
    uint32_t instructions;
    int32_t first_edge; /* the transition out of it that was used last; -1: none yet */
} block_t;

typedef struct edge {
    int32_t from; /* blocks; -1 is the caller of all */
    int32_t to;
    int32_t next; /* another one from the same block */
    uint64_t count;
} edge_t;

typedef struct counter {
    uint64_t executed; /* instructions */
    uint64_t limit;    /* stop beyond this many */
    block_t *blocks;
    edge_t *edges;
    int32_t block_count;
    int32_t edge_count;
    int32_t previous; /* the block that runs */
    int32_t entry_edge;
    int32_t block_capacity;
    int32_t edge_capacity;
    int32_t *table;
    read_memory_t read;
    stop_t stop;
} counter_t;

counter_t *counter_new(read_memory_t read, stop_t stop);
void counter_free(counter_t *counter);
void counter_on_block(void *engine, uint64_t address, uint32_t size, void *user);
void counter_on_conditional(void *engine, uint64_t address, uint32_t size, void *user); /* a uint64_t */
void counter_leave(counter_t *counter); /* back in the caller of all */

#endif
