/* A receive whose result goes to a function, and one that is cancelled.
 *
 * Prints:
 *     called with 1 message
 *     called with Forebay.Cancelled
 */
#include <forebay.h>
#include <stdio.h>

/* On a thread of the library. The messages are the callback's own. */
static void received(void *user, forebay_status status, forebay_messages *messages)
{
    (void)user;
    if (status != FOREBAY_STATUS_OK) {
        printf("called with %s\n", forebay_status_name(status));
        return;
    }
    printf("called with %lu message\n", (unsigned long)forebay_messages_count(messages));
    if (forebay_messages_delete(messages, 0))
        printf("%s\n", forebay_last_error());
    forebay_messages_free(messages);
}

int main(void)
{
    forebay_store *store;
    forebay_queue *queue;
    forebay_ticket *first;
    forebay_ticket *second;
    forebay_receive_options options = {0};
    bool done;

    options.size = sizeof options;
    options.has_wait_s = 1;
    options.wait_s = 20;
    if (forebay_open("./queues", NULL, &store) ||
        forebay_create_queue(store, "callback", NULL, &queue) ||
        forebay_queue_receive_start(queue, &options, received, NULL, &first) ||
        forebay_queue_send(queue, (const uint8_t *)"hello", 5, NULL, NULL, 0) ||
        forebay_ticket_wait(first, -1, &done) ||
        forebay_queue_receive_start(queue, &options, received, NULL, &second))
        return fprintf(stderr, "%s\n", forebay_last_error()), 1;

    /* When this returns, the callback has run, and no message was lost on the way. */
    forebay_ticket_cancel(second);
    forebay_ticket_free(first);
    forebay_ticket_free(second);
    forebay_queue_free(queue);
    return forebay_store_close(store);
}
