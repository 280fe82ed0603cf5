// Verbs about queues.
#include "driver.hpp"

forebay::queue &world::queue_of(const request &request) {
    const auto &name = request.text("queue");
    const auto kept = queues.find(name);
    if (kept != queues.end())
        return kept->second;
    return queues[name] = opened().get_queue(name);
}

namespace {

/// Answers with a queue and keeps its handle.
void keep(world &world, forebay::queue queue, answer &answer) {
    const auto name = queue.name();
    answer.put("name", std::string_view(name));
    answer.put("arn", std::string_view(queue.arn()));
    answer.put("fifo", std::uint64_t(queue.is_fifo()));
    world.queues[name] = std::move(queue);
}

void put_page(const forebay::names_page &page, answer &answer) {
    answer.put_names("queues", page.names);
    answer.put("token", page.next);
}

void create_queue(world &world, const request &request, answer &answer) {
    forebay::queue_options options;
    options.attributes = request.pairs("attributes");
    options.tags = request.pairs("tags");
    options.dead_letter = request.find("dead_letter");
    options.max_receives = static_cast<std::uint32_t>(request.number("max_receives"));
    keep(world, world.opened().create_queue(request.text("name"), options), answer);
}

void get_queue(world &world, const request &request, answer &answer) {
    keep(world, world.opened().get_queue(request.text("name")), answer);
}

void delete_queue(world &world, const request &request, answer &) {
    world.opened().delete_queue(request.text("name"));
}

void list_queues(world &world, const request &request, answer &answer) {
    const auto limit = static_cast<std::size_t>(request.number("max"));
    const auto token = request.find("token");
    put_page(world.opened().queues_page(request.text("prefix"), token, limit), answer);
}

void dead_letter_sources(world &world, const request &request, answer &answer) {
    const auto limit = static_cast<std::size_t>(request.number("max"));
    put_page(world.queue_of(request).sources_page(request.find("token"), limit), answer);
}

void get_attributes(world &world, const request &request, answer &answer) {
    answer.put_pairs("attributes", world.queue_of(request).attributes(request.texts("names")));
}

void set_attributes(world &world, const request &request, answer &) {
    world.queue_of(request).set_attributes(request.pairs("attributes"));
}

void tag(world &world, const request &request, answer &) {
    world.queue_of(request).tag(request.pairs("tags"));
}

void untag(world &world, const request &request, answer &) {
    world.queue_of(request).untag(request.texts("keys"));
}

void list_tags(world &world, const request &request, answer &answer) {
    answer.put_pairs("tags", world.queue_of(request).tags());
}

void purge(world &world, const request &request, answer &) { world.queue_of(request).purge(); }

} // namespace

bool call_queue_verb(world &world, const request &request, answer &answer) {
    static const std::map<std::string, verb> verbs = {
        {"create_queue", create_queue},
        {"get_queue", get_queue},
        {"delete_queue", delete_queue},
        {"list_queues", list_queues},
        {"dead_letter_sources", dead_letter_sources},
        {"get_attributes", get_attributes},
        {"set_attributes", set_attributes},
        {"tag", tag},
        {"untag", untag},
        {"list_tags", list_tags},
        {"purge", purge},
    };
    return call_one_of(verbs, world, request, answer);
}
