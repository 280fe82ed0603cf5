// forebay.hpp in the style that returns results; compiled with -fno-exceptions.
#define FOREBAY_NO_EXCEPTIONS
#include <forebay.hpp>

#include <algorithm>

#include "check.hpp"

using namespace std::chrono_literals;

static std::string location;

static forebay::store open_manual() {
    forebay::open_options options;
    options.manual_clock = forebay::time_point(1767225600000ms);
    options.sixty_second_rules = false;
    auto store = forebay::open(location, options);
    CHECK(store);
    return std::move(*store);
}

static forebay::queue fresh_queue(const forebay::store &store, const std::string &name) {
    const auto deleted = store.delete_queue(name);
    CHECK(deleted || deleted.code() == FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST);
    auto queue = store.create_queue(name);
    CHECK(queue && queue.code() == FOREBAY_STATUS_OK);
    return std::move(queue).value();
}

static void values() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "results-values");
    const auto sent = queue.send("hello");
    CHECK(sent && sent->sequence >= 1);
    const auto batch = queue.send_batch({{"a"}, {""}});
    CHECK(batch && batch->size() == 2 && (*batch)[0] && !(*batch)[1]);
    forebay::receive_options options;
    options.max = 10;
    const auto messages = queue.receive(options);
    CHECK(messages && messages->size() == 2);
    for (const auto message : *messages) {
        CHECK(message.md5_of_body()->size() == 32);
        CHECK(message.attributes()->empty() && !message.attribute("none").value());
        CHECK(message.remove());
    }
    CHECK(queue.attributes()->at("ApproximateNumberOfMessages") == "0");
    CHECK(queue.tags()->empty() && !*queue.is_fifo() && *queue.name() == "results-values");
    CHECK(store.list_queues("results-")->size() == 1);
    CHECK(store.check()->problems.empty());
    const auto before = store.now();
    CHECK(*store.advance(5s) == *before + 5s);
    CHECK(store.list_move_tasks("results-values")->empty());
}

static void failures() {
    const auto store = open_manual();
    const auto absent = store.get_queue("absent");
    CHECK(!absent && absent.code() == FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST);
    CHECK(!absent.error().text().empty());
    CHECK(std::string(absent.error().name()) == "AWS.SimpleQueueService.NonExistentQueue");
    const auto queue = fresh_queue(store, "results-failures");
    const auto empty = queue.send("");
    CHECK(empty.code() == FOREBAY_STATUS_MISSING_PARAMETER);
    CHECK(queue.remove("nonsense").code() == FOREBAY_STATUS_RECEIPT_HANDLE_IS_INVALID);
    CHECK(!store.start_move_task("absent"));
}

/// The value and the range are in the text, whatever the width of the value.
static void negative_times() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "results-negative");
    const auto says = [](const auto &given, const std::string &value, const char *range) {
        CHECK(!given && given.code() == FOREBAY_STATUS_INVALID_PARAMETER_VALUE);
        CHECK(given.error().text().find(value) != std::string::npos);
        CHECK(given.error().text().find(range) != std::string::npos);
    };
    for (const auto bad : {-1s, -7s, -100'000'000'000s, 100'000'000'000s}) {
        // What C cannot hold is named by its bound.
        const auto bound = std::clamp<std::int64_t>(bad.count(), INT32_MIN, INT32_MAX);
        const auto value = std::to_string(bound);
        forebay::receive_options options;
        options.wait = bad;
        says(queue.receive(options), value, "<= 20");
        options = {};
        options.visibility = bad;
        says(queue.receive(options), value, "<= 43200");
        forebay::send_options send;
        send.delay = bad;
        says(queue.send("x", send), value, "<= 900");
        // What is in the range of C's numbers is for the receipt to be refused first.
        if (bad < 0s)
            says(queue.change_visibility("r", bad), value, "<= 43200");
    }
    const auto before = *store.now();
    const auto back = store.advance(-5ms);
    CHECK(back.code() == FOREBAY_STATUS_INVALID_ARGUMENT && *store.now() == before);
    CHECK(back.error().text() == "advance is -5 ms; it must be 0 or more");
    forebay::open_options options;
    options.lock_timeout = -1ms;
    CHECK(forebay::open(location, options).code() == FOREBAY_STATUS_INVALID_ARGUMENT);
    CHECK(queue.attributes()->at("ApproximateNumberOfMessages") == "0");
}

static void tickets() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "results-tickets");
    forebay::receive_options options;
    options.wait = 20s;
    auto ticket = queue.receive_start(options);
    CHECK(ticket && queue.send("wake") && *ticket->wait(60s));
    CHECK(ticket->take()->size() == 1);
    bool told = false;
    ticket = queue.receive_start(options, [&](forebay::result<forebay::messages> received) {
        told = received.code() == FOREBAY_STATUS_CANCELLED;
    });
    CHECK(ticket && ticket->cancel() && told);
}

static void streams_and_leases() {
    auto store = open_manual();
    const auto queue = fresh_queue(store, "results-stream");
    CHECK(queue.send("a") && queue.send("b"));
    auto stream = queue.messages();
    int seen = 0;
    for (const auto &message : stream) {
        forebay::lease lease(message);
        if (message.receive_count() == 2)
            CHECK(lease.commit());
        if (++seen == 4)
            stream.stop();
    }
    CHECK(seen == 4 && !stream.failure() && queue.peek()->empty());
    CHECK(!*queue.receive_one());
    auto wrong = queue.messages({10'001});
    CHECK(wrong.begin() == wrong.end());
    CHECK(wrong.failure()->code() == FOREBAY_STATUS_INVALID_PARAMETER_VALUE);
    CHECK(store.close());
    auto closed = queue.messages();
    CHECK(closed.begin() == closed.end() && !closed.failure());
}

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s LOCATION\n", argv[0]);
        return 2;
    }
    location = argv[1];
    RUN(values);
    RUN(failures);
    RUN(negative_times);
    RUN(tickets);
    RUN(streams_and_leases);
    return conclude();
}
