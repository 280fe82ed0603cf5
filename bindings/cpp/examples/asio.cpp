// Messages in a program that runs on Asio: each receive is one asynchronous wait for a ticket.
//
// Prints:
//     received one
//     received two
//     received three
#include <asio.hpp>
#include <forebay.hpp>
#include <iostream>

/// Calls `handler` on the executor of `io` with the messages of each receive, until it says no.
class receiver {
public:
    using handler = std::function<bool(const forebay::messages &)>;

    receiver(asio::io_context &io, const forebay::queue &queue, handler call)
        : queue_(queue), descriptor_(io), call_(std::move(call)) {}

    ~receiver() {
        // The ticket closes it.
        if (descriptor_.is_open())
            descriptor_.release();
    }

    void start() {
        forebay::receive_options options;
        options.wait = std::chrono::seconds(20);
        ticket_ = queue_.receive_start(options);
        descriptor_.assign(ticket_.fd());
        descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                               [this](const asio::error_code &error) { ended(error); });
    }

private:
    void ended(const asio::error_code &error) {
        // The descriptor belongs to the ticket: Asio must let it go, and not close it.
        descriptor_.release();
        if (!error && call_(ticket_.take()))
            start();
    }

    const forebay::queue &queue_;
    asio::posix::stream_descriptor descriptor_;
    handler call_;
    forebay::ticket ticket_;
};

int main() {
    const auto store = forebay::open("./queues");
    const auto queue = store.create_queue("asio");
    asio::io_context io;
    int seen = 0;
    receiver receiver(io, queue, [&seen](const forebay::messages &messages) {
        for (const auto &message : messages) {
            std::cout << "received " << message.body() << '\n';
            message.remove();
            seen++;
        }
        return seen < 3;
    });
    receiver.start();
    asio::post(io, [&queue] {
        for (const char *body : {"one", "two", "three"})
            queue.send(body);
    });
    io.run();
}
