/* All messages of a queue, one after the other. Included by forebay.hpp. */
#ifndef FOREBAY_STREAM_HPP
#define FOREBAY_STREAM_HPP

#include "ticket.hpp"

#include <functional>
#include <mutex>

#if __cplusplus >= 202002L && __has_include(<stop_token>)
#include <stop_token>
#endif

namespace forebay {
inline namespace FOREBAY_STYLE {

namespace detail {

/// The receives behind a stream. One thread iterates; any thread stops.
class receiver {
public:
    using start = std::function<forebay_status(forebay_ticket **)>;

    explicit receiver(start begin) : begin_(std::move(begin)) {}
    receiver(const receiver &) = delete;
    receiver &operator=(const receiver &) = delete;
    ~receiver() { hand_back(); }

    void stop() noexcept {
        const std::lock_guard<std::mutex> hold(guard_);
        stopped_ = true;
        if (ticket_.native() != nullptr)
            forebay_ticket_cancel(ticket_.native());
    }

    /// The index of the next message of `batch()`; absent when the stream has ended.
    returned<std::optional<std::size_t>> next() {
        using found = std::optional<std::size_t>;
        while (next_ == batch_.size() || stopped()) {
            if (stopped()) {
                hand_back();
                return found();
            }
            FOREBAY_TRY(more, receive());
            if (!more)
                return found();
        }
        return found(next_++);
    }

    const messages &batch() const noexcept { return batch_; }

private:
    bool stopped() const {
        const std::lock_guard<std::mutex> hold(guard_);
        return stopped_;
    }

    /// Waits for another batch; false where the queue was closed or the stream stopped.
    returned<bool> receive() {
        forebay_ticket *running = nullptr;
        forebay_messages *raw = nullptr;
        bool done = false;
        auto status = start_one(&running);
        if (status == FOREBAY_STATUS_OK)
            status = forebay_ticket_wait(running, -1, &done);
        if (status == FOREBAY_STATUS_OK)
            status = forebay_ticket_take(running, &raw);
        if (status == FOREBAY_STATUS_CLOSED)
            return false;
        if (status == FOREBAY_STATUS_CANCELLED && stopped())
            return true;
        if (status != FOREBAY_STATUS_OK)
            return fail<bool>(status);
        batch_ = messages(raw);
        next_ = 0;
        return true;
    }

    /// Starts a receive where `stop` finds it, unless it was there before.
    forebay_status start_one(forebay_ticket **running) {
        const std::lock_guard<std::mutex> hold(guard_);
        if (stopped_)
            return FOREBAY_STATUS_CANCELLED;
        const auto status = begin_(running);
        if (status == FOREBAY_STATUS_OK)
            ticket_ = ticket(*running);
        return status;
    }

    /// Makes what was received and not handed out visible again, so that nobody waits for it.
    void hand_back() noexcept {
        for (; next_ < batch_.size(); ++next_) {
            // What fails here comes back when its visibility timeout ends.
            (void)(forebay_messages_change_visibility(batch_.native(), next_, 0) ==
                   FOREBAY_STATUS_OK);
        }
    }

    start begin_;
    mutable std::mutex guard_;
    ticket ticket_;
    bool stopped_ = false;
    messages batch_;
    std::size_t next_ = 0;
};

} // namespace detail

/// The messages of a queue as a range without end: it waits for more where there are none. The
/// loop ends when the stream is stopped, or with the messages at hand when the store is closed;
/// another failure throws, or with FOREBAY_NO_EXCEPTIONS ends the loop and is `failure()`.
///
/// Messages that were received and not reached when the stream is stopped are given back at once;
/// of a closed store they come back with their visibility timeout, so stop streams first. The queue
/// must outlive the stream, and only one thread may iterate.
class message_stream {
public:
    struct sentinel {};

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = message;
        using difference_type = std::ptrdiff_t;
        using pointer = const message *;
        using reference = const message &;

        explicit iterator(message_stream *stream) : stream_(stream) {}
        reference operator*() const noexcept { return stream_->current_; }
        pointer operator->() const noexcept { return &stream_->current_; }
        iterator &operator++() {
            stream_->advance();
            return *this;
        }
        void operator++(int) { stream_->advance(); }
        friend bool operator==(const iterator &at, sentinel) noexcept {
            return at.at_end();
        }
#if __cplusplus < 202002L
        friend bool operator!=(const iterator &at, sentinel) noexcept {
            return !at.at_end();
        }
#endif

    private:
        bool at_end() const noexcept { return stream_->ended_; }

        message_stream *stream_;
    };

    message_stream(message_stream &&) = default;
    /// Not over a stream that runs: its stop token may be about to stop it.
    message_stream &operator=(message_stream &&) = delete;

    explicit message_stream(detail::receiver::start start)
        : receiver_(std::make_unique<detail::receiver>(std::move(start))) {}

#ifdef __cpp_lib_jthread
    /// Stops when `token` says so.
    message_stream(detail::receiver::start start, std::stop_token token)
        : message_stream(std::move(start)) {
        using stopping = std::stop_callback<std::function<void()>>;
        auto *receiver = receiver_.get();
        stopping_ = std::make_shared<stopping>(std::move(token), [receiver] { receiver->stop(); });
    }
#endif

    /// Waits for the first message. The message that an iterator shows lives until it moves on.
    iterator begin() {
        advance();
        return iterator(this);
    }
    sentinel end() const noexcept { return {}; }

    /// Ends the loop after the message that it is at, and a wait at once. From any thread.
    void stop() noexcept { receiver_->stop(); }

#ifdef FOREBAY_NO_EXCEPTIONS
    /// What ended the loop, unless it was stopped or the store closed.
    const std::optional<forebay::failure> &failure() const noexcept { return failure_; }
#endif

private:
    void advance() {
#ifdef FOREBAY_NO_EXCEPTIONS
        auto moved = receiver_->next();
        ended_ = !moved || !*moved;
        if (!moved)
            failure_ = moved.error();
        else if (*moved)
            current_ = receiver_->batch()[**moved];
#else
        const auto moved = receiver_->next();
        ended_ = !moved;
        if (moved)
            current_ = receiver_->batch()[*moved];
#endif
    }

    std::unique_ptr<detail::receiver> receiver_;
    // What a stop token calls, destroyed before the receiver that it stops. Without its type, which
    // C++17 has not: parts of a program may be compiled as different standards.
    std::shared_ptr<void> stopping_;
    message current_{};
    bool ended_ = false;
#ifdef FOREBAY_NO_EXCEPTIONS
    std::optional<forebay::failure> failure_;
#endif
};

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_STREAM_HPP */
