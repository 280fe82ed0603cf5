// A program outside the source tree that finds the library with CMake.
#include <forebay.hpp>

#include <cstdio>

int main() {
    try {
        const auto store = forebay::open("mem:");
        const auto queue = store.create_queue("q");
        queue.send("hi");
        const auto messages = queue.receive();
        const bool good = messages.size() == 1 && messages[0].body() == "hi";
        messages[0].remove();
        return good ? 0 : 1;
    } catch (const forebay::error &error) {
        std::fprintf(stderr, "%s: %s\n", error.name(), error.what());
        return 1;
    }
}
