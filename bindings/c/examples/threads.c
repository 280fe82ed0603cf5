/* Threads share handles; each takes its own messages.
 *
 * Prints:
 *     4 threads handled 200 messages
 */
#include <forebay.h>
#include <pthread.h>
#include <stdio.h>

static forebay_queue *queue;

static void *work(void *count)
{
    forebay_receive_options options = {0};
    forebay_messages *messages;

    options.size = sizeof options;
    options.max = 10;
    while (forebay_queue_receive(queue, &options, &messages) == FOREBAY_STATUS_OK) {
        size_t found = forebay_messages_count(messages);

        for (size_t index = 0; index < found; index++)
            if (forebay_messages_delete(messages, index) == FOREBAY_STATUS_OK)
                ++*(unsigned *)count;
        forebay_messages_free(messages);
        if (found == 0)
            break; /* without a wait: nothing is there */
    }
    return NULL;
}

int main(void)
{
    forebay_store *store;
    pthread_t threads[4];
    unsigned counts[4] = {0};
    unsigned sum = 0;

    if (forebay_open("./queues", NULL, &store) ||
        forebay_create_queue(store, "threads", NULL, &queue))
        return fprintf(stderr, "%s\n", forebay_last_error()), 1;
    for (int number = 0; number < 200; number++)
        if (forebay_queue_send(queue, (const uint8_t *)"m", 1, NULL, NULL, 0))
            return fprintf(stderr, "%s\n", forebay_last_error()), 1;
    for (int index = 0; index < 4; index++)
        pthread_create(&threads[index], NULL, work, &counts[index]);
    for (int index = 0; index < 4; index++) {
        pthread_join(threads[index], NULL);
        sum += counts[index];
    }
    printf("4 threads handled %u messages\n", sum);
    forebay_queue_free(queue);
    return forebay_store_close(store);
}
