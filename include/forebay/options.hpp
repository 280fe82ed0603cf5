/* What calls take: bodies, attributes, options, entries of batches. Included by forebay.hpp. */
#ifndef FOREBAY_OPTIONS_HPP
#define FOREBAY_OPTIONS_HPP

#include "result.hpp"

#if __cplusplus >= 202002L && __has_include(<span>)
#include <span>
#define FOREBAY_HAS_SPAN 1
#endif

namespace forebay {
inline namespace FOREBAY_STYLE {

/// Bytes to send: text, pointer and length, or a span.
class body {
public:
    /// NULL is no bytes, which no queue takes.
    body(const char *text) : bytes_(text == nullptr ? "" : text) {}
    body(const std::string &text) : bytes_(text) {}
    body(std::string_view text) : bytes_(text) {}
    body(const void *data, std::size_t length)
        : bytes_(static_cast<const char *>(data), length) {}
#ifdef FOREBAY_HAS_SPAN
    body(std::span<const std::byte> bytes) : body(bytes.data(), bytes.size()) {}
    body(std::span<const std::uint8_t> bytes) : body(bytes.data(), bytes.size()) {}
#endif

    const std::uint8_t *data() const noexcept {
        return reinterpret_cast<const std::uint8_t *>(bytes_.data());
    }
    std::size_t size() const noexcept { return bytes_.size(); }

private:
    std::string_view bytes_;
};

/// A message attribute to send.
struct attribute {
    std::string name;
    std::string value;
    /// "String", "Number" or "Binary", optionally with a label.
    std::string type = "String";
};

/// A message attribute of a message at hand.
struct attribute_view {
    std::string_view name;
    std::string_view type;
    std::string_view value;
};

/// What a message may have besides its body. Absent: the default of the queue, or nothing.
struct send_options {
    /// 0 to 900 seconds.
    std::optional<seconds> delay{};
    /// At most ten.
    std::vector<attribute> attributes{};
    /// MessageGroupId; FIFO queues need one.
    std::optional<std::string> group{};
    /// MessageDeduplicationId, of FIFO queues only.
    std::optional<std::string> deduplication{};
    /// AWSTraceHeader.
    std::optional<std::string> trace_header{};
    /// SenderId; absent: the account of the store.
    std::optional<std::string> sender{};
};

/// One message of a batch. The bytes of the body must live until the call returns.
struct send_entry {
    forebay::body body;
    send_options options{};
    /// 1 to 80 of [A-Za-z0-9_-], distinct in the batch; in all entries or in none.
    std::optional<std::string> id{};
};

/// One message of a batch to delete; a receipt handle alone is one.
struct delete_entry {
    delete_entry(const char *of) : receipt(of == nullptr ? "" : of) {}
    delete_entry(std::string_view of) : receipt(of) {}
    delete_entry(std::string of, std::optional<std::string> named = std::nullopt)
        : receipt(std::move(of)), id(std::move(named)) {}

    std::string receipt;
    /// As in send_entry.
    std::optional<std::string> id{};
};

/// An accepted message.
struct sent {
    std::string id;
    /// Position in the queue; on a FIFO queue the SequenceNumber.
    std::uint64_t sequence;
    /// True if it was not stored, as its deduplication id was sent less than five minutes ago.
    bool duplicate;
};

/// One message of a batch to hide for another time.
struct visibility_entry {
    std::string receipt;
    /// From now, 0 to 43,200 seconds; 0 makes the message visible at once.
    seconds timeout;
    /// As in send_entry.
    std::optional<std::string> id{};
};

/// How messages are received. Absent: as the queue says.
struct receive_options {
    /// 1 to 10,000; 0 for 1.
    std::uint32_t max = 1;
    /// 0 to 20 seconds.
    std::optional<seconds> wait{};
    /// 0 to 43,200 seconds.
    std::optional<seconds> visibility{};
    /// ReceiveRequestAttemptId, of FIFO queues only.
    std::optional<std::string> attempt{};
};

/// Which messages a peek shows.
struct peek_options {
    /// 1 to 10,000; 0 for 10.
    std::uint32_t limit = 10;
    /// Sum of FOREBAY_PEEK_ bits; 0 for all states.
    std::uint32_t states = 0;
    std::optional<std::string> group{};
    /// Only messages with a sequence above this.
    std::uint64_t after = 0;
};

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_OPTIONS_HPP */
