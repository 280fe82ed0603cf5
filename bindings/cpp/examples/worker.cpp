// A worker with threads. Each takes messages from the queue until it is stopped; one message fails
// the first time.
//
// Prints:
//     handled 100 orders in 101 attempts
//     nothing is left
#include <atomic>
#include <forebay.hpp>
#include <iostream>
#include <stdexcept>
#include <thread>

std::atomic<int> attempts{0};
std::atomic<int> handled{0};

void handle(const forebay::message &message) {
    attempts++;
    if (message.body() == "order 13" && message.receive_count() == 1)
        throw std::runtime_error("the printer is out of paper");
}

void work(forebay::message_stream &messages) {
    for (const auto &message : messages) {
        try {
            const forebay::lease lease(message);
            handle(message);
            handled++;
        } catch (const std::exception &) {
            // The lease gave the message back: somebody gets it again at once.
        }
    }
}

int main() {
    auto store = forebay::open("./queues");
    forebay::queue_options options;
    options.visibility_timeout = std::chrono::minutes(1);
    const auto orders = store.create_queue("work", options);
    for (int number = 0; number < 100; ++number)
        orders.send("order " + std::to_string(number));

    std::vector<forebay::message_stream> streams;
    for (int number = 0; number < 4; ++number)
        streams.push_back(orders.messages({10}));
    std::vector<std::thread> threads;
    for (auto &stream : streams)
        threads.emplace_back(work, std::ref(stream));
    while (handled < 100)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));

    // Waits end at once, messages at hand are finished, those received ahead are given back.
    for (auto &stream : streams)
        stream.stop();
    for (auto &thread : threads)
        thread.join();
    std::cout << "handled " << handled << " orders in " << attempts << " attempts\n";
    std::cout << (orders.peek().empty() ? "nothing is left\n" : "something is left\n");
}
