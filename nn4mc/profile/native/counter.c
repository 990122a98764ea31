/*
 * Counts what an emulated core executes: how often each block of code was entered from which other one. It is called
 * by Unicorn at every block, so it does no more than find one counter and add one to it.
 */
#include "counter.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_SIZE 65536u /* a power of two, well above the number of blocks of any firmware */
#define ENTRY (-1)

static uint32_t slot_of(uint32_t address)
{
    return ((address >> 1) * 2654435761u) >> 16;
}

counter_t *counter_new(read_memory_t read, stop_t stop)
{
    counter_t *counter = calloc(1, sizeof *counter);
    if (counter == NULL) {
        return NULL;
    }
    counter->table = malloc(TABLE_SIZE * sizeof *counter->table);
    counter->read = read;
    counter->stop = stop;
    if (counter->table == NULL) {
        free(counter);
        return NULL;
    }
    memset(counter->table, 0xFF, TABLE_SIZE * sizeof *counter->table);
    counter->previous = ENTRY;
    counter->entry_edge = -1;
    return counter;
}

void counter_free(counter_t *counter)
{
    free(counter->table);
    free(counter->blocks);
    free(counter->edges);
    free(counter);
}

/* Makes room for one more; out of memory ends the process, there is nothing to be counted then. */
static void *grow(void *items, int32_t count, int32_t *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity == 0 ? 1024 : 2 * *capacity;
    void *grown = realloc(items, (size_t)*capacity * size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

/*
 * A halfword whose top five bits are 11101, 11110 or 11111 begins a 32-bit instruction; with 11x01100 to 11x01110 on
 * top, one of a coprocessor, and the FPU is the only one there is. 0xBF30 is WFI.
 */
static void look_at(counter_t *counter, void *engine, block_t *block)
{
    uint32_t at = 0;
    uint8_t half[2] = {0, 0};
    block->instructions = 0;
    block->floats = 0;
    while (at < block->size) {
        counter->read(engine, block->address + at, half, sizeof half);
        block->floats |= (half[1] & 0xECu) == 0xECu && (half[1] & 3u) != 3u;
        at += (half[1] >> 3) >= 0x1Du ? 4u : 2u;
        block->instructions++;
    }
    block->waits = half[0] == 0x30u && half[1] == 0xBFu;
}

static int32_t find_block(counter_t *counter, void *engine, uint32_t address, uint32_t size)
{
    uint32_t slot = slot_of(address);
    for (; counter->table[slot] >= 0; slot = (slot + 1u) % TABLE_SIZE) {
        const block_t *block = &counter->blocks[counter->table[slot]];
        if (block->address == address && block->size == size) {
            return counter->table[slot];
        }
    }
    counter->blocks = grow(counter->blocks, counter->block_count, &counter->block_capacity, sizeof *counter->blocks);
    block_t *made = &counter->blocks[counter->block_count];
    made->address = address;
    made->size = size;
    made->first_edge = -1;
    look_at(counter, engine, made);
    made->cycles = counter->price_block != NULL ? counter->price_block(address, size) : 0;
    counter->table[slot] = counter->block_count;
    return counter->block_count++;
}

static int32_t edge_cycles(const counter_t *counter, int32_t from, int32_t to)
{
    static const block_t nobody = {0, 0, 0, 0, 0, 0, 0};
    const block_t *before = from >= 0 ? &counter->blocks[from] : &nobody;
    const block_t *then = to >= 0 ? &counter->blocks[to] : &nobody;
    if (counter->price_edge == NULL || from < 0) {
        return 0;
    }
    return counter->price_edge(before->address, before->size, then->address, then->size);
}

/* The transition to `to` in the list that starts at `*first`; a found one moves to the front. */
static edge_t *find_edge(counter_t *counter, int32_t *first, int32_t from, int32_t to)
{
    int32_t before = -1;
    for (int32_t at = *first; at >= 0; before = at, at = counter->edges[at].next) {
        edge_t *edge = &counter->edges[at];
        if (edge->to == to) {
            if (before >= 0) {
                counter->edges[before].next = edge->next;
                edge->next = *first;
                *first = at;
            }
            return edge;
        }
    }
    counter->edges = grow(counter->edges, counter->edge_count, &counter->edge_capacity, sizeof *counter->edges);
    edge_t *made = &counter->edges[counter->edge_count];
    made->from = from;
    made->to = to;
    made->count = 0;
    made->cycles = edge_cycles(counter, from, to);
    made->next = *first;
    *first = counter->edge_count++;
    return made;
}

static void count_edge(counter_t *counter, int32_t to)
{
    const int32_t from = counter->previous;
    int32_t *first = from >= 0 ? &counter->blocks[from].first_edge : &counter->entry_edge;
    edge_t *edge = find_edge(counter, first, from, to);
    edge->count++;
    counter->cycles += (uint64_t)(int64_t)edge->cycles;
}

void counter_enter(counter_t *counter, void *engine, uint32_t address, uint32_t size)
{
    const int32_t block = find_block(counter, engine, address, size);
    count_edge(counter, block);
    counter->previous = block;
    counter->executed += counter->blocks[block].instructions;
    counter->cycles += (uint64_t)(int64_t)counter->blocks[block].cycles;
}

/* Stopping takes effect before the block: it is not executed, and not counted. */
void counter_on_block(void *engine, uint64_t address, uint32_t size, void *user)
{
    counter_t *counter = user;
    if (counter->executed >= counter->limit) {
        counter->stop(engine);
        return;
    }
    counter_enter(counter, engine, (uint32_t)address, size);
}

void counter_price(counter_t *counter, price_block_t price_block, price_edge_t price_edge)
{
    counter->price_block = price_block;
    counter->price_edge = price_edge;
}

void counter_leave(counter_t *counter)
{
    if (counter->previous >= 0) {
        count_edge(counter, ENTRY);
    }
    counter->previous = ENTRY;
}

/* Called where an instruction of an IT block is executed, and not where its condition fails. */
void counter_on_conditional(void *engine, uint64_t address, uint32_t size, void *user)
{
    conditional_t *one = user;
    (void)engine;
    (void)address;
    (void)size;
    one->done++;
    if (one->counter != NULL) {
        one->counter->cycles += one->cycles;
    }
}
