// Counting one file, by the rules of ../src/count.rs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct counts {
    std::uint64_t words = 0; // longest runs of bytes that are not white space
    std::uint64_t lines = 0; // newline bytes
    std::uint64_t bytes = 0;
};

/// The counts of a file; none for what cannot be read or is marked as poison.
std::optional<counts> count_file(const std::string &path);

/// The type of a file: its extension in lower case, or "none".
std::string kind_of(std::string_view path);

/// The deduplication id of a file's result: its path where that is one, else a hash of it.
std::string deduplication_of(std::string_view path);
