/* The core of the machine: runs it, puts it to sleep, interrupts it, and resets it. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

/* Where a handler returns to. The core itself puts 0xFFFFFFF9 or 0xFFFFFFE9 there; no handler looks at it. */
#define EXCEPTION_RETURN 0x0FFFF000u
#define VECTORS 0x08000000u
#define HARD_FAULT 3u
#define EXCEPTION_SYSTICK 15u
#define FRAME_WORDS 26u /* r0-r3, r12, lr, pc, xpsr, s0-s15, fpscr, and a gap: ARMv7-M ARM B1.5.6 */
#define STACK_ALIGNED (1u << 9)
#define IN_IT_BLOCK 0x0600FC00u
#define ENTRY_CYCLES 12u /* manual, section 2.3.3; the exit as much */
#define EXIT_CYCLES 12u

/* Order of machine_t.registers: the frame's core registers and the stack pointer, then its FPU registers. */
enum frame_register { R0, R1, R2, R3, R12, LR, PC, XPSR, SP, D0, FPSCR = D0 + FRAME_FLOATS, PRIMASK };
enum { FLOATS_AT = 4 * FRAME_CORE, FPSCR_AT = FLOATS_AT + 8 * FRAME_FLOATS };

machine_t *machine_new(void *engine, counter_t *counter, const engine_calls_t *calls, const int *registers, uint8_t *ram)
{
    machine_t *machine = calloc(1, sizeof *machine);
    if (machine != NULL) {
        machine->engine = engine;
        machine->counter = counter;
        machine->calls = *calls;
        machine->ram = ram;
        memcpy(machine->registers, registers, sizeof machine->registers);
    }
    return machine;
}

void machine_free(machine_t *machine)
{
    free(machine);
}

void machine_time_line(machine_t *machine, uint32_t timed)
{
    machine->usart.timed = timed;
}

uint64_t machine_now(const machine_t *machine)
{
    return machine->counter->cycles + machine->slept;
}

uint64_t machine_between(const machine_t *machine)
{
    return machine->between;
}

static uint32_t get(machine_t *machine, enum frame_register which)
{
    uint32_t value = 0;
    void *values[1] = {&value};
    machine->calls.read_registers(machine->engine, &machine->registers[which], values, 1);
    return value;
}

static void set(machine_t *machine, enum frame_register which, uint32_t value)
{
    void *const values[1] = {&value};
    machine->calls.write_registers(machine->engine, &machine->registers[which], values, 1);
}

static uint32_t vector(machine_t *machine, uint32_t exception)
{
    uint32_t address = 0;
    machine->calls.read(machine->engine, VECTORS + 4u * exception, &address, sizeof address);
    return address;
}

void machine_reset(machine_t *machine, uint32_t cause)
{
    devices_reset(machine, cause);
    machine->active = machine->sleeping = machine->reset_wanted = machine->attention = 0;
    counter_leave(machine->counter);
    set(machine, SP, vector(machine, 0));
    set(machine, PRIMASK, 0);
    set(machine, PC, vector(machine, 1));
}

/* Memory of a frame at an address; a frame outside of RAM, which a core would fault over, goes nowhere. */
static uint8_t *frame_memory(machine_t *machine, uint32_t at)
{
    static uint8_t nowhere[4 * FRAME_WORDS];
    const int inside = at >= RAM_AT && at <= RAM_AT + RAM_SIZE - 4u * FRAME_WORDS;
    return inside ? machine->ram + (at - RAM_AT) : nowhere;
}

static void move_floats(machine_t *machine, int out)
{
    uint8_t *frame = frame_memory(machine, machine->frame_at);
    uint64_t floats[FRAME_FLOATS + 1];
    void *values[FRAME_FLOATS + 1];
    for (unsigned i = 0; i <= FRAME_FLOATS; ++i) {
        values[i] = &floats[i];
    }
    if (out) {
        machine->calls.read_registers(machine->engine, &machine->registers[D0], values, FRAME_FLOATS + 1);
        memcpy(frame + FLOATS_AT, floats, 8u * FRAME_FLOATS + 4u);
    } else {
        memcpy(floats, frame + FLOATS_AT, 8u * FRAME_FLOATS + 4u);
        machine->calls.write_registers(machine->engine, &machine->registers[D0], values, FRAME_FLOATS + 1);
    }
    machine->saved = (uint32_t)out;
}

/*
 * Always with room for the FPU's registers, as in a core that has used them: the firmware's main loop does. They are
 * put there when the handler is about to touch the FPU (lazy stacking: ARMv7-M ARM B1.5.7).
 */
static void enter(machine_t *machine, uint32_t exception)
{
    uint32_t core[SP + 1];
    void *values[SP + 1];
    for (unsigned i = 0; i <= SP; ++i) {
        values[i] = &core[i];
    }
    machine->calls.read_registers(machine->engine, machine->registers, values, SP + 1);
    core[XPSR] |= (core[SP] & 4u) != 0 ? STACK_ALIGNED : 0u;
    machine->frame_at = (core[SP] & ~7u) - 4u * FRAME_WORDS;
    memcpy(frame_memory(machine, machine->frame_at), core, 4u * FRAME_CORE);
    core[SP] = machine->frame_at;
    core[LR] = EXCEPTION_RETURN | 1u;
    core[PC] = vector(machine, exception) | 1u;
    core[XPSR] &= ~(STACK_ALIGNED | IN_IT_BLOCK);
    machine->calls.write_registers(machine->engine, machine->registers, values, SP + 1);
    machine->saved = 0;
    machine->interrupted = machine->counter->previous;
    machine->counter->previous = -1;
    machine->active = exception;
    machine->slept += ENTRY_CYCLES;
    if (exception == EXCEPTION_SYSTICK) {
        machine->systick_pending = 0;
        machine->attention = devices_pending(machine);
    }
}

static void leave(machine_t *machine)
{
    uint32_t core[SP + 1];
    void *values[SP + 1];
    for (unsigned i = 0; i <= SP; ++i) {
        values[i] = &core[i];
    }
    if (machine->saved != 0) {
        move_floats(machine, 0);
    }
    memcpy(core, frame_memory(machine, machine->frame_at), 4u * FRAME_CORE);
    core[SP] = machine->frame_at + 4u * FRAME_WORDS + ((core[XPSR] & STACK_ALIGNED) != 0 ? 4u : 0u);
    core[XPSR] &= ~STACK_ALIGNED;
    core[PC] |= 1u;
    machine->calls.write_registers(machine->engine, machine->registers, values, SP + 1);
    counter_leave(machine->counter);
    machine->counter->previous = machine->interrupted;
    machine->active = 0;
    machine->slept += EXIT_CYCLES;
}

/* Whether the interrupt that waits may be taken here and now. */
static int may_interrupt(machine_t *machine)
{
    return machine->active == 0 && get(machine, PRIMASK) == 0 && (get(machine, XPSR) & IN_IT_BLOCK) == 0;
}

void machine_on_block(void *engine, uint64_t address, uint32_t size, void *user)
{
    machine_t *machine = user;
    if (machine_now(machine) >= machine->deadline || (machine->attention != 0 && may_interrupt(machine))) {
        machine->calls.stop(engine);
        return;
    }
    counter_enter(machine->counter, engine, (uint32_t)address, size);
    if (machine->active != 0 && machine->saved == 0 && machine->counter->blocks[machine->counter->previous].floats) {
        move_floats(machine, 1);
    }
}

/* Sleep until a device has something to say, at most until a time. Returns 0 when none ever will. */
static int sleep(machine_t *machine, uint64_t until)
{
    const uint64_t next = devices_next(machine);
    const uint64_t wake = next < until ? next : until;
    if (wake == UINT64_MAX) {
        return 0;
    }
    if (wake > machine_now(machine)) {
        machine->slept += wake - machine_now(machine);
    }
    return 1;
}

/* Execute until something is due. Returns 0 when the core can go no further. */
static int execute(machine_t *machine, uint64_t until)
{
    const uint64_t next = devices_next(machine);
    const uint64_t before = machine->counter->executed;
    machine->deadline = next < until ? next : until;
    const int fault = machine->calls.start(machine->engine, get(machine, PC) | 1u, 0, 0, 0);
    if (fault != 0) {
        if (machine->active == HARD_FAULT) {
            return 0;
        }
        enter(machine, HARD_FAULT);
        return 1;
    }
    const uint32_t pc = get(machine, PC);
    if (pc == EXCEPTION_RETURN && machine->active != 0) {
        leave(machine);
    } else if (machine->counter->executed != before) {
        const block_t *block = &machine->counter->blocks[machine->counter->previous];
        machine->sleeping = block->waits != 0 && pc == block->address + block->size;
    }
    return 1;
}

static int has_answered(const machine_t *machine)
{
    return machine->sleeping != 0 && line_length(&machine->usart.out) != 0 && machine->usart.sent == 0;
}

uint32_t machine_run(machine_t *machine, uint64_t until)
{
    for (;;) {
        devices_advance(machine);
        if (machine->reset_wanted != 0) {
            machine_reset(machine, RESET_SOFTWARE);
        }
        if (machine->attention != 0) {
            machine->sleeping = 0;
            if (may_interrupt(machine)) {
                enter(machine, machine->attention);
            }
        }
        if (has_answered(machine)) {
            return MACHINE_ANSWERED;
        }
        if (machine_now(machine) >= until) {
            return MACHINE_RUNS;
        }
        if (machine->sleeping != 0) {
            if (!sleep(machine, until)) {
                return MACHINE_ENDLESS;
            }
        } else if (!execute(machine, until)) {
            return MACHINE_LOCKED_UP;
        }
    }
}
