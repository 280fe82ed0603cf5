// Prints:
//     any bytes
#include <forebay.hpp>
#include <iostream>

int main() {
    auto store = forebay::open("./queues");
    auto orders = store.create_queue("orders");
    orders.send("any bytes");
    forebay::receive_options wait;
    wait.max = 10;
    wait.wait = std::chrono::seconds(20);
    for (const auto &message : orders.receive(wait)) {
        std::cout << message.body() << '\n';
        message.remove();
    }
}
