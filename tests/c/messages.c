/* Messages from send to delete: bodies, attributes, batches, visibility, peeks, FIFO. */
#define CHECK_MAIN
#include "world.h"

static void round_trip(void)
{
    static const uint8_t bytes[] = {0, 255, 10, 13, 0, 128};
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "trip", NULL);
    forebay_messages *messages;
    forebay_message message;
    forebay_sent sent;

    OK(forebay_queue_send(queue, bytes, sizeof bytes, NULL, &sent, sizeof sent));
    CHECK(strlen(sent.id) == 36 && sent.sequence >= 1 && sent.duplicate == 0);
    messages = receive(queue, 10);
    CHECK(forebay_messages_count(messages) == 1);
    message = message_at(messages, 0);
    CHECK(message.body_length == sizeof bytes);
    CHECK(memcmp(message.body, bytes, sizeof bytes) == 0);
    CHECK(strcmp(message.id, sent.id) == 0);
    CHECK(message.sequence == sent.sequence);
    CHECK(message.receive_count == 1);
    CHECK(message.state == FOREBAY_STATE_IN_FLIGHT);
    CHECK(message.sent_ms >= START_MS && message.first_receive_ms == message.sent_ms);
    CHECK(message.visible_ms == message.sent_ms + 30000);
    CHECK(message.group == NULL && message.deduplication == NULL);
    CHECK(message.trace_header == NULL && message.dead_letter_source == NULL);
    CHECK(strcmp(message.sender, "000000000000") == 0);
    CHECK(message.attribute_count == 0);
    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT,
           forebay_messages_get(messages, 1, &message, sizeof message));
    OK(forebay_queue_delete(queue, message.receipt));
    OK(forebay_queue_delete(queue, message.receipt));
    OK(forebay_store_advance(store, 60000, NULL));
    CHECK(receive_count(queue, 10) == 0);
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void send_attributes(forebay_queue *queue)
{
    static const uint8_t binary[] = {0, 1, 2};
    static const forebay_attribute attributes[] = {
        {"kind", NULL, (const uint8_t *)"new", 3},
        {"size.px", "Number.int", (const uint8_t *)"42", 2},
        {"raw", "Binary", binary, sizeof binary},
    };
    forebay_send_options options;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.attributes = attributes;
    options.attribute_count = 3;
    options.trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    options.group = "tenant";
    options.sender = "someone";
    OK(forebay_queue_send(queue, (const uint8_t *)"body", 4, &options, NULL, 0));
}

static void attributes_come_back(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "with-attributes", NULL);
    forebay_messages *messages;
    forebay_message message;
    forebay_attribute attribute;

    send_attributes(queue);
    messages = receive(queue, 1);
    message = message_at(messages, 0);
    CHECK(strcmp(message.group, "tenant") == 0 && strcmp(message.sender, "someone") == 0);
    CHECK(message.trace_header != NULL && strncmp(message.trace_header, "Root=1-", 7) == 0);
    CHECK(message.attribute_count == 3);
    OK(forebay_messages_attribute(messages, 0, 0, &attribute));
    CHECK(strcmp(attribute.name, "kind") == 0 && strcmp(attribute.type_name, "String") == 0);
    CHECK(attribute.value_length == 3 && strcmp((const char *)attribute.value, "new") == 0);
    OK(forebay_messages_attribute_named(messages, 0, "raw", &attribute));
    CHECK(strcmp(attribute.type_name, "Binary") == 0 && attribute.value_length == 3);
    CHECK(attribute.value[0] == 0 && attribute.value[2] == 2);
    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT,
           forebay_messages_attribute(messages, 0, 3, &attribute));
    STATUS(FOREBAY_STATUS_INVALID_ATTRIBUTE_NAME,
           forebay_messages_attribute_named(messages, 0, "Kind", &attribute));
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void names_select_attributes(void)
{
    static const char *const all[] = {"All"};
    static const char *const some[] = {"size.*", "nothing"};
    static const char *const none[] = {"nothing"};
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "selected", NULL);
    forebay_messages *messages;
    forebay_list *list = NULL;
    char everything[FOREBAY_MD5_LENGTH];
    char digest[FOREBAY_MD5_LENGTH];

    send_attributes(queue);
    messages = receive(queue, 1);
    OK(forebay_messages_select_attributes(messages, 0, some, 2, &list));
    CHECK(forebay_list_count(list) == 1);
    forebay_list_free(list);
    OK(forebay_messages_system_attributes(messages, 0, all, 1, &list));
    CHECK(strcmp(value_of(list, "ApproximateReceiveCount"), "1") == 0);
    CHECK(strcmp(value_of(list, "MessageGroupId"), "tenant") == 0);
    CHECK(strcmp(value_of(list, "SenderId"), "someone") == 0);
    forebay_list_free(list);

    OK(forebay_messages_md5_attributes(messages, 0, all, 1, &everything));
    CHECK(strlen(everything) == 32);
    OK(forebay_messages_md5_attributes(messages, 0, some, 2, &digest));
    CHECK(strlen(digest) == 32 && strcmp(digest, everything) != 0);
    OK(forebay_messages_md5_attributes(messages, 0, none, 1, &digest));
    CHECK(digest[0] == '\0');
    OK(forebay_messages_md5_body(messages, 0, &digest));
    CHECK(strcmp(digest, "841a2d689ad86bd1611447453c22c6fc") == 0);
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void entry_failed(const forebay_results *results, size_t index, const char *part)
{
    forebay_status status = FOREBAY_STATUS_OK;
    const char *text = "";

    OK(forebay_results_get(results, index, &status, &text));
    CHECK(status == FOREBAY_STATUS_INVALID_PARAMETER_VALUE && strstr(text, part) != NULL);
}

/* However far a number is out of its range, it fails its own entry and not the batch. */
static void a_bad_number_fails_its_entry(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "bad-numbers", NULL);
    forebay_send_options delayed[3];
    forebay_send_entry entries[4];
    forebay_visibility_entry changes[3];
    forebay_messages *messages;
    forebay_results *results = NULL;
    size_t index;

    memset(delayed, 0, sizeof delayed);
    memset(entries, 0, sizeof entries);
    for (index = 0; index < 4; index++) {
        entries[index].body = (const uint8_t *)"body";
        entries[index].body_length = 4;
        if (index == 3)
            continue;
        delayed[index].size = sizeof delayed[index];
        delayed[index].has_delay_s = 1;
        entries[index].options = &delayed[index];
    }
    delayed[0].delay_s = 901;
    delayed[1].delay_s = (uint32_t)-1;
    OK(forebay_queue_send_batch(queue, entries, 4, &results));
    CHECK(forebay_results_count(results) == 4 && forebay_results_failed(results) == 2);
    entry_failed(results, 0, "901");
    entry_failed(results, 1, "4294967295 (-1)");
    forebay_results_free(results);

    messages = receive(queue, 10);
    CHECK(forebay_messages_count(messages) == 2);
    memset(changes, 0, sizeof changes);
    for (index = 0; index < 3; index++)
        changes[index].receipt = message_at(messages, index % 2).receipt;
    changes[1].timeout_s = 43201;
    changes[2].timeout_s = (uint32_t)-2;
    OK(forebay_queue_change_visibility_batch(queue, changes, 3, &results));
    CHECK(forebay_results_count(results) == 3 && forebay_results_failed(results) == 2);
    entry_failed(results, 1, "43201");
    entry_failed(results, 2, "4294967294 (-2)");
    forebay_results_free(results);
    forebay_messages_free(messages);
    CHECK(receive_count(queue, 10) == 1);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void digests(void)
{
    static const forebay_attribute one[] = {{"a", "String", (const uint8_t *)"b", 1}};
    char digest[FOREBAY_MD5_LENGTH];

    OK(forebay_md5((const uint8_t *)"hello", 5, &digest));
    CHECK(strcmp(digest, "5d41402abc4b2a76b9719d911017c592") == 0);
    OK(forebay_md5(NULL, 0, &digest));
    CHECK(strcmp(digest, "d41d8cd98f00b204e9800998ecf8427e") == 0);
    OK(forebay_md5_attributes(NULL, 0, &digest));
    CHECK(digest[0] == '\0');
    OK(forebay_md5_attributes(one, 1, &digest));
    CHECK(strlen(digest) == 32);
}

static void batches(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "batches", NULL);
    const forebay_send_entry entries[] = {
        {(const uint8_t *)"one", 3, NULL, "a"},
        {NULL, 0, NULL, "b"},
        {(const uint8_t *)"three", 5, NULL, "c"},
    };
    forebay_results *results = NULL;
    forebay_messages *messages;
    forebay_delete_entry deletes[2];
    forebay_visibility_entry changes[2];
    forebay_status status = FOREBAY_STATUS_PANIC;
    forebay_sent sent;
    const char *text = NULL;

    OK(forebay_queue_send_batch(queue, entries, 3, &results));
    CHECK(forebay_results_count(results) == 3 && forebay_results_failed(results) == 1);
    OK(forebay_results_get(results, 0, &status, &text));
    CHECK(status == FOREBAY_STATUS_OK && text[0] == '\0');
    OK(forebay_results_get(results, 1, &status, &text));
    CHECK(status == FOREBAY_STATUS_MISSING_PARAMETER && text[0] != '\0');
    OK(forebay_results_get(results, 1, &status, NULL));
    OK(forebay_results_sent(results, 2, &sent, sizeof sent));
    CHECK(strlen(sent.id) == 36);
    STATUS(FOREBAY_STATUS_MISSING_PARAMETER,
           forebay_results_sent(results, 1, &sent, sizeof sent));
    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT,
           forebay_results_sent(results, 3, &sent, sizeof sent));
    forebay_results_free(results);

    messages = receive(queue, 10);
    CHECK(forebay_messages_count(messages) == 2);
    memset(changes, 0, sizeof changes);
    changes[0].receipt = message_at(messages, 0).receipt;
    changes[0].timeout_s = 100;
    changes[1].receipt = "no receipt";
    OK(forebay_queue_change_visibility_batch(queue, changes, 2, &results));
    CHECK(forebay_results_failed(results) == 1);
    OK(forebay_results_get(results, 1, &status, &text));
    CHECK(status == FOREBAY_STATUS_RECEIPT_HANDLE_IS_INVALID);
    CHECK(strstr(text, "no receipt") != NULL);
    forebay_results_free(results);

    deletes[0].receipt = message_at(messages, 0).receipt;
    deletes[0].id = "same";
    deletes[1].receipt = message_at(messages, 1).receipt;
    deletes[1].id = "same";
    STATUS(FOREBAY_STATUS_BATCH_ENTRY_IDS_NOT_DISTINCT,
           forebay_queue_delete_batch(queue, deletes, 2, &results));
    deletes[1].id = "other";
    OK(forebay_queue_delete_batch(queue, deletes, 2, &results));
    CHECK(forebay_results_failed(results) == 0);
    STATUS(FOREBAY_STATUS_UNSUPPORTED_OPERATION,
           forebay_results_sent(results, 0, &sent, sizeof sent));
    forebay_results_free(results);
    STATUS(FOREBAY_STATUS_EMPTY_BATCH_REQUEST,
           forebay_queue_send_batch(queue, NULL, 0, &results));
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void visibility(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "visibility", NULL);
    forebay_receive_options options;
    forebay_messages *messages = NULL;

    send_text(queue, "hide and seek");
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.has_visibility_s = 1;
    options.visibility_s = 5;
    OK(forebay_queue_receive(queue, &options, &messages));
    CHECK(forebay_messages_count(messages) == 1);
    OK(forebay_store_advance(store, 4999, NULL));
    CHECK(receive_count(queue, 1) == 0);
    OK(forebay_store_advance(store, 1, NULL));
    CHECK(receive_count(queue, 1) == 1);
    OK(forebay_messages_change_visibility(messages, 0, 0));
    forebay_messages_free(messages);

    messages = receive(queue, 1);
    CHECK(message_at(messages, 0).receive_count == 3);
    OK(forebay_queue_change_visibility(queue, message_at(messages, 0).receipt, 3600));
    OK(forebay_store_advance(store, 3599999, NULL));
    CHECK(receive_count(queue, 1) == 0);
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_messages_change_visibility(messages, 0, 43201));
    TEXT("43201");
    OK(forebay_messages_delete(messages, 0));
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_messages_change_visibility(messages, 0, 1));
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void delays(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "delays", NULL);
    forebay_send_options options;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.has_delay_s = 1;
    options.delay_s = 10;
    OK(forebay_queue_send(queue, (const uint8_t *)"later", 5, &options, NULL, 0));
    CHECK(receive_count(queue, 1) == 0);
    OK(forebay_store_advance(store, 10000, NULL));
    CHECK(receive_count(queue, 1) == 1);
    options.delay_s = 901;
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_queue_send(queue, (const uint8_t *)"x", 1, &options, NULL, 0));
    TEXT("901");
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void peeks(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "peeks", NULL);
    forebay_messages *messages;
    forebay_message message;
    forebay_peek_options options;

    send_text(queue, "first");
    send_text(queue, "second");
    CHECK(receive_count(queue, 1) == 1);
    OK(forebay_queue_peek(queue, NULL, &messages));
    CHECK(forebay_messages_count(messages) == 2);
    message = message_at(messages, 0);
    CHECK(body_is(&message, "first") && message.state == FOREBAY_STATE_IN_FLIGHT);
    CHECK(message.receipt == NULL && message.receive_count == 1);
    STATUS(FOREBAY_STATUS_UNSUPPORTED_OPERATION, forebay_messages_delete(messages, 0));
    STATUS(FOREBAY_STATUS_UNSUPPORTED_OPERATION,
           forebay_messages_change_visibility(messages, 0, 0));
    forebay_messages_free(messages);

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.states = FOREBAY_PEEK_VISIBLE | FOREBAY_PEEK_DELAYED;
    OK(forebay_queue_peek(queue, &options, &messages));
    CHECK(forebay_messages_count(messages) == 1);
    message = message_at(messages, 0);
    CHECK(body_is(&message, "second") && message.state == FOREBAY_STATE_VISIBLE);
    CHECK(message.visible_ms == 0 && message.first_receive_ms == 0);
    forebay_messages_free(messages);
    options.after = message.sequence;
    OK(forebay_queue_peek(queue, &options, &messages));
    CHECK(forebay_messages_count(messages) == 0);
    forebay_messages_free(messages);
    options.states = 8;
    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT, forebay_queue_peek(queue, &options, &messages));
    TEXT("0x8");
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void fifo(void)
{
    forebay_store *store = open_manual();
    forebay_queue_options options;
    forebay_queue *queue;
    forebay_send_options message;
    forebay_receive_options receive_options;
    forebay_messages *first = NULL;
    forebay_messages *again = NULL;
    forebay_sent sent;
    forebay_sent repeated;
    bool is_fifo = false;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.fifo = 1;
    queue = fresh_queue(store, "orders.fifo", &options);
    OK(forebay_queue_is_fifo(queue, &is_fifo));
    CHECK(is_fifo);
    memset(&message, 0, sizeof message);
    message.size = sizeof message;
    STATUS(FOREBAY_STATUS_MISSING_PARAMETER,
           forebay_queue_send(queue, (const uint8_t *)"1", 1, &message, NULL, 0));
    message.group = "g";
    message.deduplication = "d1";
    OK(forebay_queue_send(queue, (const uint8_t *)"1", 1, &message, &sent, sizeof sent));
    OK(forebay_queue_send(queue, (const uint8_t *)"1", 1, &message, &repeated, sizeof repeated));
    CHECK(!sent.duplicate && repeated.duplicate == 1);
    CHECK(strcmp(sent.id, repeated.id) == 0 && sent.sequence == repeated.sequence);
    message.deduplication = "d2";
    OK(forebay_queue_send(queue, (const uint8_t *)"2", 1, &message, NULL, 0));

    memset(&receive_options, 0, sizeof receive_options);
    receive_options.size = sizeof receive_options;
    receive_options.attempt = "attempt-1";
    OK(forebay_queue_receive(queue, &receive_options, &first));
    CHECK(strcmp(message_at(first, 0).deduplication, "d1") == 0);
    CHECK(receive_count(queue, 10) == 0);
    OK(forebay_queue_receive(queue, &receive_options, &again));
    CHECK(strcmp(message_at(first, 0).receipt, message_at(again, 0).receipt) == 0);
    OK(forebay_messages_delete(again, 0));
    CHECK(receive_count(queue, 10) == 1);
    forebay_messages_free(first);
    forebay_messages_free(again);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s LOCATION\n", argv[0]);
        return 2;
    }
    world_location = argv[1];
    RUN(round_trip);
    RUN(attributes_come_back);
    RUN(names_select_attributes);
    RUN(a_bad_number_fails_its_entry);
    RUN(digests);
    RUN(batches);
    RUN(visibility);
    RUN(delays);
    RUN(peeks);
    RUN(fifo);
    return conclude();
}
