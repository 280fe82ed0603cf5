// What two parts of a program share that are compiled as different standards: see mixed_a.cpp.
#pragma once

#include <forebay.hpp>

/// Receives all of a stream that was made elsewhere, until there were `count`.
std::size_t drain(forebay::message_stream stream, std::size_t count);

/// What the other part takes a stream to be.
std::size_t bytes_of_a_stream();
