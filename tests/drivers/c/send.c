/* Verbs that give the library messages or receipts. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message to send, and the memory of its parts. */
typedef struct {
    forebay_send_options options;
    forebay_attribute *attributes;
    const uint8_t *body;
    size_t body_length;
} message;

static void read_attributes(const request *request, const char *prefix, message *message) {
    size_t count = (size_t)request_number(request, 0, "%sattributes.count", prefix);
    message->attributes = allocate(count, sizeof *message->attributes);
    for (size_t index = 0; index < count; index++) {
        forebay_attribute *attribute = &message->attributes[index];
        const field *value = request_find(request, "%sattributes.%zu.value", prefix, index + 1);
        attribute->name = request_text(request, "%sattributes.%zu.name", prefix, index + 1);
        attribute->type_name = request_text(request, "%sattributes.%zu.type", prefix, index + 1);
        attribute->value = value == NULL ? NULL : (const uint8_t *)value->value;
        attribute->value_length = value == NULL ? 0 : value->length;
    }
    message->options.attributes = message->attributes;
    message->options.attribute_count = count;
}

static void read_message(const request *request, const char *prefix, message *message) {
    const field *body = request_find(request, "%sbody", prefix);
    memset(message, 0, sizeof *message);
    message->body = body == NULL ? NULL : (const uint8_t *)body->value;
    message->body_length = body == NULL ? 0 : body->length;
    forebay_send_options *options = &message->options;
    options->size = sizeof *options;
    options->group = request_text(request, "%sgroup", prefix);
    options->deduplication = request_text(request, "%sdedup", prefix);
    options->trace_header = request_text(request, "%strace_header", prefix);
    options->sender = request_text(request, "%ssender", prefix);
    options->has_delay_s = request_find(request, "%sdelay", prefix) != NULL;
    options->delay_s = (uint32_t)request_number(request, 0, "%sdelay", prefix);
    read_attributes(request, prefix, message);
}

static void answer_digest(const char *digest, const char *prefix, const char *name) {
    if (digest[0] != '\0') answer_text(digest, "%s%s", prefix, name);
}

static forebay_status answer_sent(forebay_queue *queue, const message *message,
                                  const forebay_sent *sent, const char *prefix) {
    char digest[FOREBAY_MD5_LENGTH];
    bool is_fifo;
    TRY(forebay_queue_is_fifo(queue, &is_fifo));
    answer_text(sent->id, "%sid", prefix);
    answer_number((uint64_t)sent->duplicate, "%sduplicate", prefix);
    if (is_fifo) answer_sequence(sent->sequence, "%ssequence", prefix);
    TRY(forebay_md5(message->body, message->body_length, &digest));
    answer_digest(digest, prefix, "md5_body");
    const forebay_send_options *options = &message->options;
    TRY(forebay_md5_attributes(options->attributes, options->attribute_count, &digest));
    answer_digest(digest, prefix, "md5_attributes");
    if (options->trace_header != NULL) {
        forebay_attribute header = {"AWSTraceHeader", "String",
                                    (const uint8_t *)options->trace_header,
                                    strlen(options->trace_header)};
        TRY(forebay_md5_attributes(&header, 1, &digest));
        answer_digest(digest, prefix, "md5_system");
    }
    return FOREBAY_STATUS_OK;
}

forebay_status send_one(const request *request) {
    forebay_queue *queue;
    forebay_sent sent;
    message message;
    TRY(queue_of(request, &queue));
    read_message(request, "", &message);
    forebay_status status = forebay_queue_send(queue, message.body, message.body_length,
                                               &message.options, &sent, sizeof sent);
    if (status == FOREBAY_STATUS_OK) status = answer_sent(queue, &message, &sent, "");
    free(message.attributes);
    return status;
}

static void entry_prefix(char *prefix, size_t size, size_t index) {
    snprintf(prefix, size, "entries.%zu.", index + 1);
}

/* Answers code and text of entry `index`; true if it succeeded. */
static forebay_status answer_entry(const forebay_results *results, size_t index, bool *succeeded) {
    forebay_status status;
    const char *error;
    TRY(forebay_results_get(results, index, &status, &error));
    *succeeded = status == FOREBAY_STATUS_OK;
    answer_text(forebay_status_name(status), "entries.%zu.code", index + 1);
    if (!*succeeded) answer_text(error, "entries.%zu.text", index + 1);
    return FOREBAY_STATUS_OK;
}

/* Answers with the results of a batch, and frees them. `messages` are those of a send. */
static forebay_status answer_results(forebay_queue *queue, const message *messages,
                                     forebay_results *results) {
    size_t count = forebay_results_count(results);
    for (size_t index = 0; index < count; index++) {
        char prefix[40];
        bool succeeded;
        entry_prefix(prefix, sizeof prefix, index);
        TRY(answer_entry(results, index, &succeeded));
        if (messages != NULL && succeeded) {
            forebay_sent sent;
            TRY(forebay_results_sent(results, index, &sent, sizeof sent));
            TRY(answer_sent(queue, &messages[index], &sent, prefix));
        }
    }
    answer_number(count, "entries.count");
    forebay_results_free(results);
    return FOREBAY_STATUS_OK;
}

forebay_status send_batch(const request *request) {
    forebay_queue *queue;
    forebay_results *results;
    TRY(queue_of(request, &queue));
    size_t count = (size_t)request_number(request, 0, "entries.count");
    message *messages = allocate(count, sizeof *messages);
    forebay_send_entry *entries = allocate(count, sizeof *entries);
    for (size_t index = 0; index < count; index++) {
        char prefix[40];
        entry_prefix(prefix, sizeof prefix, index);
        read_message(request, prefix, &messages[index]);
        entries[index].body = messages[index].body;
        entries[index].body_length = messages[index].body_length;
        entries[index].options = &messages[index].options;
        entries[index].id = request_text(request, "%sid", prefix);
    }
    forebay_status status = forebay_queue_send_batch(queue, entries, count, &results);
    if (status == FOREBAY_STATUS_OK) status = answer_results(queue, messages, results);
    for (size_t index = 0; index < count; index++) free(messages[index].attributes);
    free(messages);
    free(entries);
    return status;
}

forebay_status delete_one(const request *request) {
    forebay_queue *queue;
    TRY(queue_of(request, &queue));
    return forebay_queue_delete(queue, request_text(request, "receipt"));
}

forebay_status delete_batch(const request *request) {
    forebay_queue *queue;
    forebay_results *results;
    TRY(queue_of(request, &queue));
    size_t count = (size_t)request_number(request, 0, "entries.count");
    forebay_delete_entry *entries = allocate(count, sizeof *entries);
    for (size_t index = 0; index < count; index++) {
        entries[index].receipt = request_text(request, "entries.%zu.receipt", index + 1);
        entries[index].id = request_text(request, "entries.%zu.id", index + 1);
    }
    forebay_status status = forebay_queue_delete_batch(queue, entries, count, &results);
    free(entries);
    return status == FOREBAY_STATUS_OK ? answer_results(queue, NULL, results) : status;
}

forebay_status change_visibility(const request *request) {
    forebay_queue *queue;
    TRY(queue_of(request, &queue));
    return forebay_queue_change_visibility(queue, request_text(request, "receipt"),
                                           (uint32_t)request_number(request, 0, "seconds"));
}

forebay_status change_visibility_batch(const request *request) {
    forebay_queue *queue;
    forebay_results *results;
    TRY(queue_of(request, &queue));
    size_t count = (size_t)request_number(request, 0, "entries.count");
    forebay_visibility_entry *entries = allocate(count, sizeof *entries);
    for (size_t index = 0; index < count; index++) {
        entries[index].receipt = request_text(request, "entries.%zu.receipt", index + 1);
        entries[index].id = request_text(request, "entries.%zu.id", index + 1);
        entries[index].timeout_s =
            (uint32_t)request_number(request, 0, "entries.%zu.seconds", index + 1);
    }
    forebay_status status = forebay_queue_change_visibility_batch(queue, entries, count, &results);
    free(entries);
    return status == FOREBAY_STATUS_OK ? answer_results(queue, NULL, results) : status;
}
