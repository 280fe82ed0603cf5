/* A receive in a program's own event loop: the ticket's descriptor stands in poll() beside others,
 * here the end of a pipe.
 *
 * Prints:
 *     the pipe: sending
 *     the queue: sent from the loop
 */
#include <forebay.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static int failed(void)
{
    return fprintf(stderr, "%s\n", forebay_last_error()), 1;
}

static int print_and_delete(forebay_ticket *ticket)
{
    forebay_messages *messages;
    forebay_message message;

    if (forebay_ticket_take(ticket, &messages))
        return failed();
    for (size_t index = 0; index < forebay_messages_count(messages); index++) {
        if (forebay_messages_get(messages, index, &message, sizeof message) ||
            forebay_messages_delete(messages, index))
            return failed();
        printf("the queue: %.*s\n", (int)message.body_length, (const char *)message.body);
    }
    forebay_messages_free(messages);
    return 0;
}

static int loop(forebay_queue *queue, forebay_ticket *ticket, int pipe_end)
{
    struct pollfd fds[2] = {{pipe_end, POLLIN, 0}, {-1, POLLIN, 0}};

    if (forebay_ticket_fd(ticket, &fds[1].fd))
        return failed();
    while (poll(fds, 2, -1) > 0) {
        if (fds[1].revents)
            return print_and_delete(ticket);
        if (fds[0].revents) {
            printf("the pipe: sending\n");
            fds[0].fd = -1;
            if (forebay_queue_send(queue, (const uint8_t *)"sent from the loop", 18, NULL, NULL,
                                   0))
                return failed();
        }
    }
    return 1;
}

int main(void)
{
    forebay_store *store;
    forebay_queue *queue;
    forebay_ticket *ticket;
    forebay_receive_options options = {0};
    int ends[2];

    options.size = sizeof options;
    options.has_wait_s = 1;
    options.wait_s = 20;
    if (forebay_open("./queues", NULL, &store) ||
        forebay_create_queue(store, "poll", NULL, &queue) ||
        forebay_queue_receive_start(queue, &options, NULL, NULL, &ticket))
        return failed();
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
        return 1;
    int outcome = loop(queue, ticket, ends[0]);
    forebay_ticket_free(ticket); /* cancels a receive that still waits */
    forebay_queue_free(queue);
    return forebay_store_close(store) || outcome;
}
