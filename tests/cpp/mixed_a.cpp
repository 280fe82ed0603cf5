// One program of two standards: a stream is made here and read in mixed_b.cpp.
#include "mixed.hpp"

#include <cstdio>

int main() {
    const auto store = forebay::open("mem:");
    const auto queue = store.create_queue("mixed");
    queue.send("one");
    queue.send("two");
    const bool same = bytes_of_a_stream() == sizeof(forebay::message_stream);
    const bool good = same && drain(queue.messages(), 2) == 2 && queue.peek().empty();
    std::printf("%d passed, %d failed, 0 skipped\n", good ? 1 : 0, good ? 0 : 1);
    return good ? 0 : 1;
}
