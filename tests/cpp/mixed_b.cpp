// The other half of mixed_a.cpp.
#include "mixed.hpp"

std::size_t drain(forebay::message_stream stream, std::size_t count) {
    std::size_t seen = 0;
    for (const auto &message : stream) {
        message.remove();
        if (++seen == count)
            stream.stop();
    }
    return seen;
}

std::size_t bytes_of_a_stream() { return sizeof(forebay::message_stream); }
