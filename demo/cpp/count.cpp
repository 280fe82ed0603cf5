#include "count.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

namespace {

constexpr std::string_view poison = "FOREBAY-DEMO-POISON";
constexpr std::size_t kind_chars_max = 12;
constexpr std::size_t id_bytes_max = 128;

// Not std::isspace: that depends on the locale.
bool is_space(unsigned char byte) { return byte == ' ' || (byte >= 9 && byte <= 13); }

bool is_plain(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

} // namespace

std::optional<counts> count_file(const std::string &path) {
    static std::array<char, 64 << 10> block;
    const auto close = [](std::FILE *file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
    if (!file)
        return std::nullopt;
    counts sum;
    bool in_word = false;
    for (;;) {
        const std::string_view part(
            block.data(), std::fread(block.data(), 1, block.size(), file.get()));
        if (part.empty())
            break;
        if (sum.bytes == 0 && part.substr(0, poison.size()) == poison)
            return std::nullopt;
        sum.bytes += part.size();
        for (const char letter : part) {
            const bool space = is_space(static_cast<unsigned char>(letter));
            sum.lines += letter == '\n';
            sum.words += !space && !in_word;
            in_word = !space;
        }
    }
    if (std::ferror(file.get()))
        return std::nullopt;
    return sum;
}

std::string kind_of(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0)
        return "none";
    std::string kind(name.substr(dot + 1));
    if (kind.empty() || kind.size() > kind_chars_max ||
        !std::all_of(kind.begin(), kind.end(), is_plain))
        return "none";
    for (char &letter : kind)
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    return kind;
}

std::string deduplication_of(std::string_view path) {
    const auto is_mark = [](char letter) { return letter >= '!' && letter <= '~'; };
    if (path.size() <= id_bytes_max && std::all_of(path.begin(), path.end(), is_mark))
        return std::string(path);
    std::uint64_t hash = 0xcbf29ce484222325u; // FNV-1a, 64 bits
    for (const char letter : path)
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
    char id[64];
    std::snprintf(id, sizeof id, "%016llx-%zu", static_cast<unsigned long long>(hash),
                  path.size());
    return id;
}
