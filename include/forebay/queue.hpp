/* A queue. Included by forebay.hpp. */
#ifndef FOREBAY_QUEUE_HPP
#define FOREBAY_QUEUE_HPP

#include "digest.hpp"
#include "stream.hpp"

namespace forebay {
inline namespace FOREBAY_STYLE {

namespace detail {

/// Options in the form of C; lives as long as the C++ options that it points into.
class c_send_options {
public:
    explicit c_send_options(const send_options &options)
        : attributes_(c_attributes(options.attributes)) {
        raw_.size = sizeof raw_;
        raw_.attributes = attributes_.data();
        raw_.attribute_count = attributes_.size();
        raw_.group = c_text(options.group);
        raw_.deduplication = c_text(options.deduplication);
        raw_.trace_header = c_text(options.trace_header);
        raw_.sender = c_text(options.sender);
        if (options.delay) {
            raw_.has_delay_s = 1;
            raw_.delay_s = c_seconds(*options.delay);
        }
    }

    const forebay_send_options *get() const noexcept { return &raw_; }

private:
    // Moving a vector leaves its elements where they are, so `raw_` may be moved with it.
    std::vector<forebay_attribute> attributes_;
    forebay_send_options raw_{};
};

inline forebay_receive_options c_receive_options(const receive_options &options) {
    forebay_receive_options raw{};
    raw.size = sizeof raw;
    raw.max = options.max;
    if (options.wait) {
        raw.has_wait_s = 1;
        raw.wait_s = c_seconds(*options.wait);
    }
    if (options.visibility) {
        raw.has_visibility_s = 1;
        raw.visibility_s = c_seconds(*options.visibility);
    }
    raw.attempt = c_text(options.attempt);
    return raw;
}

inline forebay::sent sent_of(const forebay_sent &raw) {
    return {raw.id, raw.sequence, raw.duplicate != 0};
}

/// Starts a receive whose result stays in the ticket.
inline forebay_status start_receive(forebay_queue *queue, const receive_options &options,
                                    forebay_ticket **raw) {
    const auto given = c_receive_options(options);
    return forebay_queue_receive_start(queue, &given, nullptr, nullptr, raw);
}

using callback = std::function<void(result<messages>)>;

/// Gives the result of a receive to the callback that `user` owns.
inline void call_back(void *user, forebay_status status, forebay_messages *raw) noexcept {
    const std::unique_ptr<callback> function(static_cast<callback *>(user));
    if (status == FOREBAY_STATUS_OK)
        (*function)(messages(raw));
    else
        (*function)(failure(status, forebay_last_error()));
}

using results = owner<forebay_results, forebay_results_free>;

/// What became of the entries of a batch that gives nothing but success.
inline returned<std::vector<result<void>>> outcomes_of(const results &rows) {
    using all = std::vector<result<void>>;
    const std::size_t count = forebay_results_count(rows.get());
    if (forebay_results_failed(rows.get()) == 0)
        return all(count);
    all outcomes;
    for (std::size_t index = 0; index < count; ++index) {
        forebay_status entry = FOREBAY_STATUS_OK;
        const char *text = nullptr;
        const auto status = forebay_results_get(rows.get(), index, &entry, &text);
        if (status != FOREBAY_STATUS_OK)
            return fail<all>(status);
        if (entry == FOREBAY_STATUS_OK)
            outcomes.emplace_back();
        else
            outcomes.emplace_back(failure(entry, text));
    }
    return outcomes;
}

} // namespace detail

/// A queue of an open store.
class queue {
public:
    queue() = default;
    explicit queue(forebay_queue *handle) : handle_(handle) {}

    returned<std::string> name() const { return text(forebay_queue_name); }
    returned<std::string> arn() const { return text(forebay_queue_arn); }

    returned<bool> is_fifo() const {
        bool fifo = false;
        const auto status = forebay_queue_is_fifo(handle_.get(), &fifo);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<bool>(status);
        return fifo;
    }

    /// Sends one message: any bytes, at least one. It is as durable as the store promises when
    /// this returns.
    returned<forebay::sent> send(forebay::body body, const send_options &options = {}) const {
        const detail::c_send_options given(options);
        forebay_sent raw{};
        const auto status = forebay_queue_send(handle_.get(), body.data(), body.size(),
                                               given.get(), &raw, sizeof raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<forebay::sent>(status);
        return detail::sent_of(raw);
    }

    /// Sends several messages with one wait for the disk; one result an entry, in order.
    returned<std::vector<result<forebay::sent>>>
    send_batch(const std::vector<send_entry> &entries) const {
        using all = std::vector<result<forebay::sent>>;
        std::vector<detail::c_send_options> options;
        std::vector<forebay_send_entry> given;
        options.reserve(entries.size());
        for (const auto &entry : entries) {
            options.emplace_back(entry.options);
            given.push_back({entry.body.data(), entry.body.size(), options.back().get(),
                             detail::c_text(entry.id)});
        }
        forebay_results *raw = nullptr;
        const auto status =
            forebay_queue_send_batch(handle_.get(), given.data(), given.size(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<all>(status);
        const detail::results rows(raw);
        FOREBAY_TRY(outcomes, detail::outcomes_of(rows));
        all receipts;
        for (std::size_t index = 0; index < outcomes.size(); ++index) {
            forebay_sent one{};
            if (!outcomes[index]) {
                receipts.emplace_back(outcomes[index].error());
                continue;
            }
            const auto found = forebay_results_sent(rows.get(), index, &one, sizeof one);
            if (found != FOREBAY_STATUS_OK)
                return detail::fail<all>(found);
            receipts.emplace_back(detail::sent_of(one));
        }
        return receipts;
    }

    /// Receives messages; a wait that ends without any gives none.
    returned<forebay::messages> receive(const receive_options &options = {}) const {
        const auto given = detail::c_receive_options(options);
        forebay_messages *raw = nullptr;
        const auto status = forebay_queue_receive(handle_.get(), &given, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<forebay::messages>(status);
        return forebay::messages(raw);
    }

    /// Receives one message, if there is one or one comes while it waits.
    returned<std::optional<owned_message>> receive_one(receive_options options = {}) const {
        options.max = 1;
        FOREBAY_TRY(found, receive(options));
        if (found.empty())
            return std::optional<owned_message>();
        return std::optional<owned_message>(owned_message(std::move(found)));
    }

    /// All messages, without end: for (const auto &message : queue.messages()) ... Up to
    /// `options.max` are received at a time, and each wait lasts for `options.wait`, 20 seconds
    /// where it is absent or 0. The queue must outlive the iteration, so that it has a name.
    message_stream messages(const receive_options &options = {}) const & {
        return message_stream(starter(options));
    }

    /// A queue that is gone at the end of the expression would end the iteration at once.
    message_stream messages(const receive_options &options = {}) const && = delete;

#ifdef __cpp_lib_jthread
    /// As above, until `token` asks to stop.
    message_stream messages(const receive_options &options, std::stop_token token) const & {
        return message_stream(starter(options), std::move(token));
    }
    message_stream messages(const receive_options &options,
                            std::stop_token token) const && = delete;
#endif

    /// Starts a receive whose result stays in the ticket.
    returned<ticket> receive_start(const receive_options &options = {}) const {
        forebay_ticket *raw = nullptr;
        const auto status = detail::start_receive(handle_.get(), options, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<ticket>(status);
        return ticket(raw);
    }

    /// Starts a receive whose result goes to `function`, exactly once, on a thread of the library,
    /// or on one that cancels or ends the ticket. It must not throw.
    returned<ticket> receive_start(const receive_options &options,
                                   std::function<void(result<forebay::messages>)> function) const {
        if (!function)
            return detail::refuse<ticket>("the function of the receive is empty");
        const auto given = detail::c_receive_options(options);
        auto user = std::make_unique<detail::callback>(std::move(function));
        forebay_ticket *raw = nullptr;
        const auto status = forebay_queue_receive_start(handle_.get(), &given, detail::call_back,
                                                        user.get(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<ticket>(status);
        user.release();
        return ticket(raw);
    }

    /// Shows messages without any effect on them.
    returned<forebay::messages> peek(const peek_options &options = {}) const {
        forebay_peek_options given{};
        given.size = sizeof given;
        given.group = detail::c_text(options.group);
        given.after = options.after;
        given.limit = options.limit;
        given.states = options.states;
        forebay_messages *raw = nullptr;
        const auto status = forebay_queue_peek(handle_.get(), &given, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<forebay::messages>(status);
        return forebay::messages(raw);
    }

    /// Deletes the message that a receipt handle names.
    returned<void> remove(const std::string &receipt) const {
        return detail::done(forebay_queue_delete(handle_.get(), detail::c_text(receipt)));
    }

    /// Deletes several messages with one wait for the disk; one result an entry, in order.
    returned<std::vector<result<void>>>
    remove_batch(const std::vector<delete_entry> &entries) const {
        std::vector<forebay_delete_entry> given;
        for (const auto &entry : entries)
            given.push_back({detail::c_text(entry.receipt), detail::c_text(entry.id)});
        return remove_given(given);
    }

    /// Deletes all of the messages of one receive with one wait for the disk.
    returned<std::vector<result<void>>> remove_batch(const forebay::messages &received) const {
        std::vector<forebay_delete_entry> given;
        for (const auto one : received)
            given.push_back({one.receipt().data(), nullptr});
        return remove_given(given);
    }

    /// Hides the message that a receipt handle names until `timeout` from now, 0 to 43,200
    /// seconds; 0 makes it visible at once.
    returned<void> change_visibility(const std::string &receipt, seconds timeout) const {
        return detail::done(forebay_queue_change_visibility(handle_.get(), detail::c_text(receipt),
                                                            detail::c_seconds(timeout)));
    }

    /// Hides several messages for another time; one result an entry, in order.
    returned<std::vector<result<void>>>
    change_visibility_batch(const std::vector<visibility_entry> &entries) const {
        std::vector<forebay_visibility_entry> given;
        for (const auto &entry : entries)
            given.push_back({detail::c_text(entry.receipt), detail::c_text(entry.id),
                             detail::c_seconds(entry.timeout)});
        forebay_results *raw = nullptr;
        const auto status = forebay_queue_change_visibility_batch(handle_.get(), given.data(),
                                                                  given.size(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::vector<result<void>>>(status);
        return detail::outcomes_of(detail::results(raw));
    }

    /// Removes every message.
    returned<void> purge() const { return detail::done(forebay_queue_purge(handle_.get())); }

    /// Attributes by their SQS names; "All" asks for all.
    returned<std::map<std::string, std::string>>
    attributes(const std::vector<std::string> &names = {"All"}) const {
        const auto wanted = detail::pointers(names);
        forebay_list *raw = nullptr;
        const auto status = forebay_queue_get_attributes(handle_.get(), wanted.data(),
                                                         wanted.size(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::map<std::string, std::string>>(status);
        return detail::map_of(detail::list(raw));
    }

    /// Sets attributes by their SQS names, all or none.
    returned<void> set_attributes(const std::map<std::string, std::string> &attributes) const {
        const auto given = detail::pairs(attributes);
        return detail::done(
            forebay_queue_set_attributes(handle_.get(), given.data(), given.size()));
    }

    returned<std::map<std::string, std::string>> tags() const {
        forebay_list *raw = nullptr;
        const auto status = forebay_queue_tags(handle_.get(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::map<std::string, std::string>>(status);
        return detail::map_of(detail::list(raw));
    }

    /// Adds tags; those with the same key are written over.
    returned<void> tag(const std::map<std::string, std::string> &tags) const {
        const auto given = detail::pairs(tags);
        return detail::done(forebay_queue_tag(handle_.get(), given.data(), given.size()));
    }

    /// Removes tags by their keys; absent ones are no error.
    returned<void> untag(const std::vector<std::string> &keys) const {
        const auto given = detail::pointers(keys);
        return detail::done(forebay_queue_untag(handle_.get(), given.data(), given.size()));
    }

    /// The names of the queues whose dead-letter queue this is.
    returned<std::vector<std::string>> dead_letter_sources() const {
        return detail::all_names(
            [&](const std::optional<std::string> &token) { return sources_page(token); });
    }

    /// At most `limit` of them, 1,000 for 0, after those of the page that gave the token.
    returned<names_page> sources_page(const std::optional<std::string> &token = {},
                                      std::size_t limit = 0) const {
        forebay_list *raw = nullptr;
        const auto status = forebay_queue_dead_letter_sources(
            handle_.get(), detail::c_text(token), limit, &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<names_page>(status);
        return detail::page_of(detail::list(raw));
    }

    forebay_queue *native() const noexcept { return handle_.get(); }

private:
    detail::receiver::start starter(receive_options options) const {
        if (!options.wait || *options.wait == seconds(0))
            options.wait = seconds(20);
        // The handle and not `this`: a queue may be moved while its stream runs.
        auto *handle = handle_.get();
        return [handle, options](forebay_ticket **started) {
            return detail::start_receive(handle, options, started);
        };
    }

    returned<std::vector<result<void>>>
    remove_given(const std::vector<forebay_delete_entry> &given) const {
        forebay_results *raw = nullptr;
        const auto status =
            forebay_queue_delete_batch(handle_.get(), given.data(), given.size(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::vector<result<void>>>(status);
        return detail::outcomes_of(detail::results(raw));
    }

    template <class Call> returned<std::string> text(Call call) const {
        const char *found = nullptr;
        const auto status = call(handle_.get(), &found);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::string>(status);
        return std::string(found);
    }

    detail::owner<forebay_queue, forebay_queue_free> handle_;
};

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_QUEUE_HPP */
