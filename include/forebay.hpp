/*
 * Forebay for C++17 and later: forebay.h with owners, views, and exceptions.
 *
 * Owners (store, queue, messages, owned_message, ticket) move and do not copy; each ends its
 * handle. Every method may be called from any thread, as in C. What `messages` lends (message,
 * its texts and its body) lives as long as the `messages` does.
 *
 * Failures throw forebay::error. With FOREBAY_NO_EXCEPTIONS defined nothing throws: every method
 * that can fail returns forebay::result<T> instead of T.
 *
 * bindings/cpp/README.md is the guide.
 */
#ifndef FOREBAY_HPP
#define FOREBAY_HPP

#include "forebay/lease.hpp"
#include "forebay/store.hpp"

#undef FOREBAY_TRY

#endif /* FOREBAY_HPP */
