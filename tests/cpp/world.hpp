// What the programs that throw share: a store whose time stands still, and fresh queues in it.
#pragma once

#include <forebay.hpp>

#include "check.hpp"

inline std::string location;

inline forebay::store open_manual() {
    forebay::open_options options;
    options.manual_clock = forebay::time_point(std::chrono::milliseconds(1767225600000));
    options.sixty_second_rules = false;
    return forebay::open(location, options);
}

inline forebay::queue fresh_queue(const forebay::store &store, const std::string &name,
                                  const forebay::queue_options &options = {}) {
    try {
        store.delete_queue(name);
    } catch (const forebay::error &error) {
        CHECK(error.code() == FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST);
    }
    return store.create_queue(name, options);
}

/// The status that `call` throws; OK if it throws nothing.
template <class Call> forebay_status thrown(Call call) {
    try {
        call();
    } catch (const forebay::error &error) {
        CHECK(error.what()[0] != '\0' && error.name()[0] != '\0');
        return error.code();
    }
    return FOREBAY_STATUS_OK;
}

/// Takes the location from the command line; false after saying how it is used.
inline bool read_location(int argc, char **argv) {
    if (argc == 2) {
        location = argv[1];
        return true;
    }
    std::fprintf(stderr, "usage: %s LOCATION\n", argv[0]);
    return false;
}
