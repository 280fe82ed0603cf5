/* Stores and queues to test with, at the location that the program was given. */
#ifndef WORLD_H
#define WORLD_H

#include "check.h"
#include <stdint.h>
#include <stdlib.h>

/* A time that shows up in texts: 2026-01-01. */
#define START_MS UINT64_C(1767225600000)

extern const char *world_location;

#ifdef CHECK_MAIN
const char *world_location;
#endif

/* Opens the program's location with a clock that stands still. */
static inline forebay_store *open_manual(void)
{
    forebay_open_options options;
    forebay_store *store = NULL;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.clock = FOREBAY_CLOCK_MANUAL;
    options.clock_start_ms = START_MS;
    options.no_sixty_second_rules = 1;
    OK(forebay_open(world_location, &options, &store));
    return store;
}

/* A queue of this name without what an earlier test left in it. */
static inline forebay_queue *fresh_queue(forebay_store *store, const char *name,
                                         const forebay_queue_options *options)
{
    forebay_queue *queue = NULL;
    const forebay_status status = forebay_delete_queue(store, name);

    CHECK(status == FOREBAY_STATUS_OK || status == FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST);
    OK(forebay_create_queue(store, name, options, &queue));
    return queue;
}

static inline void send_text(forebay_queue *queue, const char *text)
{
    OK(forebay_queue_send(queue, (const uint8_t *)text, strlen(text), NULL, NULL, 0));
}

/* Receives up to `max` messages without a wait. */
static inline forebay_messages *receive(forebay_queue *queue, uint32_t max)
{
    forebay_receive_options options;
    forebay_messages *messages = NULL;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.max = max;
    OK(forebay_queue_receive(queue, &options, &messages));
    return messages;
}

static inline forebay_message message_at(const forebay_messages *messages, size_t index)
{
    forebay_message message;

    memset(&message, 0, sizeof message);
    OK(forebay_messages_get(messages, index, &message, sizeof message));
    return message;
}

static inline int body_is(const forebay_message *message, const char *text)
{
    return message->body_length == strlen(text) &&
           memcmp(message->body, text, message->body_length) == 0;
}

/* The value of a name in a list, or "" if it has no such name. */
static inline const char *value_of(const forebay_list *list, const char *name)
{
    size_t index;

    for (index = 0; index < forebay_list_count(list); index++) {
        forebay_pair row;
        OK(forebay_list_get(list, index, &row));
        if (strcmp(row.name, name) == 0)
            return row.value == NULL ? "" : row.value;
    }
    return "";
}

static inline size_t receive_count(forebay_queue *queue, uint32_t max)
{
    forebay_messages *messages = receive(queue, max);
    const size_t count = forebay_messages_count(messages);

    forebay_messages_free(messages);
    return count;
}

#endif
