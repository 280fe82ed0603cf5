// A FIFO queue with a dead-letter queue: order within a group, duplicates stored once, and what
// nobody can handle set aside.
//
// Prints:
//     stored once: yes
//     first for berlin: b1
//     in the dead-letter queue: p1
#include <forebay.hpp>
#include <iostream>

using namespace std::chrono_literals;

int main() {
    const auto store = forebay::open("./queues");
    forebay::queue_options options;
    options.fifo = true;
    const auto dead = store.create_queue("dead.fifo", options);
    options.dead_letter = "dead.fifo";
    options.max_receives = 2;
    const auto orders = store.create_queue("orders.fifo", options);

    const auto send = [&](const char *body, const char *city) {
        forebay::send_options order;
        order.group = city;
        order.deduplication = body;
        return orders.send(body, order);
    };
    send("p1", "paris");
    send("b1", "berlin");
    const auto again = send("b1", "berlin");
    send("b2", "berlin");
    std::cout << "stored once: " << (again.duplicate ? "yes" : "no") << '\n';

    for (int attempt = 1; attempt <= 3; ++attempt) {
        for (const auto &message : orders.receive({10})) {
            if (message.group() == "paris") {
                message.change_visibility(0s); // cannot be handled
            } else if (attempt == 1 && message.body() == "b1") {
                std::cout << "first for berlin: " << message.body() << '\n';
                message.remove();
            } else {
                message.remove();
            }
        }
    }
    for (const auto &message : dead.receive({10})) {
        std::cout << "in the dead-letter queue: " << message.body() << '\n';
        message.remove();
    }
}
