/* The smallest unit-test harness that runs on a bare core: a line a case, and an exit that ends the emulator. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

/* Prints `PASS:name` or `FAIL:name: text`, as test_custom_runner.py reads them. */
void check(const char *name, bool passed, const char *expectation);

/* Ends the program, or the emulator, with 0 when every check passed. Returns what main() should return. */
int check_finish(void);

/* As check(), with the condition itself as the expectation. */
#define CHECK(name, condition) check((name), (condition), #condition)

#endif
