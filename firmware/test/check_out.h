/* Where the lines go: stdout on a laptop, semihosting on a core (Arm IHI semihosting, SYS_WRITE0 and SYS_EXIT). */
#ifndef CHECK_OUT_H
#define CHECK_OUT_H

void check_print(const char *text);
void check_exit(int status);

#endif
