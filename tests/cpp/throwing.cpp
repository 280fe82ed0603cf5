// forebay.hpp in the style that throws.
#include "world.hpp"

#include <atomic>
#include <thread>
#include <type_traits>
#ifdef __linux__
#include <fcntl.h>
#include <unistd.h>
#endif

using namespace std::chrono_literals;

template <class Owner> static constexpr bool moves_only() {
    return std::is_nothrow_move_constructible_v<Owner> &&
           std::is_nothrow_move_assignable_v<Owner> && !std::is_copy_constructible_v<Owner> &&
           !std::is_copy_assignable_v<Owner>;
}

static_assert(moves_only<forebay::store>());
static_assert(moves_only<forebay::queue>());
static_assert(moves_only<forebay::messages>());
static_assert(moves_only<forebay::ticket>());
static_assert(std::is_base_of_v<std::runtime_error, forebay::error>);

template <class Queue, class = void> struct iterates : std::false_type {};
template <class Queue>
struct iterates<Queue, std::void_t<decltype(std::declval<Queue>().messages())>>
    : std::true_type {};
static_assert(iterates<forebay::queue &>() && iterates<const forebay::queue &>());
static_assert(!iterates<forebay::queue>() && !iterates<const forebay::queue>());

static void round_trip() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "cpp-trip");
    forebay::send_options options;
    options.attributes = {{"kind", "new"}, {"size", "42", "Number"}};
    options.group = "tenant";
    options.sender = "someone";
    const auto sent = queue.send(std::string_view("any\0bytes", 9), options);
    CHECK(sent.id.size() == 36 && !sent.duplicate);
    CHECK(queue.send("text").id != sent.id);

    forebay::receive_options receive;
    receive.max = 10;
    const auto messages = queue.receive(receive);
    CHECK(messages.size() == 2 && !messages.empty());
    std::size_t seen = 0;
    for (const auto message : messages) {
        CHECK(message.receive_count() == 1 && message.state() == forebay::state::in_flight);
        CHECK(message.sent() == store.now() && message.visible_at() == store.now() + 30s);
        seen++;
        message.change_visibility(60s);
        message.remove();
    }
    CHECK(seen == 2);
    const auto first = messages[0];
    CHECK(first.body() == std::string_view("any\0bytes", 9));
    CHECK(first.id() == sent.id && first.sender() == "someone");
    CHECK(first.group() == "tenant" && !first.deduplication() && !first.trace_header());
    CHECK(first.attributes().size() == 2 && first.attributes()[1].type == "Number");
    CHECK(first.attribute("kind")->value == "new" && !first.attribute("absent"));
    CHECK(first.system_attributes().at("ApproximateReceiveCount") == "1");
    CHECK(first.md5_of_body().size() == 32);
    CHECK(messages[1].group() == std::nullopt && messages[1].body() == "text");
    store.advance(100s);
    CHECK(queue.receive(receive).empty());
}

#ifdef FOREBAY_HAS_SPAN
static void spans() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "cpp-span");
    const std::vector<std::byte> bytes = {std::byte{0}, std::byte{255}};
    queue.send(std::span<const std::byte>(bytes));
    const auto messages = queue.receive();
    CHECK(messages[0].bytes().size() == 2 && messages[0].bytes()[1] == std::byte{255});
}
#endif

static void batches() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "cpp-batch");
    const auto sent = queue.send_batch({{"one"}, {""}, {"three"}});
    CHECK(sent.size() == 3 && sent[0] && !sent[1] && sent[2]);
    CHECK(sent[1].code() == FOREBAY_STATUS_MISSING_PARAMETER);
    CHECK(!sent[1].error().text().empty() && !sent[1].error().retryable());
    forebay::receive_options options;
    options.max = 10;
    options.visibility = 5s;
    const auto messages = queue.receive(options);
    CHECK(messages.size() == 2);
    const std::string receipt(messages[0].receipt());
    const auto changed = queue.change_visibility_batch({{receipt, 90s}, {"no receipt", 1s}});
    CHECK(changed[0] && changed[1].code() == FOREBAY_STATUS_RECEIPT_HANDLE_IS_INVALID);
    const auto removed = queue.remove_batch({receipt, std::string(messages[1].receipt())});
    CHECK(removed.size() == 2 && removed[0] && removed[1]);
}

static void failures_are_thrown() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "cpp-errors");
    CHECK(thrown([&] { store.get_queue("absent"); }) == FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST);
    CHECK(thrown([&] { queue.send(""); }) == FOREBAY_STATUS_MISSING_PARAMETER);
    CHECK(thrown([&] { queue.remove("nonsense"); }) == FOREBAY_STATUS_RECEIPT_HANDLE_IS_INVALID);
    CHECK(thrown([&] { forebay::open(""); }) == FOREBAY_STATUS_INVALID_ARGUMENT);
    forebay::receive_options options;
    options.wait = -1s;
    CHECK(thrown([&] { queue.receive(options); }) == FOREBAY_STATUS_INVALID_PARAMETER_VALUE);
    CHECK(thrown([&] { store.advance(-1s); }) == FOREBAY_STATUS_INVALID_ARGUMENT);
    CHECK(thrown([&] { forebay::queue().purge(); }) == FOREBAY_STATUS_INVALID_ARGUMENT);
    auto other = open_manual();
    other.close();
    CHECK(thrown([&] { other.now(); }) == FOREBAY_STATUS_CLOSED);
    other.close();
    try {
        store.get_queue("absent");
    } catch (const std::exception &error) {
        CHECK(error.what()[0] != '\0');
    }
}

/// A text of C ends at NUL: another queue, group or sender would be named.
static void texts_with_nul_are_refused() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "cpp-nul");
    const std::string name("cpp-nul\0more", 12);
    const auto refused = [](auto call) {
        const auto status = forebay::attempt(call);
        const bool named = !status && status.error().text().find("NUL") != std::string::npos;
        return named && status.code() == FOREBAY_STATUS_INVALID_ARGUMENT;
    };
    CHECK(refused([&] { return store.get_queue(name); }));
    CHECK(refused([&] { return store.create_queue(name); }));
    CHECK(refused([&] { return store.list_queues(name); }));
    CHECK(refused([&] { store.delete_queue(name); }));
    CHECK(refused([&] { return forebay::open(name); }));
    CHECK(refused([&] { store.backup(name); }));
    CHECK(refused([&] { return store.start_move_task("cpp-nul", name); }));
    forebay::open_options region;
    region.region = name;
    CHECK(refused([&] { return forebay::open("mem:", region); }));
    forebay::send_options group, sender, attribute;
    group.group = name;
    sender.sender = name;
    attribute.attributes = {{name, "value"}};
    CHECK(refused([&] { return queue.send("x", group); }));
    CHECK(refused([&] { return queue.send("x", sender); }));
    CHECK(refused([&] { return queue.send("x", attribute); }));
    CHECK(refused([&] { queue.tag({{"key", name}}); }));
    CHECK(refused([&] { queue.untag({name}); }));
    CHECK(refused([&] { queue.set_attributes({{"Policy", name}}); }));
    CHECK(refused([&] { queue.remove(name); }));
    CHECK(queue.receive().empty());
    CHECK(forebay::attempt([&] { return queue.send(nullptr); }).code() ==
          FOREBAY_STATUS_MISSING_PARAMETER);
}

static void queues_and_move_tasks() {
    const auto store = open_manual();
    const auto dead = fresh_queue(store, "cpp-dead");
    forebay::queue_options options;
    options.attributes = {{"VisibilityTimeout", "7"}};
    options.tags = {{"team", "blue"}};
    options.dead_letter = "cpp-dead";
    options.max_receives = 1;
    const auto queue = fresh_queue(store, "cpp-source", options);
    CHECK(queue.name() == "cpp-source" && !queue.is_fifo());
    CHECK(queue.arn() == "arn:aws:sqs:us-east-1:000000000000:cpp-source");
    CHECK(queue.attributes().at("VisibilityTimeout") == "7");
    queue.set_attributes({{"VisibilityTimeout", "8"}});
    CHECK(queue.attributes({"VisibilityTimeout"}).at("VisibilityTimeout") == "8");
    queue.tag({{"cost", "1"}});
    queue.untag({"team"});
    CHECK((queue.tags() == std::map<std::string, std::string>{{"cost", "1"}}));
    CHECK(dead.dead_letter_sources() == std::vector<std::string>{"cpp-source"});
    CHECK((store.list_queues("cpp-source") == std::vector<std::string>{"cpp-source"}));

    queue.send("poison");
    CHECK(queue.receive().size() == 1);
    store.advance(8s);
    CHECK(queue.receive().empty());
    CHECK(dead.peek()[0].dead_letter_source() == queue.arn());
    CHECK(!store.start_move_task("cpp-dead").empty());
    store.advance(1s);
    const auto tasks = store.list_move_tasks("cpp-dead");
    CHECK(tasks.size() == 1 && tasks[0].state == forebay::task_state::completed);
    CHECK(tasks[0].moved == 1 && !tasks[0].failure && !tasks[0].destination);
    CHECK(queue.receive().size() == 1);
    queue.purge();
    CHECK(queue.peek().empty());
    CHECK(store.check().problems.empty() && store.check().queues >= 2);
    CHECK(store.statistics().commands > 0);
}

static void tickets() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "cpp-ticket");
    forebay::receive_options options;
    options.wait = 20s;
    auto ticket = queue.receive_start(options);
    CHECK(!ticket.is_done() && !ticket.wait(1ms) && ticket.fd() >= 0);
    queue.send("wake");
    CHECK(ticket.wait(60s));
    CHECK(ticket.take().size() == 1);
    ticket = queue.receive_start(options);
    ticket.cancel();
    CHECK(thrown([&] { ticket.take(); }) == FOREBAY_STATUS_CANCELLED);
}

static void callbacks() {
    const auto store = open_manual();
    const auto queue = fresh_queue(store, "cpp-callback");
    forebay::receive_options options;
    options.wait = 20s;
    std::atomic<unsigned> messages{0};
    std::atomic<unsigned> cancelled{0};
    const auto count = [&](forebay::result<forebay::messages> received) {
        if (received)
            messages += static_cast<unsigned>(received->size());
        else if (received.code() == FOREBAY_STATUS_CANCELLED)
            cancelled++;
    };
    const auto first = queue.receive_start(options, count);
    queue.send("call");
    CHECK(first.wait(60s) && messages == 1);
    const auto second = queue.receive_start(options, count);
    second.cancel();
    CHECK(cancelled == 1);
    options.wait = 21s;
    CHECK(thrown([&] { queue.receive_start(options, count); }) ==
          FOREBAY_STATUS_INVALID_PARAMETER_VALUE);
    options.wait = 20s;
    CHECK(thrown([&] { queue.receive_start(options, nullptr); }) ==
          FOREBAY_STATUS_INVALID_ARGUMENT);
    CHECK(messages == 1 && cancelled == 1);
}

static void a_store_may_be_closed_while_others_use_it() {
    auto store = open_manual();
    std::atomic<bool> going{false};
    std::thread worker([&] {
        while (thrown([&] { store.now(); }) == FOREBAY_STATUS_OK)
            going = true;
    });
    while (!going)
        std::this_thread::yield();
    store.close();
    worker.join();
    CHECK(thrown([&] { store.now(); }) == FOREBAY_STATUS_CLOSED);
}

#ifdef __linux__
/// A zero that is given is not the default of 30 seconds.
static void a_lock_timeout_of_zero_does_not_wait() {
    if (location.find(':') != std::string::npos)
        return;
    const auto directory = location + ".locked";
    forebay::open(directory).close();
    const int lock = ::open((directory + "/lock").c_str(), O_RDWR);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    CHECK(lock >= 0 && fcntl(lock, F_SETLK, &whole) == 0);
    forebay::open_options options;
    options.lock_timeout = 0ms;
    options.reserve_bytes = 0;
    const auto refused = forebay::attempt([&] { return forebay::open(directory, options); });
    CHECK(refused.code() == FOREBAY_STATUS_BUSY);
    CHECK(!refused && refused.error().text().find(" 0 ms") != std::string::npos);
    ::close(lock);
    CHECK(forebay::open(directory, options).list_queues().empty());
}
#endif

int main(int argc, char **argv) {
    if (!read_location(argc, argv))
        return 2;
    RUN(round_trip);
#ifdef FOREBAY_HAS_SPAN
    RUN(spans);
#endif
    RUN(batches);
    RUN(failures_are_thrown);
    RUN(texts_with_nul_are_refused);
    RUN(queues_and_move_tasks);
    RUN(tickets);
    RUN(callbacks);
    RUN(a_store_may_be_closed_while_others_use_it);
#ifdef __linux__
    RUN(a_lock_timeout_of_zero_does_not_wait);
#endif
    return conclude();
}
