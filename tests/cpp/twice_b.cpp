// The other half of twice_a.cpp.
#define FOREBAY_NO_EXCEPTIONS
#include <forebay.h>
#include <forebay.hpp>

bool results_style_works();

bool results_style_works() {
    return forebay::open("").code() == FOREBAY_STATUS_INVALID_ARGUMENT;
}
