// Verbs that give the library messages or receipts.
#include "driver.hpp"

using std::chrono::seconds;

namespace {

/// A message to send; `text` holds what `body` shows.
struct outgoing {
    std::string text;
    forebay::send_options options;

    forebay::body body() const { return {text.data(), text.size()}; }
};

outgoing read_message(const request &request, const std::string &prefix) {
    outgoing message;
    message.text = request.text(prefix + "body");
    auto &options = message.options;
    options.group = request.find(prefix + "group");
    options.deduplication = request.find(prefix + "dedup");
    options.trace_header = request.find(prefix + "trace_header");
    options.sender = request.find(prefix + "sender");
    if (request.has(prefix + "delay"))
        options.delay = seconds(request.number(prefix + "delay"));
    const auto list = prefix + "attributes";
    for (std::size_t index = 0; index < request.number(list + ".count"); ++index) {
        const auto own = record(list, index);
        options.attributes.push_back(
            {request.text(own + "name"), request.text(own + "value"), request.text(own + "type")});
    }
    return message;
}

void put_digest(const std::string &key, const std::string &digest, answer &answer) {
    if (!digest.empty())
        answer.put(key, std::string_view(digest));
}

void put_sent(const forebay::queue &queue, const outgoing &message, const forebay::sent &sent,
              const std::string &prefix, answer &answer) {
    answer.put(prefix + "id", std::string_view(sent.id));
    answer.put(prefix + "duplicate", std::uint64_t(sent.duplicate));
    if (queue.is_fifo())
        answer.put_sequence(prefix + "sequence", sent.sequence);
    put_digest(prefix + "md5_body", forebay::md5(message.body()), answer);
    put_digest(prefix + "md5_attributes", forebay::md5(message.options.attributes), answer);
    if (message.options.trace_header)
        put_digest(prefix + "md5_system",
                   forebay::md5({{"AWSTraceHeader", *message.options.trace_header}}), answer);
}

/// Answers with code and text of an entry.
template <class Outcome>
void put_entry(std::size_t index, const Outcome &outcome, answer &answer) {
    const auto prefix = record("entries", index);
    answer.put(prefix + "code", std::string_view(forebay_status_name(outcome.code())));
    if (!outcome)
        answer.put(prefix + "text", std::string_view(outcome.error().text()));
}

void put_outcomes(const std::vector<forebay::result<void>> &outcomes, answer &answer) {
    for (std::size_t index = 0; index < outcomes.size(); ++index)
        put_entry(index, outcomes[index], answer);
    answer.put_count("entries", outcomes.size());
}

void send_one(world &world, const request &request, answer &answer) {
    const auto &queue = world.queue_of(request);
    const auto message = read_message(request, "");
    put_sent(queue, message, queue.send(message.body(), message.options), "", answer);
}

void send_batch(world &world, const request &request, answer &answer) {
    const auto &queue = world.queue_of(request);
    std::vector<outgoing> messages;
    for (std::size_t index = 0; index < request.number("entries.count"); ++index)
        messages.push_back(read_message(request, record("entries", index)));
    std::vector<forebay::send_entry> entries;
    for (const auto &message : messages) {
        const auto id = request.find(record("entries", entries.size()) + "id");
        entries.push_back({message.body(), message.options, id});
    }
    const auto results = queue.send_batch(entries);
    for (std::size_t index = 0; index < results.size(); ++index) {
        put_entry(index, results[index], answer);
        if (results[index])
            put_sent(queue, messages[index], *results[index], record("entries", index), answer);
    }
    answer.put_count("entries", results.size());
}

void delete_one(world &world, const request &request, answer &) {
    world.queue_of(request).remove(request.text("receipt"));
}

void delete_batch(world &world, const request &request, answer &answer) {
    std::vector<forebay::delete_entry> entries;
    for (std::size_t index = 0; index < request.number("entries.count"); ++index) {
        const auto prefix = record("entries", index);
        entries.emplace_back(request.text(prefix + "receipt"), request.find(prefix + "id"));
    }
    put_outcomes(world.queue_of(request).remove_batch(entries), answer);
}

void change_visibility(world &world, const request &request, answer &) {
    world.queue_of(request).change_visibility(request.text("receipt"),
                                              seconds(request.number("seconds")));
}

void change_visibility_batch(world &world, const request &request, answer &answer) {
    std::vector<forebay::visibility_entry> entries;
    for (std::size_t index = 0; index < request.number("entries.count"); ++index) {
        const auto prefix = record("entries", index);
        entries.push_back({request.text(prefix + "receipt"),
                           seconds(request.number(prefix + "seconds")),
                           request.find(prefix + "id")});
    }
    put_outcomes(world.queue_of(request).change_visibility_batch(entries), answer);
}

} // namespace

bool call_send_verb(world &world, const request &request, answer &answer) {
    static const std::map<std::string, verb> verbs = {
        {"send", send_one},
        {"send_batch", send_batch},
        {"delete", delete_one},
        {"delete_batch", delete_batch},
        {"change_visibility", change_visibility},
        {"change_visibility_batch", change_visibility_batch},
    };
    return call_one_of(verbs, world, request, answer);
}
