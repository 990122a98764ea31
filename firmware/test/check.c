#include "check.h"

#include "check_out.h"

static int failures;

void check(const char *name, bool passed, const char *expectation)
{
    check_print(passed ? "PASS:" : "FAIL:");
    check_print(name);
    if (!passed) {
        failures++;
        check_print(": not ");
        check_print(expectation);
    }
    check_print("\n");
}

int check_finish(void)
{
    check_print(failures == 0 ? "DONE\n" : "DONE with failures\n");
    check_exit(failures == 0 ? 0 : 1);
    return failures == 0 ? 0 : 1;
}
