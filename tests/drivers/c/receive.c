/* Verbs that get messages from the library, and waits for them. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static const char *const ALL[] = {"All"};

/* Answers with an attribute as number `number` of message `index`. */
static void answer_attribute(const forebay_attribute *attribute, size_t index, size_t number) {
    answer_text(attribute->name, "messages.%zu.attributes.%zu.name", index + 1, number);
    answer_text(attribute->type_name, "messages.%zu.attributes.%zu.type", index + 1, number);
    answer_bytes(attribute->value, attribute->value_length, "messages.%zu.attributes.%zu.value",
                 index + 1, number);
}

static forebay_status answer_attributes(const forebay_messages *messages, size_t index,
                                        const char *const *names, size_t name_count) {
    forebay_list *selected;
    TRY(forebay_messages_select_attributes(messages, index, names, name_count, &selected));
    size_t count = forebay_list_count(selected);
    for (size_t at = 0; at < count; at++) {
        forebay_pair row;
        forebay_attribute attribute;
        TRY(forebay_list_get(selected, at, &row));
        TRY(forebay_messages_attribute_named(messages, index, row.name, &attribute));
        answer_attribute(&attribute, index, at + 1);
    }
    answer_number(count, "messages.%zu.attributes.count", index + 1);
    forebay_list_free(selected);
    char digest[FOREBAY_MD5_LENGTH];
    TRY(forebay_messages_md5_attributes(messages, index, names, name_count, &digest));
    if (digest[0] != '\0') answer_text(digest, "messages.%zu.md5_attributes", index + 1);
    return FOREBAY_STATUS_OK;
}

static forebay_status answer_system(const forebay_messages *messages, size_t index,
                                    const char *const *names, size_t name_count) {
    forebay_list *attributes;
    TRY(forebay_messages_system_attributes(messages, index, names, name_count, &attributes));
    size_t count = forebay_list_count(attributes);
    for (size_t at = 0; at < count; at++) {
        forebay_pair row;
        TRY(forebay_list_get(attributes, at, &row));
        answer_text(row.name, "messages.%zu.system.%zu.name", index + 1, at + 1);
        answer_text(row.value, "messages.%zu.system.%zu.value", index + 1, at + 1);
    }
    answer_number(count, "messages.%zu.system.count", index + 1);
    forebay_list_free(attributes);
    return FOREBAY_STATUS_OK;
}

/* What a receive and a peek tell alike. */
static forebay_status answer_message(const forebay_messages *messages, size_t index,
                                     forebay_message *message) {
    char digest[FOREBAY_MD5_LENGTH];
    size_t number = index + 1;
    TRY(forebay_messages_get(messages, index, message, sizeof *message));
    answer_text(message->id, "messages.%zu.id", number);
    answer_bytes(message->body, message->body_length, "messages.%zu.body", number);
    answer_number(message->receive_count, "messages.%zu.receive_count", number);
    answer_number(message->sent_ms, "messages.%zu.sent_ms", number);
    answer_text(message->sender, "messages.%zu.sender", number);
    answer_text(message->group, "messages.%zu.group", number);
    answer_text(message->deduplication, "messages.%zu.dedup", number);
    answer_text(message->trace_header, "messages.%zu.trace_header", number);
    answer_text(message->dead_letter_source, "messages.%zu.dead_letter_source", number);
    if (message->first_receive_ms != 0) {
        answer_number(message->first_receive_ms, "messages.%zu.first_receive_ms", number);
    }
    if (message->visible_ms != 0) {
        answer_number(message->visible_ms, "messages.%zu.visible_ms", number);
    }
    TRY(forebay_messages_md5_body(messages, index, &digest));
    answer_text(digest, "messages.%zu.md5_body", number);
    return FOREBAY_STATUS_OK;
}

/* Answers with received messages, and frees them. */
static forebay_status answer_received(forebay_messages *messages, bool is_fifo,
                                      const char *const *names, size_t name_count,
                                      const char *const *system, size_t system_count) {
    size_t count = forebay_messages_count(messages);
    for (size_t index = 0; index < count; index++) {
        forebay_message message;
        TRY(answer_message(messages, index, &message));
        answer_text(message.receipt, "messages.%zu.receipt", index + 1);
        if (is_fifo) answer_sequence(message.sequence, "messages.%zu.sequence", index + 1);
        TRY(answer_attributes(messages, index, names, name_count));
        TRY(answer_system(messages, index, system, system_count));
    }
    answer_number(count, "messages.count");
    forebay_messages_free(messages);
    return FOREBAY_STATUS_OK;
}

static void read_options(const request *request, forebay_receive_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->max = (uint32_t)request_number(request, 0, "max");
    options->has_wait_s = request_find(request, "wait") != NULL;
    options->wait_s = (uint32_t)request_number(request, 0, "wait");
    options->has_visibility_s = request_find(request, "visibility") != NULL;
    options->visibility_s = (uint32_t)request_number(request, 0, "visibility");
    options->attempt = request_text(request, "attempt");
}

forebay_status receive(const request *request) {
    forebay_queue *queue;
    forebay_messages *messages;
    forebay_receive_options options;
    bool is_fifo;
    TRY(queue_of(request, &queue));
    TRY(forebay_queue_is_fifo(queue, &is_fifo));
    read_options(request, &options);
    TRY(forebay_queue_receive(queue, &options, &messages));
    size_t name_count = 1;
    size_t system_count;
    bool all = request_find(request, "attribute_names.count") == NULL;
    const char **names = all ? NULL : read_texts(request, "attribute_names", &name_count);
    const char **system = read_texts(request, "system_names", &system_count);
    forebay_status status = answer_received(messages, is_fifo, all ? ALL : names, name_count,
                                            system, system_count);
    free(names);
    free(system);
    return status;
}

static uint32_t state_bits(const request *request) {
    static const struct {
        const char *name;
        uint32_t bit;
    } states[] = {
        {"delayed", FOREBAY_PEEK_DELAYED},
        {"visible", FOREBAY_PEEK_VISIBLE},
        {"in_flight", FOREBAY_PEEK_IN_FLIGHT},
    };
    uint32_t bits = 0;
    size_t count;
    const char **wanted = read_texts(request, "states", &count);
    for (size_t index = 0; index < count; index++) {
        for (size_t at = 0; at < sizeof states / sizeof *states; at++) {
            if (strcmp(wanted[index], states[at].name) == 0) bits |= states[at].bit;
        }
    }
    free(wanted);
    return bits;
}

static const char *state_name(int32_t state) {
    switch (state) {
        case FOREBAY_STATE_DELAYED: return "delayed";
        case FOREBAY_STATE_VISIBLE: return "visible";
        case FOREBAY_STATE_IN_FLIGHT: return "in_flight";
        default: return "unknown";
    }
}

forebay_status peek(const request *request) {
    forebay_queue *queue;
    forebay_messages *messages;
    forebay_peek_options options = {0};
    TRY(queue_of(request, &queue));
    options.size = sizeof options;
    options.group = request_text(request, "group");
    options.after = request_number(request, 0, "after");
    options.limit = (uint32_t)request_number(request, 0, "max");
    options.states = state_bits(request);
    TRY(forebay_queue_peek(queue, &options, &messages));
    size_t count = forebay_messages_count(messages);
    for (size_t index = 0; index < count; index++) {
        forebay_message message;
        TRY(answer_message(messages, index, &message));
        answer_text(state_name(message.state), "messages.%zu.state", index + 1);
        answer_number(message.sequence, "messages.%zu.sequence", index + 1);
        for (size_t at = 0; at < message.attribute_count; at++) {
            forebay_attribute attribute;
            TRY(forebay_messages_attribute(messages, index, at, &attribute));
            answer_attribute(&attribute, index, at + 1);
        }
        answer_number(message.attribute_count, "messages.%zu.attributes.count", index + 1);
    }
    answer_number(count, "messages.count");
    forebay_messages_free(messages);
    return FOREBAY_STATUS_OK;
}

/* A receive under way. */
typedef struct {
    char name[80];
    forebay_ticket *ticket;
    bool is_fifo;
} started;

static started waits[16];

static started *find_wait(const char *name) {
    for (size_t index = 0; index < sizeof waits / sizeof *waits; index++) {
        started *wait = &waits[index];
        if (name == NULL ? wait->ticket == NULL
                         : wait->ticket != NULL && strcmp(wait->name, name) == 0) {
            return wait;
        }
    }
    return NULL;
}

static void forget(started *wait) {
    forebay_ticket_free(wait->ticket);
    wait->ticket = NULL;
}

void tickets_forget(void) {
    for (size_t index = 0; index < sizeof waits / sizeof *waits; index++) forget(&waits[index]);
}

forebay_status receive_start(const request *request) {
    forebay_queue *queue;
    forebay_receive_options options;
    started *wait = find_wait(NULL);
    if (wait == NULL) return FOREBAY_STATUS_OVER_LIMIT;
    TRY(queue_of(request, &queue));
    TRY(forebay_queue_is_fifo(queue, &wait->is_fifo));
    read_options(request, &options);
    strncpy(wait->name, request_text(request, "ticket"), sizeof wait->name - 1);
    return forebay_queue_receive_start(queue, &options, NULL, NULL, &wait->ticket);
}

static forebay_status wait_of(const request *request, started **wait) {
    *wait = find_wait(request_text(request, "ticket"));
    return *wait == NULL ? FOREBAY_STATUS_INVALID_ARGUMENT : FOREBAY_STATUS_OK;
}

forebay_status ticket_state(const request *request) {
    started *wait;
    bool done;
    TRY(wait_of(request, &wait));
    TRY(forebay_ticket_is_done(wait->ticket, &done));
    answer_number(done, "done");
    return FOREBAY_STATUS_OK;
}

forebay_status await_ticket(const request *request) {
    started *wait;
    forebay_messages *messages;
    bool done;
    TRY(wait_of(request, &wait));
    TRY(forebay_ticket_wait(wait->ticket, -1, &done));
    forebay_status status = forebay_ticket_take(wait->ticket, &messages);
    if (status == FOREBAY_STATUS_OK) {
        status = answer_received(messages, wait->is_fifo, ALL, 1, NULL, 0);
    }
    forget(wait);
    return status;
}

/* Must leave a result, if only that it was cancelled. */
forebay_status cancel_ticket(const request *request) {
    started *wait;
    forebay_messages *messages;
    TRY(wait_of(request, &wait));
    TRY(forebay_ticket_cancel(wait->ticket));
    forebay_status status = forebay_ticket_take(wait->ticket, &messages);
    if (status == FOREBAY_STATUS_OK) forebay_messages_free(messages);
    forget(wait);
    if (status == FOREBAY_STATUS_CANCELLED) return FOREBAY_STATUS_OK;
    return status == FOREBAY_STATUS_OK ? FOREBAY_STATUS_UNSUPPORTED_OPERATION : status;
}
