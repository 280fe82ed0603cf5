#include "wire.hpp"

#include <cctype>
#include <cstdio>

namespace {

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    throw std::invalid_argument("not a hexadecimal digit");
}

std::string decoded(std::string_view text) {
    std::string value;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            value += text[at];
            continue;
        }
        if (at + 2 >= text.size())
            throw std::invalid_argument("the value ends within an escape");
        value += static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
        at += 2;
    }
    return value;
}

std::string encoded(std::string_view value) {
    static const std::string_view plain = "-._~:/";
    std::string text;
    for (const char letter : value) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool is_letter = byte < 128 && std::isalnum(byte) != 0;
        if (is_letter || plain.find(letter) != std::string_view::npos) {
            text += letter;
            continue;
        }
        char escape[4];
        std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned>(byte));
        text += escape;
    }
    return text;
}

} // namespace

request::request(const std::string &line) {
    std::string_view rest(line);
    const auto next = [&rest] {
        const auto end = rest.find(' ');
        const auto word = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        return word;
    };
    verb_ = next();
    while (!rest.empty()) {
        const auto word = next();
        const auto equals = word.find('=');
        if (equals == std::string_view::npos)
            throw std::invalid_argument("a field without '='");
        fields_[std::string(word.substr(0, equals))] = decoded(word.substr(equals + 1));
    }
}

const std::string &request::text(const std::string &key) const {
    static const std::string none;
    const auto found = fields_.find(key);
    return found == fields_.end() ? none : found->second;
}

std::optional<std::string> request::find(const std::string &key) const {
    const auto found = fields_.find(key);
    return found == fields_.end() ? std::nullopt : std::optional(found->second);
}

std::uint64_t request::number(const std::string &key, std::uint64_t fallback) const {
    const auto found = fields_.find(key);
    return found == fields_.end() ? fallback : std::stoull(found->second);
}

std::vector<std::string> request::texts(const std::string &key) const {
    std::vector<std::string> all;
    for (std::size_t index = 0; index < number(key + ".count"); ++index)
        all.push_back(text(key + "." + std::to_string(index + 1)));
    return all;
}

std::map<std::string, std::string> request::pairs(const std::string &key) const {
    std::map<std::string, std::string> all;
    for (std::size_t index = 0; index < number(key + ".count"); ++index) {
        const auto prefix = record(key, index);
        all[text(prefix + "name")] = text(prefix + "value");
    }
    return all;
}

std::string record(const std::string &list, std::size_t index) {
    return list + "." + std::to_string(index + 1) + ".";
}

void answer::put(const std::string &key, std::string_view value) {
    line_ += ' ' + key + '=' + encoded(value);
}

void answer::put(const std::string &key, std::optional<std::string_view> value) {
    if (value)
        put(key, *value);
}

void answer::put(const std::string &key, std::uint64_t value) {
    put(key, std::string_view(std::to_string(value)));
}

void answer::put_sequence(const std::string &key, std::uint64_t value) {
    const auto digits = std::to_string(value);
    put(key, std::string_view(std::string(20 - digits.size(), '0') + digits));
}

void answer::put_names(const std::string &list, const std::vector<std::string> &names) {
    for (std::size_t index = 0; index < names.size(); ++index)
        put(record(list, index) + "name", std::string_view(names[index]));
    put_count(list, names.size());
}

void answer::put_pairs(const std::string &list, const std::map<std::string, std::string> &pairs) {
    std::size_t index = 0;
    for (const auto &[name, value] : pairs) {
        const auto prefix = record(list, index++);
        put(prefix + "name", std::string_view(name));
        put(prefix + "value", std::string_view(value));
    }
    put_count(list, pairs.size());
}

std::string answer::error(int number, std::string_view name, std::string_view text) {
    return "error " + std::to_string(number) + ' ' + std::string(name) + ' ' + encoded(text) +
           '\n';
}
