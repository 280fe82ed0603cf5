/* What is lent by what, and that a handle used too late is an error and not a crash.
 *
 * Prints:
 *     body: hello, attribute: new
 *     after the close: Forebay.Closed
 *     after the free: Forebay.Closed
 */
#include <forebay.h>
#include <stdio.h>
#include <string.h>

static forebay_status send_with_attribute(forebay_queue *queue)
{
    const forebay_attribute kind = {"kind", "String", (const uint8_t *)"new", 3};
    forebay_send_options options = {0};

    options.size = sizeof options; /* every option structure begins with its own size */
    options.attributes = &kind;
    options.attribute_count = 1;
    return forebay_queue_send(queue, (const uint8_t *)"hello", 5, &options, NULL, 0);
}

static forebay_status show(const forebay_messages *messages)
{
    forebay_message message;
    forebay_attribute kind;
    forebay_status status = forebay_messages_get(messages, 0, &message, sizeof message);

    if (status == FOREBAY_STATUS_OK)
        status = forebay_messages_attribute_named(messages, 0, "kind", &kind);
    if (status == FOREBAY_STATUS_OK)
        printf("body: %.*s, attribute: %.*s\n", (int)message.body_length,
               (const char *)message.body, (int)kind.value_length, (const char *)kind.value);
    return status;
}

int main(void)
{
    forebay_store *store;
    forebay_queue *queue;
    forebay_messages *messages;

    if (forebay_open("./queues", NULL, &store) ||
        forebay_create_queue(store, "lifetime", NULL, &queue) || send_with_attribute(queue) ||
        forebay_queue_receive(queue, NULL, &messages) || forebay_messages_delete(messages, 0))
        return fprintf(stderr, "%s\n", forebay_last_error()), 1;

    /* The store may be closed first: queues then say so, messages stay readable. */
    if (forebay_store_close(store))
        return 1;
    if (show(messages))
        return 1;
    printf("after the close: %s\n", forebay_status_name(forebay_queue_purge(queue)));
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    printf("after the free: %s\n", forebay_status_name(forebay_queue_purge(queue)));
    return 0;
}
