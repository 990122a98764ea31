/* What nn4mc/profile/counting.py reads through ctypes: change both together. */
#ifndef COUNTER_H
#define COUNTER_H

#include <stddef.h>
#include <stdint.h>

/* Of Unicorn: uc_mem_read, uc_emu_stop. */
typedef int (*read_memory_t)(void *engine, uint64_t address, void *bytes, size_t size);
typedef int (*stop_t)(void *engine);

/* Of the cycle model, called once a block and once a transition; a block is its address and bytes, 0 the caller. */
typedef int32_t (*price_block_t)(uint32_t address, uint32_t size);
typedef int32_t (*price_edge_t)(uint32_t from, uint32_t from_size, uint32_t to, uint32_t to_size);

typedef struct block {
    uint32_t address;
    uint32_t size; /* bytes */
    uint32_t instructions;
    int32_t first_edge; /* the transition out of it that was used last; -1: none yet */
    int32_t cycles;     /* without those of conditional instructions that are counted one by one */
    uint32_t waits;     /* it ends in a WFI */
    uint32_t floats;    /* it touches the FPU */
} block_t;

typedef struct edge {
    int32_t from; /* blocks; -1 is the caller of all */
    int32_t to;
    int32_t next; /* another one from the same block */
    int32_t cycles;
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
    price_block_t price_block; /* NULL: cycles are not told while it runs */
    price_edge_t price_edge;
    uint64_t cycles;
} counter_t;

typedef struct conditional {
    uint64_t done;
    uint64_t cycles; /* that doing it costs beside the one of not doing it */
    counter_t *counter;
} conditional_t;

counter_t *counter_new(read_memory_t read, stop_t stop);
void counter_free(counter_t *counter);
void counter_on_block(void *engine, uint64_t address, uint32_t size, void *user);
void counter_on_conditional(void *engine, uint64_t address, uint32_t size, void *user); /* a conditional_t */
void counter_enter(counter_t *counter, void *engine, uint32_t address, uint32_t size);
void counter_price(counter_t *counter, price_block_t price_block, price_edge_t price_edge);
void counter_leave(counter_t *counter); /* back in the caller of all */

#endif
