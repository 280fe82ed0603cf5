/* Failures, and what the other headers share. Included by forebay.hpp. */
#ifndef FOREBAY_RESULT_HPP
#define FOREBAY_RESULT_HPP

#include "../forebay.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if __cplusplus > 202002L && __has_include(<expected>)
#include <expected>
#endif

/* Programs of both styles can be linked together: each has its own namespace. */
#ifdef FOREBAY_NO_EXCEPTIONS
#define FOREBAY_STYLE no_exceptions
#else
#define FOREBAY_STYLE exceptions
#include <stdexcept>
#endif

namespace forebay {
inline namespace FOREBAY_STYLE {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Milliseconds since the epoch, on the clock of the store.
using time_point = std::chrono::time_point<std::chrono::system_clock, milliseconds>;

/// What went wrong: a status for programs and a sentence for people.
class failure {
public:
    failure(forebay_status status, std::string text) : status_(status), text_(std::move(text)) {}

    forebay_status code() const noexcept { return status_; }
    /// The SQS error code, or the library's own.
    const char *name() const noexcept { return forebay_status_name(status_); }
    /// True where the same call may succeed later without any change by the caller.
    bool retryable() const noexcept { return forebay_status_retryable(status_); }
    const std::string &text() const noexcept { return text_; }

private:
    forebay_status status_;
    std::string text_;
};

/// A value, or the failure in its place.
template <class T> class [[nodiscard]] result {
public:
    result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    result(failure reason) : content_(std::in_place_index<1>, std::move(reason)) {}

    bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The value. Only where has_value(): otherwise the behaviour is undefined.
    T &value() & noexcept { return *std::get_if<0>(&content_); }
    const T &value() const & noexcept { return *std::get_if<0>(&content_); }
    T &&value() && noexcept { return std::move(*std::get_if<0>(&content_)); }
    T &operator*() & noexcept { return value(); }
    const T &operator*() const & noexcept { return value(); }
    T &&operator*() && noexcept { return std::move(*this).value(); }
    T *operator->() noexcept { return std::get_if<0>(&content_); }
    const T *operator->() const noexcept { return std::get_if<0>(&content_); }

    /// The failure. Only where not has_value(): otherwise the behaviour is undefined.
    const failure &error() const noexcept { return *std::get_if<1>(&content_); }
    forebay_status code() const noexcept {
        return has_value() ? FOREBAY_STATUS_OK : error().code();
    }

    /// The value, or `other` in the place of a failure.
    template <class Other> T value_or(Other &&other) && {
        return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<Other>(other));
    }

#ifdef __cpp_lib_expected
    /// The same as the standard has it, from C++23 on.
    std::expected<T, failure> expected() && {
        if (has_value())
            return std::move(*this).value();
        return std::unexpected(error());
    }
#endif

private:
    std::variant<T, failure> content_;
};

/// Success, or the failure in its place.
template <> class [[nodiscard]] result<void> {
public:
    result() = default;
    result(failure reason) : reason_(std::move(reason)) {}

    bool has_value() const noexcept { return !reason_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    /// The failure. Only where not has_value(): otherwise the behaviour is undefined.
    const failure &error() const noexcept { return *reason_; }
    forebay_status code() const noexcept {
        return has_value() ? FOREBAY_STATUS_OK : reason_->code();
    }

#ifdef __cpp_lib_expected
    /// The same as the standard has it, from C++23 on.
    std::expected<void, failure> expected() && {
        if (has_value())
            return {};
        return std::unexpected(error());
    }
#endif

private:
    std::optional<failure> reason_;
};

#ifndef FOREBAY_NO_EXCEPTIONS
/// Thrown by everything that fails.
class error : public std::runtime_error {
public:
    explicit error(failure reason)
        : std::runtime_error(reason.text()), reason_(std::move(reason)) {}

    forebay_status code() const noexcept { return reason_.code(); }
    const char *name() const noexcept { return reason_.name(); }
    bool retryable() const noexcept { return reason_.retryable(); }
    const failure &reason() const noexcept { return reason_; }

private:
    failure reason_;
};

/// Calls `call` and gives its result, or the failure that it throws: for places where failing is
/// nothing exceptional. Other exceptions pass through.
template <class Call> auto attempt(Call call) -> result<decltype(call())> {
    try {
        if constexpr (std::is_void_v<decltype(call())>) {
            call();
            return {};
        } else {
            return call();
        }
    } catch (const error &caught) {
        return caught.reason();
    }
}
#endif

namespace detail {

#ifdef FOREBAY_NO_EXCEPTIONS
template <class T> using returned = result<T>;

template <class T> returned<T> fail(forebay_status status) {
    return failure(status, forebay_last_error());
}

/// Hands a failure of an inner call on.
#define FOREBAY_TRY(variable, call)                                                                \
    auto variable##_result = (call);                                                               \
    if (!variable##_result)                                                                        \
        return variable##_result.error();                                                          \
    auto variable = std::move(*variable##_result)
#else
template <class T> using returned = T;

template <class T> [[noreturn]] returned<T> fail(forebay_status status) {
    throw error(failure(status, forebay_last_error()));
}

#define FOREBAY_TRY(variable, call) auto variable = (call)
#endif

/// What this header refuses by itself.
template <class T> returned<T> refuse(const std::string &text) {
    failure reason(FOREBAY_STATUS_INVALID_ARGUMENT, text);
#ifdef FOREBAY_NO_EXCEPTIONS
    return reason;
#else
    throw error(std::move(reason));
#endif
}

/// A time that must not be negative.
template <class T> returned<T> refuse_negative(const char *name, milliseconds given) {
    return refuse<T>(std::string(name) + " is " + std::to_string(given.count()) +
                     " ms; it must be 0 or more");
}

/// Success or failure of a call without a result.
inline returned<void> done(forebay_status status) {
    if (status != FOREBAY_STATUS_OK)
        return fail<void>(status);
    return returned<void>();
}

template <class Handle, void (*End)(Handle *)> struct ender {
    void operator()(Handle *handle) const noexcept { End(handle); }
};

inline void close_store(forebay_store *store) { forebay_store_close(store); }

template <class Handle, void (*End)(Handle *)>
using owner = std::unique_ptr<Handle, ender<Handle, End>>;

using list = owner<forebay_list, forebay_list_free>;

/// A text for C, which ends at the first NUL: what lies behind it would be lost without a word, and
/// another queue, group or tenant be named. A text with NUL goes as one that C refuses as such.
inline const char *c_text(const std::string &text) {
    return text.find('\0') == std::string::npos ? text.c_str() : "\xC0\x80";
}

inline const char *c_text(const std::optional<std::string> &text) {
    return text ? c_text(*text) : nullptr;
}

/// Seconds for C, where a negative number is a large one, which every range refuses and names.
inline std::uint32_t c_seconds(seconds duration) {
    const auto count = duration.count();
    if (count > INT32_MAX)
        return INT32_MAX;
    return static_cast<std::uint32_t>(count < INT32_MIN ? INT32_MIN : count);
}

inline time_point since_epoch(std::uint64_t ms) {
    return time_point(milliseconds(static_cast<milliseconds::rep>(ms)));
}

inline std::string_view view(const char *text) {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

inline std::optional<std::string_view> optional_view(const char *text) {
    if (text == nullptr)
        return std::nullopt;
    return std::string_view(text);
}

inline std::vector<const char *> pointers(const std::vector<std::string> &texts) {
    std::vector<const char *> all;
    all.reserve(texts.size());
    for (const auto &text : texts)
        all.push_back(c_text(text));
    return all;
}

inline std::vector<forebay_pair> pairs(const std::map<std::string, std::string> &texts) {
    std::vector<forebay_pair> all;
    all.reserve(texts.size());
    for (const auto &[name, value] : texts)
        all.push_back({c_text(name), c_text(value)});
    return all;
}

/// Calls `take` with each row of a list; where it gives a status, one that is not OK ends it.
template <class Take> forebay_status each_row(const list &rows, Take take) {
    const std::size_t count = forebay_list_count(rows.get());
    for (std::size_t index = 0; index < count; ++index) {
        forebay_pair row{};
        auto status = forebay_list_get(rows.get(), index, &row);
        if (status != FOREBAY_STATUS_OK)
            return status;
        if constexpr (std::is_void_v<decltype(take(row))>)
            take(row);
        else
            status = take(row);
        if (status != FOREBAY_STATUS_OK)
            return status;
    }
    return FOREBAY_STATUS_OK;
}

inline returned<std::vector<std::string>> names_of(const list &rows) {
    std::vector<std::string> names;
    const auto status =
        each_row(rows, [&](const forebay_pair &row) { names.emplace_back(row.name); });
    if (status != FOREBAY_STATUS_OK)
        return fail<std::vector<std::string>>(status);
    return names;
}

inline returned<std::map<std::string, std::string>> map_of(const list &rows) {
    std::map<std::string, std::string> map;
    const auto status =
        each_row(rows, [&](const forebay_pair &row) { map.emplace(row.name, row.value); });
    if (status != FOREBAY_STATUS_OK)
        return fail<std::map<std::string, std::string>>(status);
    return map;
}

} // namespace detail

/// A page of names, and what asks for the next one.
struct names_page {
    std::vector<std::string> names;
    /// Absent on the last page.
    std::optional<std::string> next;
};

namespace detail {

/// A list of names with its token.
inline returned<names_page> page_of(const list &rows) {
    names_page page;
    auto status =
        each_row(rows, [&](const forebay_pair &row) { page.names.emplace_back(row.name); });
    const char *next = nullptr;
    if (status == FOREBAY_STATUS_OK)
        status = forebay_list_next_token(rows.get(), &next);
    if (status != FOREBAY_STATUS_OK)
        return fail<names_page>(status);
    if (next != nullptr)
        page.next = next;
    return page;
}

/// All pages of names; `page` gives the one after a token.
template <class Page> returned<std::vector<std::string>> all_names(Page page) {
    std::vector<std::string> names;
    std::optional<std::string> token;
    do {
        FOREBAY_TRY(one, page(token));
        names.insert(names.end(), one.names.begin(), one.names.end());
        token = std::move(one.next);
    } while (token);
    return names;
}

} // namespace detail

/// What a method gives: T, or with FOREBAY_NO_EXCEPTIONS a result<T>.
template <class T> using returned = detail::returned<T>;

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_RESULT_HPP */
