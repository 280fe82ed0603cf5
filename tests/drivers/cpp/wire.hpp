// The line protocol of the scenario runner (tests/scenarios/README.md): a request is a line
// `verb key=value ...`, its answer a line `ok key=value ...` or `error number name text`; values
// are percent-encoded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// A request; the values of its fields are decoded.
class request {
public:
    /// Takes a line apart; throws std::invalid_argument if it does not follow the protocol.
    explicit request(const std::string &line);

    const std::string &verb() const { return verb_; }
    bool has(const std::string &key) const { return fields_.count(key) > 0; }
    /// A field that must be there.
    const std::string &text(const std::string &key) const;
    /// A field that may be absent.
    std::optional<std::string> find(const std::string &key) const;
    std::uint64_t number(const std::string &key, std::uint64_t fallback = 0) const;
    /// The list `key` of texts, or of names and values.
    std::vector<std::string> texts(const std::string &key) const;
    std::map<std::string, std::string> pairs(const std::string &key) const;

private:
    std::string verb_;
    std::map<std::string, std::string> fields_;
};

/// Prefix of record `index`, counted from 0, of a list: "entries.1.".
std::string record(const std::string &list, std::size_t index);

/// An answer under construction.
class answer {
public:
    void put(const std::string &key, std::string_view value);
    void put(const std::string &key, std::optional<std::string_view> value);
    void put(const std::string &key, std::uint64_t value);
    /// A number of 20 digits: a SequenceNumber.
    void put_sequence(const std::string &key, std::uint64_t value);
    void put_count(const std::string &list, std::size_t count) { put(list + ".count", count); }
    void put_names(const std::string &list, const std::vector<std::string> &names);
    void put_pairs(const std::string &list, const std::map<std::string, std::string> &pairs);

    /// The line, with its newline.
    std::string line() const { return line_ + '\n'; }
    static std::string error(int number, std::string_view name, std::string_view text);

private:
    std::string line_ = "ok";
};
