// With C++20: options by name, a thread that a stop token ends, bodies as spans.
//
// Prints:
//     3 bytes for tenant-a
#include <array>
#include <condition_variable>
#include <forebay.hpp>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

int main() {
    const auto store = forebay::open("./queues", {.durability = forebay::durability::os});
    const auto queue = store.create_queue("modern", {.visibility_timeout = 2min});
    std::mutex guard;
    std::condition_variable_any changed;
    bool seen = false;

    std::jthread worker([&](std::stop_token token) {
        for (const auto &message : queue.messages({.max = 10, .wait = 5s}, token)) {
            const forebay::lease lease(message);
            std::cout << message.bytes().size() << " bytes for " << *message.group() << '\n';
            const std::lock_guard hold(guard);
            seen = true;
            changed.notify_all();
        }
    });

    const std::array bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    queue.send(std::span<const std::byte>(bytes), {.group = "tenant-a"});
    std::unique_lock hold(guard);
    changed.wait(hold, [&] { return seen; });
}
