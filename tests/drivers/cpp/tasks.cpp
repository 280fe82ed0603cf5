// Verbs about message move tasks.
#include "driver.hpp"

namespace {

void start_move_task(world &world, const request &request, answer &answer) {
    const auto rate = static_cast<std::uint32_t>(request.number("rate"));
    const auto handle = world.opened().start_move_task(request.text("source"),
                                                       request.find("destination"), rate);
    answer.put("handle", std::string_view(handle));
}

void cancel_move_task(world &world, const request &request, answer &answer) {
    answer.put("moved", world.opened().cancel_move_task(request.text("handle")));
}

std::string_view state_name(forebay::task_state state) {
    switch (state) {
    case forebay::task_state::running: return "RUNNING";
    case forebay::task_state::completed: return "COMPLETED";
    case forebay::task_state::cancelling: return "CANCELLING";
    case forebay::task_state::cancelled: return "CANCELLED";
    case forebay::task_state::failed: return "FAILED";
    }
    return "UNKNOWN";
}

void list_move_tasks(world &world, const request &request, answer &answer) {
    const auto limit = static_cast<std::size_t>(request.number("max", 1));
    const auto tasks = world.opened().list_move_tasks(request.text("source"), limit);
    for (std::size_t index = 0; index < tasks.size(); ++index) {
        const auto &task = tasks[index];
        const auto prefix = record("tasks", index);
        const auto started = task.started.time_since_epoch().count();
        answer.put(prefix + "handle", task.handle);
        answer.put(prefix + "status", state_name(task.state));
        answer.put(prefix + "source", std::string_view(task.source));
        answer.put(prefix + "destination", task.destination);
        answer.put(prefix + "reason", task.failure);
        answer.put(prefix + "moved", task.moved);
        answer.put(prefix + "to_move", task.to_move);
        answer.put(prefix + "started_ms", static_cast<std::uint64_t>(started));
        if (task.rate != 0)
            answer.put(prefix + "rate", std::uint64_t(task.rate));
    }
    answer.put_count("tasks", tasks.size());
}

} // namespace

bool call_task_verb(world &world, const request &request, answer &answer) {
    static const std::map<std::string, verb> verbs = {
        {"start_move_task", start_move_task},
        {"cancel_move_task", cancel_move_task},
        {"list_move_tasks", list_move_tasks},
    };
    return call_one_of(verbs, world, request, answer);
}
