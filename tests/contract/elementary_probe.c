/* Holds nn4mc's elementary functions against double precision over every exponent, both signs, many mantissas. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn4mc_elementary.h"

typedef float (*function_t)(float);
typedef double (*exact_t)(double);

typedef struct result {
    double absolute; /* largest absolute error */
    double relative; /* largest relative error, where the exact result is of the range below */
    uint64_t outside; /* results outside low..high */
    uint64_t not_odd; /* f(-x) is not -f(x) */
    uint64_t tried;
} result_t;

typedef struct question {
    int function; /* 0 tanh, 1 sigmoid, 2 exp */
    uint32_t mantissas;
    uint32_t seed;
    double least_exact; /* relative errors count from here */
    double low;
    double high;
} question_t;

static double exact_sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static const function_t functions[] = {nn4mc_tanh, nn4mc_sigmoid, nn4mc_exp};
static const exact_t exacts[] = {tanh, exact_sigmoid, exp};

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void try_one(const question_t *question, uint32_t bits, result_t *result)
{
    const float x = from_bits(bits);
    const float y = functions[question->function](x);
    const double exact = exacts[question->function]((double)x);
    const double error = fabs((double)y - exact);
    if (fabs(exact) <= 3.4028234663852886e38) {
        result->absolute = error > result->absolute ? error : result->absolute;
        if (fabs(exact) >= question->least_exact && error / fabs(exact) > result->relative) {
            result->relative = error / fabs(exact);
        }
    }
    result->outside += !((double)y >= question->low && (double)y <= question->high);
    result->not_odd += functions[question->function](-x) != -y;
    result->tried += 1;
}

/* Exponents 0 (denormals) to 254; mantissas 0, 1, all ones, and random ones. */
result_t sweep(const question_t *question)
{
    result_t result = {0, 0, 0, 0, 0};
    uint32_t random = question->seed;
    for (uint32_t sign_and_exponent = 0; sign_and_exponent < 512; ++sign_and_exponent) {
        if ((sign_and_exponent & 0xffu) == 0xffu) {
            continue;
        }
        for (uint32_t i = 0; i < question->mantissas; ++i) {
            random = random * 1664525u + 1013904223u;
            const uint32_t mantissa = i < 2 ? i : i == 2 ? 0x7fffffu : random >> 9;
            try_one(question, sign_and_exponent << 23 | mantissa, &result);
        }
    }
    return result;
}

uint32_t of_bits(int function, uint32_t bits)
{
    return to_bits(functions[function](from_bits(bits)));
}
