/* The library's version, and digests as SQS computes them. Included by forebay.hpp. */
#ifndef FOREBAY_DIGEST_HPP
#define FOREBAY_DIGEST_HPP

#include "options.hpp"

namespace forebay {
inline namespace FOREBAY_STYLE {

/// The version of the library that is linked, such as "0.1.0".
inline std::string_view version() noexcept { return forebay_version(); }

/// True where the linked library has the ABI that this header describes.
inline bool abi_matches() noexcept { return forebay_abi_version() == FOREBAY_ABI_VERSION; }

namespace detail {

inline std::vector<forebay_attribute> c_attributes(const std::vector<attribute> &attributes) {
    std::vector<forebay_attribute> raw;
    raw.reserve(attributes.size());
    for (const auto &one : attributes)
        raw.push_back({c_text(one.name), c_text(one.type),
                       reinterpret_cast<const std::uint8_t *>(one.value.data()),
                       one.value.size()});
    return raw;
}

} // namespace detail

/// MD5OfMessageBody: 32 hexadecimal digits.
inline returned<std::string> md5(body of) {
    char digest[FOREBAY_MD5_LENGTH] = {};
    const auto status = forebay_md5(of.data(), of.size(), &digest);
    if (status != FOREBAY_STATUS_OK)
        return detail::fail<std::string>(status);
    return std::string(digest);
}

/// MD5OfMessageAttributes; empty without attributes, as SQS gives none then.
inline returned<std::string> md5(const std::vector<attribute> &attributes) {
    const auto given = detail::c_attributes(attributes);
    char digest[FOREBAY_MD5_LENGTH] = {};
    const auto status = forebay_md5_attributes(given.data(), given.size(), &digest);
    if (status != FOREBAY_STATUS_OK)
        return detail::fail<std::string>(status);
    return std::string(digest);
}

} // namespace FOREBAY_STYLE
} // namespace forebay

#endif /* FOREBAY_DIGEST_HPP */
