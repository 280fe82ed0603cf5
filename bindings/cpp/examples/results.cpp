// Without exceptions: every call that can fail returns a forebay::result.
//
// Prints:
//     AWS.SimpleQueueService.NonExistentQueue, retry: no
//     received hello
#define FOREBAY_NO_EXCEPTIONS
#include <forebay.hpp>
#include <iostream>

forebay::result<void> run() {
    auto store = forebay::open("./queues");
    if (!store)
        return store.error();

    const auto absent = store->get_queue("absent");
    if (!absent)
        std::cout << absent.error().name() << ", retry: "
                  << (absent.error().retryable() ? "yes" : "no") << '\n';

    const auto queue = store->create_queue("results");
    if (!queue)
        return queue.error();
    const auto sent = queue->send("hello");
    if (!sent)
        return sent.error();
    const auto one = queue->receive_one();
    if (!one)
        return one.error();
    if (const auto &message = *one; message) {
        forebay::lease lease(**message);
        std::cout << "received " << lease->body() << '\n';
        return lease.commit(); // without this the message is given back
    }
    return {};
}

int main() {
    const auto outcome = run();
    if (!outcome)
        std::cerr << outcome.error().name() << ": " << outcome.error().text() << '\n';
    return outcome ? 0 : 1;
}
