/* Misuse of queues: sending, receiving, receipts, attributes, tags. */
#include "misuse.h"

static const uint8_t body[] = {'b', 'o', 'd', 'y'};

static void m_queue_name(void)
{
    const char *name = "untouched";

    BAD(QUEUE, forebay_queue_name(bad, &name));
    REFUSED("name is NULL", forebay_queue_name(kit.queue, NULL));
    CHECK(strcmp(name, "untouched") == 0);
}

static void m_queue_arn(void)
{
    const char *arn = "untouched";

    BAD(QUEUE, forebay_queue_arn(bad, &arn));
    REFUSED("arn is NULL", forebay_queue_arn(kit.queue, NULL));
    CHECK(strcmp(arn, "untouched") == 0);
}

static void m_queue_is_fifo(void)
{
    bool fifo = true;

    BAD(QUEUE, forebay_queue_is_fifo(bad, &fifo));
    REFUSED("is_fifo is NULL", forebay_queue_is_fifo(kit.queue, NULL));
    CHECK(fifo);
}

static void m_queue_set_attributes(void)
{
    forebay_pair pair = {"DelaySeconds", "0"};

    BAD(QUEUE, forebay_queue_set_attributes(bad, &pair, 1));
    REFUSED("attributes is NULL", forebay_queue_set_attributes(kit.queue, NULL, 1));
    pair.name = NULL;
    REFUSED("attributes[0].name is NULL", forebay_queue_set_attributes(kit.queue, &pair, 1));
    pair.name = "DelaySeconds";
    pair.value = NOT_UTF8;
    REFUSED("attributes[0].value is not", forebay_queue_set_attributes(kit.queue, &pair, 1));
}

static void m_queue_get_attributes(void)
{
    static const char *const names[] = {"All", NULL, NOT_UTF8};
    forebay_list *list = NULL;

    BAD(QUEUE, forebay_queue_get_attributes(bad, names, 1, &list));
    REFUSED("names is NULL", forebay_queue_get_attributes(kit.queue, NULL, 1, &list));
    REFUSED("names[1] is NULL", forebay_queue_get_attributes(kit.queue, names, 2, &list));
    REFUSED("names[0] is not UTF-8",
            forebay_queue_get_attributes(kit.queue, names + 2, 1, &list));
    REFUSED("attributes is NULL", forebay_queue_get_attributes(kit.queue, names, 1, NULL));
    CHECK(list == NULL);
}

static void m_queue_tag(void)
{
    forebay_pair pair = {"key", "value"};

    BAD(QUEUE, forebay_queue_tag(bad, &pair, 1));
    REFUSED("tags is NULL", forebay_queue_tag(kit.queue, NULL, 1));
    pair.value = NULL;
    REFUSED("tags[0].value is NULL", forebay_queue_tag(kit.queue, &pair, 1));
}

static void m_queue_untag(void)
{
    static const char *const keys[] = {"key", NULL};

    BAD(QUEUE, forebay_queue_untag(bad, keys, 1));
    REFUSED("keys is NULL", forebay_queue_untag(kit.queue, NULL, 1));
    REFUSED("keys[1] is NULL", forebay_queue_untag(kit.queue, keys, 2));
}

static void m_queue_tags(void)
{
    forebay_list *list = NULL;

    BAD(QUEUE, forebay_queue_tags(bad, &list));
    REFUSED("tags is NULL", forebay_queue_tags(kit.queue, NULL));
    CHECK(list == NULL);
}

static void m_queue_purge(void)
{
    BAD(QUEUE, forebay_queue_purge(bad));
}

static void m_queue_dead_letter_sources(void)
{
    forebay_list *list = NULL;

    BAD(QUEUE, forebay_queue_dead_letter_sources(bad, NULL, 0, &list));
    REFUSED("token is not UTF-8",
            forebay_queue_dead_letter_sources(kit.queue, NOT_UTF8, 0, &list));
    REFUSED("names is NULL", forebay_queue_dead_letter_sources(kit.queue, NULL, 0, NULL));
    CHECK(list == NULL);
}

static void m_queue_free(void)
{
    HARMLESS(QUEUE, forebay_queue_free(bad));
}

static void m_queue_send(void)
{
    forebay_attribute attribute = {NULL, NULL, body, sizeof body};
    forebay_send_options options;
    forebay_sent sent;

    memset(&sent, 0x55, sizeof sent);
    BAD(QUEUE, forebay_queue_send(bad, body, sizeof body, NULL, &sent, sizeof sent));
    REFUSED("body is NULL", forebay_queue_send(kit.queue, NULL, 4, NULL, NULL, 0));
    REFUSED("length of body", forebay_queue_send(kit.queue, body, SIZE_MAX, NULL, NULL, 0));
    REFUSED("size of sent is 0", forebay_queue_send(kit.queue, body, 4, NULL, &sent, 0));
    REFUSED("size of sent is 7", forebay_queue_send(kit.queue, body, 4, NULL, &sent, 7));
    STATUS(FOREBAY_STATUS_MISSING_PARAMETER,
           forebay_queue_send(kit.queue, NULL, 0, NULL, &sent, sizeof sent));
    memset(&options, 0, sizeof options);
    REFUSED("options->size is 0", forebay_queue_send(kit.queue, body, 4, &options, NULL, 0));
    REFUSED("not aligned", forebay_queue_send(kit.queue, body, 4,
                                              MISALIGNED(forebay_send_options), NULL, 0));
    options.size = sizeof options;
    options.has_delay_s = 2;
    REFUSED("has_delay_s is 2", forebay_queue_send(kit.queue, body, 4, &options, NULL, 0));
    options.has_delay_s = 0;
    options.delay_s = 3;
    REFUSED("delay_s is 3", forebay_queue_send(kit.queue, body, 4, &options, NULL, 0));
    options.delay_s = 0;
    options.attribute_count = 1;
    REFUSED("attributes is NULL", forebay_queue_send(kit.queue, body, 4, &options, NULL, 0));
    options.attributes = &attribute;
    REFUSED("attributes[0].name", forebay_queue_send(kit.queue, body, 4, &options, NULL, 0));
    options.attribute_count = 0;
#define BAD_TEXT(field)                                                                         \
    do {                                                                                        \
        options.field = NOT_UTF8;                                                               \
        REFUSED(#field " is not UTF-8",                                                         \
                forebay_queue_send(kit.queue, body, 4, &options, NULL, 0));                     \
        options.field = NULL;                                                                   \
    } while (0)
    BAD_TEXT(group);
    BAD_TEXT(deduplication);
    BAD_TEXT(trace_header);
    BAD_TEXT(sender);
#undef BAD_TEXT
    CHECK(sent.id[0] == 0x55 && sent.sequence == UINT64_C(0x5555555555555555));
}

static void m_queue_send_batch(void)
{
    forebay_send_entry entries[2];
    forebay_results *results = NULL;

    memset(entries, 0, sizeof entries);
    entries[0].body = body;
    entries[0].body_length = sizeof body;
    BAD(QUEUE, forebay_queue_send_batch(bad, entries, 1, &results));
    REFUSED("entries is NULL", forebay_queue_send_batch(kit.queue, NULL, 1, &results));
    REFUSED("length of entries",
            forebay_queue_send_batch(kit.queue, entries, SIZE_MAX, &results));
    REFUSED("results is NULL", forebay_queue_send_batch(kit.queue, entries, 1, NULL));
    entries[1].body_length = 3;
    REFUSED("entries[1].body is NULL",
            forebay_queue_send_batch(kit.queue, entries, 2, &results));
    entries[0].id = NOT_UTF8;
    REFUSED("entries[0].id is not UTF-8",
            forebay_queue_send_batch(kit.queue, entries, 1, &results));
    CHECK(results == NULL);
}

static void receive_options_are_checked(forebay_receive_options *options)
{
    forebay_messages *messages = NULL;

    memset(options, 0, sizeof *options);
    options->size = 3;
    REFUSED("size is 3", forebay_queue_receive(kit.queue, options, &messages));
    options->size = sizeof *options;
    options->has_wait_s = 5;
    REFUSED("has_wait_s is 5", forebay_queue_receive(kit.queue, options, &messages));
    options->has_wait_s = 0;
    options->wait_s = 5;
    REFUSED("wait_s is 5", forebay_queue_receive(kit.queue, options, &messages));
    options->wait_s = 0;
    options->has_visibility_s = -1;
    REFUSED("has_visibility_s is -1", forebay_queue_receive(kit.queue, options, &messages));
    options->has_visibility_s = 0;
    options->reserved = 6;
    REFUSED("reserved is 6", forebay_queue_receive(kit.queue, options, &messages));
    options->reserved = 0;
    options->attempt = NOT_UTF8;
    REFUSED("attempt is not UTF-8", forebay_queue_receive(kit.queue, options, &messages));
    options->attempt = NULL;
    options->max = 10001;
    CHECK(forebay_queue_receive(kit.queue, options, &messages) != FOREBAY_STATUS_OK);
    TEXT("10001");
    options->max = 1;
    options->has_wait_s = 1;
    options->wait_s = 21;
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_queue_receive(kit.queue, options, &messages));
    TEXT("21");
    CHECK(messages == NULL);
}

static void m_queue_receive(void)
{
    forebay_receive_options options;
    forebay_messages *messages = NULL;

    BAD(QUEUE, forebay_queue_receive(bad, NULL, &messages));
    REFUSED("messages is NULL", forebay_queue_receive(kit.queue, NULL, NULL));
    receive_options_are_checked(&options);
    CHECK(messages == NULL);
}

static void never_called(void *user, forebay_status status, forebay_messages *messages)
{
    (void)user;
    (void)status;
    (void)messages;
    CHECK(!"a callback of a receive that did not start");
}

static void m_queue_receive_start(void)
{
    forebay_receive_options options;
    forebay_ticket *ticket = NULL;

    BAD(QUEUE, forebay_queue_receive_start(bad, NULL, never_called, NULL, &ticket));
    REFUSED("ticket is NULL",
            forebay_queue_receive_start(kit.queue, NULL, never_called, NULL, NULL));
    memset(&options, 0, sizeof options);
    REFUSED("size is 0",
            forebay_queue_receive_start(kit.queue, &options, never_called, NULL, &ticket));
    CHECK(ticket == NULL);
}

static void m_queue_peek(void)
{
    forebay_peek_options options;
    forebay_messages *messages = NULL;

    BAD(QUEUE, forebay_queue_peek(bad, NULL, &messages));
    REFUSED("messages is NULL", forebay_queue_peek(kit.queue, NULL, NULL));
    memset(&options, 0, sizeof options);
    REFUSED("size is 0", forebay_queue_peek(kit.queue, &options, &messages));
    options.size = sizeof options;
    options.group = NOT_UTF8;
    REFUSED("group is not UTF-8", forebay_queue_peek(kit.queue, &options, &messages));
    options.group = NULL;
    options.states = 16;
    REFUSED("states is 0x10", forebay_queue_peek(kit.queue, &options, &messages));
    options.states = 0;
    options.limit = 10001;
    CHECK(forebay_queue_peek(kit.queue, &options, &messages) != FOREBAY_STATUS_OK);
    TEXT("10001");
    CHECK(messages == NULL);
}

static void m_queue_delete(void)
{
    BAD(QUEUE, forebay_queue_delete(bad, "receipt"));
    REFUSED("receipt is NULL", forebay_queue_delete(kit.queue, NULL));
    REFUSED("receipt is not UTF-8", forebay_queue_delete(kit.queue, NOT_UTF8));
    STATUS(FOREBAY_STATUS_RECEIPT_HANDLE_IS_INVALID, forebay_queue_delete(kit.queue, ""));
}

static void m_queue_delete_batch(void)
{
    forebay_delete_entry entry = {"receipt", NULL};
    forebay_results *results = NULL;

    BAD(QUEUE, forebay_queue_delete_batch(bad, &entry, 1, &results));
    REFUSED("entries is NULL", forebay_queue_delete_batch(kit.queue, NULL, 1, &results));
    REFUSED("results is NULL", forebay_queue_delete_batch(kit.queue, &entry, 1, NULL));
    entry.id = NOT_UTF8;
    REFUSED("entries[0].id", forebay_queue_delete_batch(kit.queue, &entry, 1, &results));
    entry.receipt = NULL;
    REFUSED("entries[0].receipt is NULL",
            forebay_queue_delete_batch(kit.queue, &entry, 1, &results));
    CHECK(results == NULL);
}

static void m_queue_change_visibility(void)
{
    BAD(QUEUE, forebay_queue_change_visibility(bad, "receipt", 0));
    REFUSED("receipt is NULL", forebay_queue_change_visibility(kit.queue, NULL, 0));
    REFUSED("receipt is not UTF-8", forebay_queue_change_visibility(kit.queue, NOT_UTF8, 0));
}

static void m_queue_change_visibility_batch(void)
{
    forebay_visibility_entry entry = {"receipt", NULL, 0};
    forebay_results *results = NULL;

    BAD(QUEUE, forebay_queue_change_visibility_batch(bad, &entry, 1, &results));
    REFUSED("entries is NULL",
            forebay_queue_change_visibility_batch(kit.queue, NULL, 1, &results));
    REFUSED("results is NULL",
            forebay_queue_change_visibility_batch(kit.queue, &entry, 1, NULL));
    entry.receipt = NULL;
    REFUSED("entries[0].receipt is NULL",
            forebay_queue_change_visibility_batch(kit.queue, &entry, 1, &results));
    CHECK(results == NULL);
}

const struct row queue_rows[] = {
    {"forebay_queue_name", m_queue_name},
    {"forebay_queue_arn", m_queue_arn},
    {"forebay_queue_is_fifo", m_queue_is_fifo},
    {"forebay_queue_set_attributes", m_queue_set_attributes},
    {"forebay_queue_get_attributes", m_queue_get_attributes},
    {"forebay_queue_tag", m_queue_tag},
    {"forebay_queue_untag", m_queue_untag},
    {"forebay_queue_tags", m_queue_tags},
    {"forebay_queue_purge", m_queue_purge},
    {"forebay_queue_dead_letter_sources", m_queue_dead_letter_sources},
    {"forebay_queue_free", m_queue_free},
    {"forebay_queue_send", m_queue_send},
    {"forebay_queue_send_batch", m_queue_send_batch},
    {"forebay_queue_receive", m_queue_receive},
    {"forebay_queue_receive_start", m_queue_receive_start},
    {"forebay_queue_peek", m_queue_peek},
    {"forebay_queue_delete", m_queue_delete},
    {"forebay_queue_delete_batch", m_queue_delete_batch},
    {"forebay_queue_change_visibility", m_queue_change_visibility},
    {"forebay_queue_change_visibility_batch", m_queue_change_visibility_batch},
    {NULL, NULL},
};
