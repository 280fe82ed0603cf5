/*
 * What the parts of the driver share. Each verb is a function that has begun and filled the
 * answer when it returns FOREBAY_STATUS_OK; on another status the caller answers the error.
 */
#ifndef FOREBAY_DRIVER_H
#define FOREBAY_DRIVER_H

#include "wire.h"

#include <forebay.h>

/* The open store, or NULL. */
extern forebay_store *store;

/* Returns from a verb that failed. */
#define TRY(call)                                          \
    do {                                                   \
        forebay_status try_status = (call);                \
        if (try_status != FOREBAY_STATUS_OK) return try_status; \
    } while (0)

/* The queue that `request` names: the handle at hand, else a new one. */
forebay_status queue_of(const request *request, forebay_queue **queue);
/* Keeps a handle, so that it is used later also when its queue is deleted. */
forebay_status queue_keep(forebay_queue *queue);
/* Frees all handles. */
void queues_forget(void);

/* The list `key` of texts or of names and values, to be freed with free(). */
const char **read_texts(const request *request, const char *key, size_t *count);
forebay_pair *read_pairs(const request *request, const char *key, size_t *count);

forebay_status create_queue(const request *request);
forebay_status get_queue(const request *request);
forebay_status delete_queue(const request *request);
forebay_status list_queues(const request *request);
forebay_status dead_letter_sources(const request *request);
forebay_status get_attributes(const request *request);
forebay_status set_attributes(const request *request);
forebay_status tag(const request *request);
forebay_status untag(const request *request);
forebay_status list_tags(const request *request);
forebay_status purge(const request *request);

forebay_status send_one(const request *request);
forebay_status send_batch(const request *request);
forebay_status delete_one(const request *request);
forebay_status delete_batch(const request *request);
forebay_status change_visibility(const request *request);
forebay_status change_visibility_batch(const request *request);

forebay_status receive(const request *request);
forebay_status peek(const request *request);
forebay_status receive_start(const request *request);
forebay_status ticket_state(const request *request);
forebay_status await_ticket(const request *request);
forebay_status cancel_ticket(const request *request);
/* Cancels and frees all tickets. */
void tickets_forget(void);

forebay_status start_move_task(const request *request);
forebay_status cancel_move_task(const request *request);
forebay_status list_move_tasks(const request *request);

#endif
