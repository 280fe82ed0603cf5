// worker STORE STOP-FILE: receives paths, counts the files, sends the counts on. The twin of
// ../src/worker.rs.
#include "count.hpp"

#include <filesystem>
#include <forebay.hpp>
#include <iostream>

using namespace std::chrono_literals;

namespace {

struct worker {
    forebay::queue tasks;
    forebay::queue results;
    std::uint64_t done = 0;   // the result is stored, the task deleted
    std::uint64_t again = 0;  // of these, tasks that had been received before
    std::uint64_t twice = 0;  // of these, tasks whose result was there already
    std::uint64_t failed = 0; // receives of tasks that could not be carried out

    void handle(const forebay::messages &messages);
};

std::string body_of(const counts &found, std::string_view path) {
    return std::to_string(found.words) + ' ' + std::to_string(found.lines) + ' ' +
           std::to_string(found.bytes) + ' ' + std::string(path);
}

// Sends the results before it deletes the tasks: whoever dies in between leaves a task that comes
// back, never a file without a result.
void worker::handle(const forebay::messages &messages) {
    std::vector<std::string> bodies;
    std::vector<forebay::send_options> options;
    std::vector<forebay::delete_entry> receipts;
    for (const auto message : messages) {
        const auto path = message.body();
        const auto found = count_file(std::string(path));
        if (!found) {
            failed++;
            message.change_visibility(0s);
            continue;
        }
        bodies.push_back(body_of(*found, path));
        options.emplace_back();
        options.back().group = kind_of(path);
        options.back().deduplication = deduplication_of(path);
        receipts.emplace_back(message.receipt());
        again += message.receive_count() > 1;
    }
    if (bodies.empty())
        return;
    std::vector<forebay::send_entry> entries;
    for (std::size_t index = 0; index < bodies.size(); ++index)
        entries.push_back({bodies[index], options[index]});
    for (const auto &sent : results.send_batch(entries)) {
        if (!sent)
            throw forebay::error(sent.error());
        twice += sent->duplicate;
    }
    for (const auto &deleted : tasks.remove_batch(receipts)) {
        if (!deleted)
            throw forebay::error(deleted.error());
        done++;
    }
}

void work(const char *location, const char *stop) {
    const auto store = forebay::open(location);
    worker worker{store.get_queue("tasks"), store.get_queue("results.fifo")};
    forebay::receive_options options;
    options.max = 10;
    options.wait = 1s;
    for (;;) {
        const auto messages = worker.tasks.receive(options);
        if (messages.empty() && std::filesystem::exists(stop))
            break;
        worker.handle(messages);
    }
    std::cout << "done " << worker.done << " again " << worker.again << " twice " << worker.twice
              << " failed " << worker.failed << " syncs " << store.statistics().syncs << '\n';
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        std::cerr << "worker STORE STOP-FILE\n";
        return 2;
    }
    try {
        work(argv[1], argv[2]);
    } catch (const std::exception &error) {
        std::cerr << "worker (C++): " << error.what() << '\n';
        return 1;
    }
    return 0;
}
