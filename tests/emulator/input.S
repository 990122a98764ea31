/* INPUT is the path of the input file, in quotes. */
    .section .rodata
    .balign 4
    .global bench_input
    .global bench_input_end
bench_input:
    .incbin INPUT
    .balign 4
bench_input_end:
#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
