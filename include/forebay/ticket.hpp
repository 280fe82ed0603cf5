/* Receives under way. Included by forebay.hpp. */
#ifndef FOREBAY_TICKET_HPP
#define FOREBAY_TICKET_HPP

#include "message.hpp"

namespace forebay {
inline namespace FOREBAY_STYLE {

/// A receive under way. Ending it cancels the receive and gives messages back that nobody took.
class ticket {
public:
    ticket() = default;
    explicit ticket(forebay_ticket *handle) : handle_(handle) {}

    returned<bool> is_done() const {
        bool done = false;
        const auto status = forebay_ticket_is_done(handle_.get(), &done);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<bool>(status);
        return done;
    }

    /// Waits until the receive has ended; true if it has. Without a timeout it waits for ever.
    returned<bool> wait(std::optional<milliseconds> timeout = std::nullopt) const {
        bool done = false;
        const std::int64_t ms = timeout ? (timeout->count() < 0 ? 0 : timeout->count()) : -1;
        const auto status = forebay_ticket_wait(handle_.get(), ms, &done);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<bool>(status);
        return done;
    }

    /// Turns readable when the receive has ended. Belongs to the ticket: neither read nor close.
    returned<int> fd() const {
        std::int32_t fd = -1;
        const auto status = forebay_ticket_fd(handle_.get(), &fd);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<int>(status);
        return static_cast<int>(fd);
    }

    /// The messages of a receive that has ended, once.
    returned<messages> take() const {
        forebay_messages *raw = nullptr;
        const auto status = forebay_ticket_take(handle_.get(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<messages>(status);
        return messages(raw);
    }

    /// When this returns, the receive has ended, with what came before or without any message.
    returned<void> cancel() const { return detail::done(forebay_ticket_cancel(handle_.get())); }

    forebay_ticket *native() const noexcept { return handle_.get(); }

private:
    detail::owner<forebay_ticket, forebay_ticket_free> handle_;
};

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_TICKET_HPP */
