/* A message for the length of a scope. Included by forebay.hpp. */
#ifndef FOREBAY_LEASE_HPP
#define FOREBAY_LEASE_HPP

#include "message.hpp"

#ifndef FOREBAY_NO_EXCEPTIONS
#include <exception>
#endif

namespace forebay {
inline namespace FOREBAY_STYLE {

/// Settles a received message at the end of a scope. With exceptions: it is deleted, or given back
/// at once where an exception ends the scope. With FOREBAY_NO_EXCEPTIONS nothing tells success
/// from failure there, so it is given back unless `commit` was called.
///
/// What the destructor asks for may fail; the message then comes back when its visibility timeout
/// ends, as it does when the process dies. Call `commit` where you want to know.
class [[nodiscard]] lease {
public:
    explicit lease(const message &held) : message_(held) {}
    lease(const lease &) = delete;
    lease &operator=(const lease &) = delete;

    ~lease() {
        if (settled_)
            return;
#ifdef FOREBAY_NO_EXCEPTIONS
        (void)message_.change_visibility(seconds(0));
#else
        try {
            if (std::uncaught_exceptions() == exceptions_)
                message_.remove();
            else
                message_.change_visibility(seconds(0));
        } catch (...) {
            // Said above: it comes back by itself.
        }
#endif
    }

    const message &operator*() const noexcept { return message_; }
    const message *operator->() const noexcept { return &message_; }

    /// Deletes it now. Nothing happens at the end of the scope any more, also if this fails.
    returned<void> commit() {
        settled_ = true;
        return message_.remove();
    }

    /// Gives it back: it can be received again after `delay`, 0 to 43,200 seconds.
    returned<void> give_back(seconds delay = seconds(0)) {
        settled_ = true;
        return message_.change_visibility(delay);
    }

    /// Leaves it in flight: it comes back when its visibility timeout ends.
    void leave() noexcept { settled_ = true; }

    /// Keeps it hidden for `timeout` from now, for work that takes longer than was thought.
    returned<void> extend(seconds timeout) const { return message_.change_visibility(timeout); }

private:
    message message_;
    bool settled_ = false;
#ifndef FOREBAY_NO_EXCEPTIONS
    int exceptions_ = std::uncaught_exceptions();
#endif
};

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_LEASE_HPP */
