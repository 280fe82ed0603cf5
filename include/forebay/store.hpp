/* A store. Included by forebay.hpp. */
#ifndef FOREBAY_STORE_HPP
#define FOREBAY_STORE_HPP

#include "queue.hpp"

namespace forebay {
inline namespace FOREBAY_STYLE {

enum class durability : std::int32_t {
    /// What was acknowledged survives loss of power.
    full = FOREBAY_DURABILITY_FULL,
    /// As full, receives and changes of visibility included.
    strict = FOREBAY_DURABILITY_STRICT,
    /// What was acknowledged survives crashes of processes.
    os = FOREBAY_DURABILITY_OS,
};

/// How a store is opened; see forebay_open_options.
struct open_options {
    std::optional<std::string> account{};
    std::optional<std::string> region{};
    forebay::durability durability = forebay::durability::full;
    /// A clock that stands still until store::advance, started at this time in a new store.
    std::optional<time_point> manual_clock{};
    bool sqs_limits = false;
    bool sixty_second_rules = true;
    bool create = true;
    bool allow_network_file_system = false;
    /// 0 does not wait at all.
    std::optional<milliseconds> lock_timeout{};
    std::optional<std::uint64_t> segment_bytes{};
    /// 0 keeps none.
    std::optional<std::uint64_t> reserve_bytes{};
};

/// What a queue is created with.
struct queue_options {
    /// VisibilityTimeout, 0 to 43,200 seconds.
    std::optional<seconds> visibility_timeout{};
    /// DelaySeconds, 0 to 900.
    std::optional<seconds> delay{};
    /// MessageRetentionPeriod, 60 seconds to 14 days.
    std::optional<seconds> retention{};
    /// ReceiveMessageWaitTimeSeconds, 0 to 20.
    std::optional<seconds> receive_wait{};
    /// Where messages go that were received max_receives times and not deleted: name or ARN.
    std::optional<std::string> dead_letter{};
    std::uint32_t max_receives = 0;
    /// The name must end in ".fifo".
    bool fifo = false;
    /// ContentBasedDeduplication, of FIFO queues only.
    bool content_deduplication = false;
    /// Others by their SQS names; the members above go before them.
    std::map<std::string, std::string> attributes{};
    std::map<std::string, std::string> tags{};
};

/// What a check found.
struct check_report {
    std::uint64_t queues;
    std::uint64_t messages;
    std::uint64_t log_bytes;
    /// One sentence a fault; empty when all is well.
    std::vector<std::string> problems;
};

enum class task_state : std::int32_t {
    running = FOREBAY_TASK_STATE_RUNNING,
    completed = FOREBAY_TASK_STATE_COMPLETED,
    cancelling = FOREBAY_TASK_STATE_CANCELLING,
    cancelled = FOREBAY_TASK_STATE_CANCELLED,
    failed = FOREBAY_TASK_STATE_FAILED,
};

/// A message move task.
struct move_task {
    /// Only of a running task.
    std::optional<std::string> handle;
    std::string source;
    std::optional<std::string> destination;
    std::optional<std::string> failure;
    std::uint64_t moved;
    std::uint64_t to_move;
    time_point started;
    /// Messages a second; 0 for no limit.
    std::uint32_t rate;
    task_state state;
};

/// An open store. Ending it closes it.
class store {
public:
    store() = default;
    explicit store(forebay_store *handle) : handle_(handle) {}

    /// Opens a directory, or "mem:".
    static returned<store> open(const std::string &location, const open_options &options = {}) {
        forebay_open_options given{};
        given.size = sizeof given;
        given.account = detail::c_text(options.account);
        given.region = detail::c_text(options.region);
        given.durability = static_cast<std::int32_t>(options.durability);
        if (options.manual_clock && options.manual_clock->time_since_epoch().count() < 0)
            return detail::refuse_negative<store>("manual_clock",
                                                  options.manual_clock->time_since_epoch());
        if (options.lock_timeout && options.lock_timeout->count() < 0)
            return detail::refuse_negative<store>("lock_timeout", *options.lock_timeout);
        if (options.manual_clock) {
            given.clock = FOREBAY_CLOCK_MANUAL;
            given.clock_start_ms =
                static_cast<std::uint64_t>(options.manual_clock->time_since_epoch().count());
        }
        given.sqs_limits = options.sqs_limits;
        given.no_sixty_second_rules = !options.sixty_second_rules;
        given.must_exist = !options.create;
        given.allow_network_file_system = options.allow_network_file_system;
        if (options.lock_timeout)
            given.lock_timeout_ms = static_cast<std::uint64_t>(options.lock_timeout->count());
        given.no_lock_wait = options.lock_timeout == milliseconds(0);
        given.segment_bytes = options.segment_bytes.value_or(0);
        given.reserve_bytes = options.reserve_bytes.value_or(0);
        given.no_reserve = options.reserve_bytes == std::uint64_t(0);
        forebay_store *raw = nullptr;
        const auto status = forebay_open(detail::c_text(location), &given, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<store>(status);
        return store(raw);
    }

    /// Creates a queue, or finds one whose attributes are those named.
    returned<queue> create_queue(const std::string &name,
                                 const queue_options &options = {}) const {
        const auto named = attributes_of(options);
        const auto attributes = detail::pairs(named);
        const auto tags = detail::pairs(options.tags);
        forebay_queue_options given{};
        given.size = sizeof given;
        given.attributes = attributes.data();
        given.attribute_count = attributes.size();
        given.tags = tags.data();
        given.tag_count = tags.size();
        given.dead_letter = detail::c_text(options.dead_letter);
        given.max_receives = options.max_receives;
        given.fifo = options.fifo;
        forebay_queue *raw = nullptr;
        const auto status = forebay_create_queue(handle_.get(), detail::c_text(name), &given, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<queue>(status);
        return queue(raw);
    }

    /// Finds a queue.
    returned<queue> get_queue(const std::string &name) const {
        forebay_queue *raw = nullptr;
        const auto status = forebay_get_queue(handle_.get(), detail::c_text(name), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<queue>(status);
        return queue(raw);
    }

    /// Deletes a queue with its messages.
    returned<void> delete_queue(const std::string &name) const {
        return detail::done(forebay_delete_queue(handle_.get(), detail::c_text(name)));
    }

    /// The names of all queues that start with `prefix`, in byte order.
    returned<std::vector<std::string>> list_queues(const std::string &prefix = {}) const {
        return detail::all_names([&](const std::optional<std::string> &token) {
            return queues_page(prefix, token);
        });
    }

    /// At most `limit` of them, 1,000 for 0, after those of the page that gave the token.
    returned<names_page> queues_page(const std::string &prefix = {},
                                     const std::optional<std::string> &token = {},
                                     std::size_t limit = 0) const {
        forebay_list *raw = nullptr;
        const auto status = forebay_list_queues(handle_.get(), detail::c_text(prefix),
                                                detail::c_text(token), limit, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<names_page>(status);
        return detail::page_of(detail::list(raw));
    }

    /// Moves the messages of a dead-letter queue, back or to `destination`; gives the task's
    /// handle.
    returned<std::string> start_move_task(const std::string &source,
                                          const std::optional<std::string> &destination = {},
                                          std::uint32_t rate = 0) const {
        forebay_list *raw = nullptr;
        const auto status = forebay_start_move_task(
            handle_.get(), detail::c_text(source), detail::c_text(destination), rate, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::string>(status);
        FOREBAY_TRY(names, detail::names_of(detail::list(raw)));
        return names.front();
    }

    /// Stops a running task; gives how many messages it has moved.
    returned<std::uint64_t> cancel_move_task(const std::string &task) const {
        std::uint64_t moved = 0;
        const auto status = forebay_cancel_move_task(handle_.get(), detail::c_text(task), &moved);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::uint64_t>(status);
        return moved;
    }

    /// The tasks of a source queue, newest first, at most `limit`, 1 to 10; 0 for 10.
    returned<std::vector<move_task>> list_move_tasks(const std::string &source,
                                                     std::size_t limit = 0) const {
        using all = std::vector<move_task>;
        forebay_tasks *raw = nullptr;
        auto status = forebay_list_move_tasks(handle_.get(), detail::c_text(source), limit, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<all>(status);
        const detail::owner<forebay_tasks, forebay_tasks_free> rows(raw);
        all tasks;
        const std::size_t count = forebay_tasks_count(rows.get());
        for (std::size_t index = 0; index < count; ++index) {
            forebay_task one{};
            status = forebay_tasks_get(rows.get(), index, &one, sizeof one);
            if (status != FOREBAY_STATUS_OK)
                return detail::fail<all>(status);
            tasks.push_back(task_of(one));
        }
        return tasks;
    }

    /// The time of the store; it never goes back.
    returned<time_point> now() const {
        std::uint64_t ms = 0;
        const auto status = forebay_store_now(handle_.get(), &ms);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<time_point>(status);
        return detail::since_epoch(ms);
    }

    /// Moves a manual clock on; gives the new time.
    returned<time_point> advance(milliseconds by) const {
        if (by.count() < 0)
            return detail::refuse_negative<time_point>("advance", by);
        std::uint64_t ms = 0;
        const auto count = static_cast<std::uint64_t>(by.count());
        const auto status = forebay_store_advance(handle_.get(), count, &ms);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<time_point>(status);
        return detail::since_epoch(ms);
    }

    /// Verifies the store's files against each other. It reads all that is stored, and all other
    /// calls on the store wait meanwhile: those of other processes fail as busy where that takes
    /// longer than their lock timeout.
    returned<check_report> check() const {
        forebay_check_report raw{};
        forebay_list *list = nullptr;
        const auto status = forebay_store_check(handle_.get(), &raw, sizeof raw, &list);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<check_report>(status);
        FOREBAY_TRY(problems, detail::names_of(detail::list(list)));
        return check_report{raw.queues, raw.messages, raw.log_bytes, std::move(problems)};
    }

    /// Writes a consistent copy to an absent or empty directory.
    returned<void> backup(const std::string &directory) const {
        return detail::done(forebay_store_backup(handle_.get(), detail::c_text(directory)));
    }

    /// Numbers about this store's work since it was opened in this process.
    returned<forebay_statistics> statistics() const {
        forebay_statistics raw{};
        const auto status = forebay_store_statistics(handle_.get(), &raw, sizeof raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<forebay_statistics>(status);
        return raw;
    }

    /// Closes the store now; its waits end. Another close does nothing.
    returned<void> close() {
        // The handle stays, as other threads may be reading it; it says that it is closed.
        const auto status = forebay_store_close(handle_.get());
        return detail::done(status == FOREBAY_STATUS_CLOSED ? FOREBAY_STATUS_OK : status);
    }

    forebay_store *native() const noexcept { return handle_.get(); }

private:
    static std::map<std::string, std::string> attributes_of(const queue_options &options) {
        auto named = options.attributes;
        const auto set = [&](const char *name, const std::optional<seconds> &value) {
            if (value)
                named[name] = std::to_string(value->count());
        };
        set("VisibilityTimeout", options.visibility_timeout);
        set("DelaySeconds", options.delay);
        set("MessageRetentionPeriod", options.retention);
        set("ReceiveMessageWaitTimeSeconds", options.receive_wait);
        if (options.content_deduplication)
            named["ContentBasedDeduplication"] = "true";
        return named;
    }

    static move_task task_of(const forebay_task &raw) {
        const auto optional = [](const char *text) {
            return text == nullptr ? std::nullopt : std::optional<std::string>(text);
        };
        return {optional(raw.handle),
                raw.source,
                optional(raw.destination),
                optional(raw.failure),
                raw.moved,
                raw.to_move,
                detail::since_epoch(raw.started_ms),
                raw.rate,
                static_cast<task_state>(raw.state)};
    }

    detail::owner<forebay_store, detail::close_store> handle_;
};

/// Opens a directory, or "mem:".
inline returned<store> open(const std::string &location, const open_options &options = {}) {
    return store::open(location, options);
}

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_STORE_HPP */
