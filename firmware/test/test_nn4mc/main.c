/* lib/nn4mc on the board itself: known values, bounds, and a digest that has to be the same on every board. */
#include "check.h"
#include "check_out.h"
#include "hil_crc32.h"
#include "nn4mc_bits.h"
#include "nn4mc_elementary.h"
#include "nn4mc_rows.h"

static bool near(float value, float expected, float tolerance)
{
    const float error = value - expected;
    return error <= tolerance && error >= -tolerance;
}

static void test_known_values(void)
{
    CHECK("tanh(0.5)", near(nn4mc_tanh(0.5f), 0.46211715726000975f, 2e-7f));
    CHECK("tanh(-3)", near(nn4mc_tanh(-3.0f), -0.99505475368673045f, 2e-7f));
    CHECK("sigmoid(2)", near(nn4mc_sigmoid(2.0f), 0.88079707797788243f, 2e-7f));
    CHECK("exp(1)", near(nn4mc_exp(1.0f), 2.7182818284590452f, 5e-7f));
    CHECK("tanh saturates", nn4mc_tanh(100.0f) == 1.0f && nn4mc_tanh(-100.0f) == -1.0f);
}

static void test_dense(void)
{
    /* Two rows by columns, their biases in front: [1 2 3] and [-1 0.5 0.25]. */
    static const float weights[] = {0.5f, -0.5f, 1.0f, -1.0f, 2.0f, 0.5f, 3.0f, 0.25f};
    static const float x[3] = {2.0f, 4.0f, 8.0f};
    const nn4mc_rows_t rows = {weights, 1};
    const nn4mc_run_t run = {x, 3};
    float y[2];
    nn4mc_rows_2(&rows, &run, 1, y);
    CHECK("dense product", y[0] == 34.5f && y[1] == 1.5f);
}

static uint32_t digest;

/* Chained, so that the order counts too. */
static void add_to_digest(float value)
{
    const uint32_t words[2] = {digest, nn4mc_bits(value)};
    digest = hil_crc32((const uint8_t *)words, sizeof words);
}

static void print_digest(void)
{
    char text[] = "DIGEST:00000000\n";
    for (unsigned i = 0; i < 8u; i++) {
        text[14u - i] = "0123456789abcdef"[(digest >> (4u * i)) & 0xFu];
    }
    check_print(text);
}

/* Every exponent and both signs, denormals, Inf and NaN included. */
static void test_digest(void)
{
    bool bounded = true;
    for (uint32_t i = 0; i < 4096u; i++) {
        const float x = nn4mc_float(i * 0x00100000u + i * 2654435761u % 0x00100000u);
        const float tanh_x = nn4mc_tanh(x);
        const float sigmoid_x = nn4mc_sigmoid(x);
        bounded = bounded && tanh_x >= -1.0f && tanh_x <= 1.0f && sigmoid_x >= 0.0f && sigmoid_x <= 1.0f;
        add_to_digest(tanh_x);
        add_to_digest(sigmoid_x);
        add_to_digest(nn4mc_exp(x));
    }
    check("tanh and sigmoid stay in their range", bounded, "within [-1, 1] and [0, 1]");
    print_digest();
}

int main(void)
{
    test_known_values();
    test_dense();
    test_digest();
    return check_finish();
}
