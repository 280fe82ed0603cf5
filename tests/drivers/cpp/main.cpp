// Reads requests and writes answers until the input ends.
#include "driver.hpp"

#include <iostream>

using namespace std::chrono;

forebay::store &world::opened() {
    if (!store)
        throw forebay::error({FOREBAY_STATUS_INVALID_ARGUMENT, "no store is open"});
    return *store;
}

void world::close() {
    tickets.clear();
    fifo_tickets.clear();
    queues.clear();
    if (store)
        store->close();
    store.reset();
}

bool call_one_of(const std::map<std::string, verb> &verbs, world &world, const request &request,
                 answer &answer) {
    const auto found = verbs.find(request.verb());
    if (found == verbs.end())
        return false;
    found->second(world, request, answer);
    return true;
}

namespace {

std::uint64_t since_epoch(forebay::time_point time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

void hello(world &, const request &, answer &answer) {
    const char *const names[] = {"manual_clock", "durable",   "tickets",
                                 "peek",         "no_limits", "scale"};
    std::size_t count = 0;
    for (const char *name : names)
        answer.put("capabilities." + std::to_string(++count), std::string_view(name));
    answer.put_count("capabilities", count);
}

void open(world &world, const request &request, answer &) {
    world.close();
    forebay::open_options options;
    options.account = request.find("account");
    options.region = request.find("region");
    options.sqs_limits = request.number("sqs_limits") != 0;
    options.sixty_second_rules = request.number("sixty_second_rules") != 0;
    if (request.has("clock_start_ms"))
        options.manual_clock =
            forebay::time_point(milliseconds(request.number("clock_start_ms")));
    world.store = forebay::open(request.text("location"), options);
}

void close(world &world, const request &, answer &) { world.close(); }

void now(world &world, const request &, answer &answer) {
    answer.put("now_ms", since_epoch(world.opened().now()));
}

void advance(world &world, const request &request, answer &answer) {
    const auto by = milliseconds(request.number("ms"));
    answer.put("now_ms", since_epoch(world.opened().advance(by)));
}

bool call(world &world, const request &request, answer &answer) {
    static const std::map<std::string, verb> verbs = {
        {"hello", hello}, {"open", open}, {"close", close}, {"now", now}, {"advance", advance},
    };
    return call_one_of(verbs, world, request, answer) ||
           call_queue_verb(world, request, answer) || call_send_verb(world, request, answer) ||
           call_receive_verb(world, request, answer) || call_task_verb(world, request, answer);
}

std::string respond(world &world, const request &request) {
    answer answer;
    try {
        return call(world, request, answer) ? answer.line() : "unsupported\n";
    } catch (const forebay::error &error) {
        return answer::error(error.code(), error.name(), error.what());
    }
}

} // namespace

int main() {
    world world;
    std::string line;
    try {
        while (std::getline(std::cin, line))
            std::cout << respond(world, request(line)) << std::flush;
        world.close();
    } catch (const std::exception &error) {
        std::cerr << "scenario-driver-cpp: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
