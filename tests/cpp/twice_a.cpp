// Both styles in one program, and every header in two translation units: see twice_b.cpp.
#include <forebay.hpp>
#include <forebay.hpp>

#include <cstdio>

bool results_style_works();

int main() {
    bool thrown = false;
    try {
        forebay::open("");
    } catch (const forebay::error &error) {
        thrown = error.code() == FOREBAY_STATUS_INVALID_ARGUMENT;
    }
    const bool good = thrown && results_style_works();
    std::printf("%d passed, %d failed, 0 skipped\n", good ? 1 : 0, good ? 0 : 1);
    return good ? 0 : 1;
}
