/* Messages of a receive or peek. Included by forebay.hpp. */
#ifndef FOREBAY_MESSAGE_HPP
#define FOREBAY_MESSAGE_HPP

#include "options.hpp"

#include <iterator>

namespace forebay {
inline namespace FOREBAY_STYLE {

/// Where a message stands.
enum class state : std::int32_t {
    delayed = FOREBAY_STATE_DELAYED,
    visible = FOREBAY_STATE_VISIBLE,
    in_flight = FOREBAY_STATE_IN_FLIGHT,
};

/// One of the messages of a receive or peek; lent by its `messages`.
class message {
public:
    /// As sent, byte for byte.
    std::string_view body() const noexcept {
        return {reinterpret_cast<const char *>(view_.body), view_.body_length};
    }
#ifdef FOREBAY_HAS_SPAN
    /// The body as bytes.
    std::span<const std::byte> bytes() const noexcept {
        return std::as_bytes(std::span(view_.body, view_.body_length));
    }
#endif
    /// The id given at the send.
    std::string_view id() const noexcept { return detail::view(view_.id); }
    /// The receipt handle; empty after a peek.
    std::string_view receipt() const noexcept { return detail::view(view_.receipt); }
    /// How often it was received, this time included.
    std::uint32_t receive_count() const noexcept { return view_.receive_count; }
    /// Position in the queue; on a FIFO queue the SequenceNumber.
    std::uint64_t sequence() const noexcept { return view_.sequence; }
    /// MessageGroupId.
    std::optional<std::string_view> group() const noexcept {
        return detail::optional_view(view_.group);
    }
    /// MessageDeduplicationId, given or computed; FIFO queues only.
    std::optional<std::string_view> deduplication() const noexcept {
        return detail::optional_view(view_.deduplication);
    }
    /// AWSTraceHeader.
    std::optional<std::string_view> trace_header() const noexcept {
        return detail::optional_view(view_.trace_header);
    }
    /// SenderId.
    std::string_view sender() const noexcept { return detail::view(view_.sender); }
    /// ARN of the queue that it came from to this dead-letter queue.
    std::optional<std::string_view> dead_letter_source() const noexcept {
        return detail::optional_view(view_.dead_letter_source);
    }
    /// Where it stood when this was made.
    forebay::state state() const noexcept { return static_cast<forebay::state>(view_.state); }
    /// When it was sent.
    time_point sent() const { return detail::since_epoch(view_.sent_ms); }
    /// When it was first received, if it was.
    std::optional<time_point> first_receive() const {
        return view_.first_receive_ms == 0
                   ? std::nullopt
                   : std::optional(detail::since_epoch(view_.first_receive_ms));
    }
    /// When it becomes visible unless something is done.
    std::optional<time_point> visible_at() const {
        return view_.visible_ms == 0 ? std::nullopt
                                     : std::optional(detail::since_epoch(view_.visible_ms));
    }

    /// All message attributes, in the order sent.
    returned<std::vector<attribute_view>> attributes() const {
        std::vector<attribute_view> all;
        for (std::size_t number = 0; number < view_.attribute_count; ++number) {
            forebay_attribute raw{};
            const auto status = forebay_messages_attribute(owner_, index_, number, &raw);
            if (status != FOREBAY_STATUS_OK)
                return detail::fail<std::vector<attribute_view>>(status);
            all.push_back(view_of(raw));
        }
        return all;
    }

    /// The message attributes that `names` select: names, "All", or a prefix such as "trace.*".
    returned<std::vector<attribute_view>>
    attributes(const std::vector<std::string> &names) const {
        using all = std::vector<attribute_view>;
        const auto wanted = detail::pointers(names);
        forebay_list *raw = nullptr;
        auto status = forebay_messages_select_attributes(owner_, index_, wanted.data(),
                                                         wanted.size(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<all>(status);
        const detail::list rows(raw);
        all selected;
        status = detail::each_row(rows, [&](const forebay_pair &row) {
            forebay_attribute one{};
            const auto got = forebay_messages_attribute_named(owner_, index_, row.name, &one);
            if (got == FOREBAY_STATUS_OK)
                selected.push_back(view_of(one));
            return got;
        });
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<all>(status);
        return selected;
    }

    /// The message attribute of this name, if it has one.
    returned<std::optional<attribute_view>> attribute(const std::string &name) const {
        using found = std::optional<attribute_view>;
        forebay_attribute raw{};
        const auto status =
            forebay_messages_attribute_named(owner_, index_, detail::c_text(name), &raw);
        if (status == FOREBAY_STATUS_INVALID_ATTRIBUTE_NAME)
            return found();
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<found>(status);
        return found(view_of(raw));
    }

    /// System attributes such as SentTimestamp; "All" asks for all.
    returned<std::map<std::string, std::string>>
    system_attributes(const std::vector<std::string> &names = {"All"}) const {
        const auto wanted = detail::pointers(names);
        forebay_list *raw = nullptr;
        const auto status = forebay_messages_system_attributes(owner_, index_, wanted.data(),
                                                               wanted.size(), &raw);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::map<std::string, std::string>>(status);
        return detail::map_of(detail::list(raw));
    }

    /// MD5OfBody, computed now.
    returned<std::string> md5_of_body() const {
        char digest[FOREBAY_MD5_LENGTH] = {};
        const auto status = forebay_messages_md5_body(owner_, index_, &digest);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::string>(status);
        return std::string(digest);
    }

    /// MD5OfMessageAttributes over those that `names` select, computed now; empty if none are.
    returned<std::string>
    md5_of_attributes(const std::vector<std::string> &names = {"All"}) const {
        const auto wanted = detail::pointers(names);
        char digest[FOREBAY_MD5_LENGTH] = {};
        const auto status = forebay_messages_md5_attributes(owner_, index_, wanted.data(),
                                                            wanted.size(), &digest);
        if (status != FOREBAY_STATUS_OK)
            return detail::fail<std::string>(status);
        return std::string(digest);
    }

    /// Deletes it: its work is done.
    returned<void> remove() const { return detail::done(forebay_messages_delete(owner_, index_)); }

    /// Hides it until `timeout` from now, 0 to 43,200 seconds; 0 gives it back at once.
    returned<void> change_visibility(seconds timeout) const {
        return detail::done(
            forebay_messages_change_visibility(owner_, index_, detail::c_seconds(timeout)));
    }

private:
    friend class messages;
    friend class message_stream;
    friend class owned_message;
    message() = default;
    message(const forebay_messages *owner, std::size_t index) : owner_(owner), index_(index) {}

    static attribute_view view_of(const forebay_attribute &raw) {
        return {raw.name, raw.type_name,
                {reinterpret_cast<const char *>(raw.value), raw.value_length}};
    }

    const forebay_messages *owner_ = nullptr;
    std::size_t index_ = 0;
    forebay_message view_{};
};

/// The messages of one receive or peek. Ending it does nothing to them in the queue.
class messages {
public:
    messages() = default;
    explicit messages(forebay_messages *handle) : handle_(handle) {}

    std::size_t size() const noexcept { return forebay_messages_count(handle_.get()); }
    bool empty() const noexcept { return size() == 0; }

    /// Message `index`, which must be below size().
    message operator[](std::size_t index) const noexcept {
        message one(handle_.get(), index);
        // Fails only for an index that must not be; the message is then empty.
        (void)(forebay_messages_get(handle_.get(), index, &one.view_, sizeof one.view_) ==
               FOREBAY_STATUS_OK);
        return one;
    }

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = message;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = message;

        iterator(const messages *owner, std::size_t index) : owner_(owner), index_(index) {}
        message operator*() const noexcept { return (*owner_)[index_]; }
        iterator &operator++() noexcept {
            ++index_;
            return *this;
        }
        iterator operator++(int) noexcept {
            const iterator before = *this;
            ++index_;
            return before;
        }
        bool operator==(const iterator &other) const noexcept { return index_ == other.index_; }
        bool operator!=(const iterator &other) const noexcept { return index_ != other.index_; }

    private:
        const messages *owner_;
        std::size_t index_;
    };

    /// A loop over them lends each for its turn.
    iterator begin() const noexcept { return {this, 0}; }
    iterator end() const noexcept { return {this, size()}; }

    forebay_messages *native() const noexcept { return handle_.get(); }

private:
    detail::owner<forebay_messages, forebay_messages_free> handle_;
};

/// One received message that can be moved to another thread or kept: it has its own memory.
class owned_message {
public:
    /// The first of `from`, which must not be empty.
    explicit owned_message(messages from) : messages_(std::move(from)), first_(messages_[0]) {}

    const message &operator*() const noexcept { return first_; }
    const message *operator->() const noexcept { return &first_; }

private:
    messages messages_;
    message first_;
};

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_MESSAGE_HPP */
