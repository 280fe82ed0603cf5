// Verbs that get messages from the library, and waits for them.
#include "driver.hpp"

using std::chrono::seconds;

namespace {

std::uint64_t since_epoch(forebay::time_point time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

void put_attributes(const std::vector<forebay::attribute_view> &attributes,
                    const std::string &prefix, answer &answer) {
    for (std::size_t index = 0; index < attributes.size(); ++index) {
        const auto own = record(prefix + "attributes", index);
        answer.put(own + "name", attributes[index].name);
        answer.put(own + "type", attributes[index].type);
        answer.put(own + "value", attributes[index].value);
    }
    answer.put_count(prefix + "attributes", attributes.size());
}

/// What a receive and a peek tell alike.
void put_message(const forebay::message &message, const std::string &prefix, answer &answer) {
    answer.put(prefix + "id", message.id());
    answer.put(prefix + "body", message.body());
    answer.put(prefix + "receive_count", std::uint64_t(message.receive_count()));
    answer.put(prefix + "sent_ms", since_epoch(message.sent()));
    answer.put(prefix + "sender", message.sender());
    answer.put(prefix + "group", message.group());
    answer.put(prefix + "dedup", message.deduplication());
    answer.put(prefix + "trace_header", message.trace_header());
    answer.put(prefix + "dead_letter_source", message.dead_letter_source());
    if (const auto first = message.first_receive())
        answer.put(prefix + "first_receive_ms", since_epoch(*first));
    if (const auto visible = message.visible_at())
        answer.put(prefix + "visible_ms", since_epoch(*visible));
    answer.put(prefix + "md5_body", std::string_view(message.md5_of_body()));
}

void put_received(const forebay::messages &messages, bool is_fifo,
                  const std::vector<std::string> &names, const std::vector<std::string> &system,
                  answer &answer) {
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const auto message = messages[index];
        const auto prefix = record("messages", index);
        put_message(message, prefix, answer);
        answer.put(prefix + "receipt", message.receipt());
        if (is_fifo)
            answer.put_sequence(prefix + "sequence", message.sequence());
        put_attributes(message.attributes(names), prefix, answer);
        const auto digest = message.md5_of_attributes(names);
        if (!digest.empty())
            answer.put(prefix + "md5_attributes", std::string_view(digest));
        answer.put_pairs(prefix + "system", message.system_attributes(system));
    }
    answer.put_count("messages", messages.size());
}

forebay::receive_options read_options(const request &request) {
    forebay::receive_options options;
    options.max = static_cast<std::uint32_t>(request.number("max", 1));
    if (request.has("wait"))
        options.wait = seconds(request.number("wait"));
    if (request.has("visibility"))
        options.visibility = seconds(request.number("visibility"));
    options.attempt = request.find("attempt");
    return options;
}

void receive(world &world, const request &request, answer &answer) {
    const auto &queue = world.queue_of(request);
    const auto messages = queue.receive(read_options(request));
    const bool some = request.has("attribute_names.count");
    const auto names = some ? request.texts("attribute_names") : std::vector<std::string>{"All"};
    put_received(messages, queue.is_fifo(), names, request.texts("system_names"), answer);
}

std::string_view state_name(forebay::state state) {
    switch (state) {
    case forebay::state::delayed: return "delayed";
    case forebay::state::visible: return "visible";
    case forebay::state::in_flight: return "in_flight";
    }
    return "unknown";
}

void peek(world &world, const request &request, answer &answer) {
    static const std::map<std::string, std::uint32_t> bits = {
        {"delayed", FOREBAY_PEEK_DELAYED},
        {"visible", FOREBAY_PEEK_VISIBLE},
        {"in_flight", FOREBAY_PEEK_IN_FLIGHT},
    };
    forebay::peek_options options;
    options.group = request.find("group");
    options.after = request.number("after");
    options.limit = static_cast<std::uint32_t>(request.number("max"));
    for (const auto &state : request.texts("states"))
        options.states |= bits.at(state);
    const auto messages = world.queue_of(request).peek(options);
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const auto message = messages[index];
        const auto prefix = record("messages", index);
        put_message(message, prefix, answer);
        answer.put(prefix + "state", state_name(message.state()));
        answer.put(prefix + "sequence", message.sequence());
        put_attributes(message.attributes(), prefix, answer);
    }
    answer.put_count("messages", messages.size());
}

void receive_start(world &world, const request &request, answer &) {
    const auto &queue = world.queue_of(request);
    const auto &name = request.text("ticket");
    world.tickets[name] = queue.receive_start(read_options(request));
    world.fifo_tickets[name] = queue.is_fifo();
}

forebay::ticket &ticket_of(world &world, const request &request) {
    const auto found = world.tickets.find(request.text("ticket"));
    if (found == world.tickets.end())
        throw forebay::error({FOREBAY_STATUS_INVALID_ARGUMENT, "no ticket of this name"});
    return found->second;
}

void ticket_state(world &world, const request &request, answer &answer) {
    answer.put("done", std::uint64_t(ticket_of(world, request).is_done()));
}

/// The result of a ticket that has ended, which is forgotten then.
forebay::result<forebay::messages> take(world &world, const request &request) {
    auto &ticket = ticket_of(world, request);
    auto taken = forebay::attempt([&] { return ticket.take(); });
    world.tickets.erase(request.text("ticket"));
    return taken;
}

void await_ticket(world &world, const request &request, answer &answer) {
    ticket_of(world, request).wait();
    const auto taken = take(world, request);
    if (!taken)
        throw forebay::error(taken.error());
    put_received(*taken, world.fifo_tickets[request.text("ticket")], {"All"}, {}, answer);
}

/// Must leave a result, if only that it was cancelled.
void cancel_ticket(world &world, const request &request, answer &) {
    ticket_of(world, request).cancel();
    const auto taken = take(world, request);
    if (taken)
        throw forebay::error({FOREBAY_STATUS_UNSUPPORTED_OPERATION, "messages were taken"});
    if (taken.code() != FOREBAY_STATUS_CANCELLED)
        throw forebay::error(taken.error());
}

} // namespace

bool call_receive_verb(world &world, const request &request, answer &answer) {
    static const std::map<std::string, verb> verbs = {
        {"receive", receive},           {"peek", peek},
        {"receive_start", receive_start}, {"ticket_state", ticket_state},
        {"await", await_ticket},        {"cancel", cancel_ticket},
    };
    return call_one_of(verbs, world, request, answer);
}
