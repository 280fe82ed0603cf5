// What the parts of the driver share. A verb is a function that fills in the answer, or throws
// forebay::error.
#pragma once

#include "wire.hpp"

#include <forebay.hpp>

/// What is open.
struct world {
    std::optional<forebay::store> store;
    /// A queue keeps its handle, so that it is used later also when it was deleted.
    std::map<std::string, forebay::queue> queues;
    std::map<std::string, forebay::ticket> tickets;
    /// Whether the queue of a ticket is a FIFO queue.
    std::map<std::string, bool> fifo_tickets;

    /// The open store; FOREBAY_STATUS_INVALID_ARGUMENT where none is.
    forebay::store &opened();
    /// The queue that `request` names.
    forebay::queue &queue_of(const request &request);
    /// Forgets everything, waits first.
    void close();
};

using verb = void (*)(world &, const request &, answer &);

/// Whether the name is known; then it was called.
bool call_queue_verb(world &world, const request &request, answer &answer);
bool call_send_verb(world &world, const request &request, answer &answer);
bool call_receive_verb(world &world, const request &request, answer &answer);
bool call_task_verb(world &world, const request &request, answer &answer);

/// Calls the verb of a table.
bool call_one_of(const std::map<std::string, verb> &verbs, world &world, const request &request,
                 answer &answer);
