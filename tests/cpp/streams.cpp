// Streams of messages, leases, single messages, and the rest of the C functions from C++.
#include "world.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

/// How many messages of the queue are visible now.
static std::size_t visible(const forebay::queue &queue) {
    forebay::peek_options options;
    options.states = FOREBAY_PEEK_VISIBLE;
    options.limit = 100;
    return queue.peek(options).size();
}

static void fill(const forebay::queue &queue, int count) {
    for (int number = 0; number < count; ++number)
        queue.send(std::to_string(number));
}

static void a_stream_goes_on_until_it_is_stopped() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "stream");
    fill(queue, 5);
    auto stream = queue.messages({2});
    int seen = 0;
    for (const auto &message : stream) {
        CHECK(message.body() == std::to_string(seen));
        message.remove();
        if (++seen == 3)
            stream.stop();
    }
    // The second batch had a message that was never reached; it is not left in flight.
    CHECK(seen == 3 && visible(queue) == 2);
    CHECK(stream.begin() == stream.end());
}

static void another_thread_stops_a_stream() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "stream-thread");
    auto stream = queue.messages();
    std::atomic<int> seen{0};
    std::thread worker([&] {
        for (const auto &message : stream) {
            message.remove();
            ++seen;
        }
    });
    fill(queue, 3);
    while (seen != 3)
        std::this_thread::yield();
    stream.stop();
    worker.join();
    CHECK(visible(queue) == 0);
}

static void closing_the_store_ends_a_stream_and_other_failures_throw() {
    auto store = open_manual();
    const auto queue = fresh_queue(store, "stream-close");
    auto stream = queue.messages();
    std::thread worker([&] {
        for (const auto &message : stream)
            CHECK(message.body().empty());
    });
    store.close();
    worker.join();
    const auto again = open_manual();
    const auto other = fresh_queue(again, "stream-throws");
    CHECK(thrown([&] { other.messages({10'001}).begin(); }) ==
          FOREBAY_STATUS_INVALID_PARAMETER_VALUE);
}

static void an_abandoned_stream_gives_back_what_it_had() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "stream-break");
    fill(queue, 6);
    for (const auto &message : queue.messages({10})) {
        message.remove();
        break;
    }
    CHECK(visible(queue) == 5);
}

#ifdef __cpp_lib_jthread
static_assert(std::input_iterator<forebay::message_stream::iterator>);

static void a_stop_token_ends_a_stream() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "stream-token");
    std::atomic<int> seen{0};
    std::jthread worker([&](std::stop_token token) {
        for (const auto &message : queue.messages({.max = 10, .wait = 20s}, token)) {
            message.remove();
            ++seen;
        }
    });
    fill(queue, 2);
    while (seen != 2)
        std::this_thread::yield();
    worker.request_stop();
    worker.join();
    CHECK(seen == 2);
}
#endif

static void a_lease_deletes_on_success_and_gives_back_on_an_exception() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "lease");
    fill(queue, 1);
    try {
        const auto messages = queue.receive();
        const forebay::lease lease(messages[0]);
        CHECK(lease->body() == "0" && visible(queue) == 0);
        throw std::runtime_error("the work failed");
    } catch (const std::runtime_error &) {
        CHECK(visible(queue) == 1);
    }
    {
        const auto messages = queue.receive();
        const forebay::lease lease(messages[0]);
        CHECK((*lease).receive_count() == 2);
    }
    store.advance(1h);
    CHECK(queue.peek().empty());
}

static void a_lease_is_settled_by_hand() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "lease-hand");
    fill(queue, 4);
    const auto messages = queue.receive({4});
    {
        forebay::lease committed(messages[0]);
        committed.commit();
        forebay::lease returned(messages[1]);
        returned.give_back(5s);
        forebay::lease left(messages[2]);
        left.extend(90s);
        left.leave();
        forebay::lease gone(messages[3]);
        messages[3].remove();
    }
    store.advance(5s);
    CHECK(visible(queue) == 1);
    store.advance(85s);
    CHECK(visible(queue) == 2);
    CHECK(thrown([&] { forebay::lease(queue.peek()[0]).commit(); }) != FOREBAY_STATUS_OK);
}

static void one_message_moves_with_its_memory() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "one");
    CHECK(!queue.receive_one());
    fill(queue, 1);
    auto one = queue.receive_one();
    CHECK(one.has_value());
    std::thread worker([message = std::move(*one)] {
        CHECK(message->body() == "0" && (*message).receive_count() == 1);
        message->remove();
    });
    worker.join();
    CHECK(queue.peek().empty());
}

static void batches_have_ids_and_a_receive_is_deleted_as_a_whole() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "batch-ids");
    const auto sent = queue.send_batch({{"a", {}, "first"}, {"b", {}, "second"}});
    CHECK(sent.size() == 2 && sent[0] && sent[1]);
    CHECK(thrown([&] { queue.send_batch({{"a", {}, "same"}, {"b", {}, "same"}}); }) ==
          FOREBAY_STATUS_BATCH_ENTRY_IDS_NOT_DISTINCT);
    const auto messages = queue.receive({10});
    const std::string receipt(messages[0].receipt());
    CHECK(thrown([&] { queue.remove_batch({{receipt, "x"}, {receipt, "x"}}); }) ==
          FOREBAY_STATUS_BATCH_ENTRY_IDS_NOT_DISTINCT);
    CHECK(queue.change_visibility_batch({{receipt, 60s, "x"}}).front());
    for (const auto &outcome : queue.remove_batch(messages))
        CHECK(outcome);
    CHECK(queue.peek().empty());
}

static void attributes_are_selected_and_digested() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "select");
    forebay::send_options options;
    options.attributes = {{"trace.id", "1", "Number"}, {"trace.on", "x"}, {"kind", "new"}};
    queue.send("body", options);
    const auto messages = queue.receive();
    const auto traces = messages[0].attributes({"trace.*"});
    CHECK(traces.size() == 2 && messages[0].attributes({"absent"}).empty());
    CHECK(messages[0].md5_of_attributes() == forebay::md5(options.attributes));
    CHECK(messages[0].md5_of_attributes({"absent"}).empty());
    CHECK(messages[0].md5_of_body() == forebay::md5("body"));
    CHECK(forebay::md5("body") == "841a2d689ad86bd1611447453c22c6fc");
}

static void names_come_in_pages() {
    const auto store = open_manual();
    for (const char *name : {"page-a", "page-b", "page-c"})
        fresh_queue(store, name);
    const auto first = store.queues_page("page-", {}, 2);
    CHECK(first.names.size() == 2 && first.next);
    const auto second = store.queues_page("page-", first.next, 2);
    CHECK(second.names == std::vector<std::string>{"page-c"} && !second.next);
    const auto queue = store.get_queue("page-a");
    CHECK(queue.sources_page({}, 1).names.empty() && store.list_move_tasks("page-a", 1).empty());
}

static void queues_are_created_with_durations() {
    const auto store = open_manual();
    forebay::queue_options options;
    options.visibility_timeout = 2min;
    options.delay = 3s;
    options.retention = 24h;
    options.receive_wait = 4s;
    options.fifo = true;
    options.content_deduplication = true;
    const auto made = fresh_queue(store, "durations.fifo", options).attributes();
    CHECK(made.at("VisibilityTimeout") == "120" && made.at("DelaySeconds") == "3");
    CHECK(made.at("MessageRetentionPeriod") == "86400");
    CHECK(made.at("ReceiveMessageWaitTimeSeconds") == "4");
    CHECK(made.at("ContentBasedDeduplication") == "true" && made.at("FifoQueue") == "true");
}

static void failing_may_be_a_value() {
    const auto store = open_manual();
    const auto absent = forebay::attempt([&] { return store.get_queue("absent"); });
    CHECK(absent.code() == FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST);
    CHECK(forebay::attempt([&] { store.delete_queue("absent"); }).code() == absent.code());
    CHECK(forebay::attempt([] { return 7; }).value_or(8) == 7);
    CHECK(forebay::attempt([&] { return store.get_queue("absent").name(); }).value_or("none") ==
          "none");
#ifdef __cpp_lib_expected
    CHECK(!forebay::attempt([&] { return store.get_queue("absent"); }).expected());
    CHECK(forebay::attempt([&] { store.now(); }).expected());
    CHECK(forebay::attempt([&] { store.delete_queue("absent"); }).expected().error().code() ==
          absent.code());
#endif
    CHECK(forebay::abi_matches() && forebay::version() == FOREBAY_VERSION);
}

int main(int argc, char **argv) {
    if (!read_location(argc, argv))
        return 2;
    RUN(a_stream_goes_on_until_it_is_stopped);
    RUN(another_thread_stops_a_stream);
    RUN(closing_the_store_ends_a_stream_and_other_failures_throw);
    RUN(an_abandoned_stream_gives_back_what_it_had);
#ifdef __cpp_lib_jthread
    RUN(a_stop_token_ends_a_stream);
#endif
    RUN(a_lease_deletes_on_success_and_gives_back_on_an_exception);
    RUN(a_lease_is_settled_by_hand);
    RUN(one_message_moves_with_its_memory);
    RUN(batches_have_ids_and_a_receive_is_deleted_as_a_whole);
    RUN(attributes_are_selected_and_digested);
    RUN(names_come_in_pages);
    RUN(queues_are_created_with_durations);
    RUN(failing_may_be_a_value);
    return conclude();
}
