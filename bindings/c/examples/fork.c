/* A child opens the store anew; the handles of its parent are refused there.
 *
 * Prints:
 *     child: Forebay.Forked
 *     parent: received from the child
 */
#include <forebay.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int child(forebay_queue *of_parent)
{
    forebay_store *store;
    forebay_queue *queue;
    forebay_status status =
        forebay_queue_send(of_parent, (const uint8_t *)"no", 2, NULL, NULL, 0);

    printf("child: %s\n", forebay_status_name(status));
    fflush(stdout);
    return forebay_open("./queues", NULL, &store) ||
           forebay_get_queue(store, "fork", &queue) ||
           forebay_queue_send(queue, (const uint8_t *)"from the child", 14, NULL, NULL, 0) ||
           forebay_store_close(store);
}

int main(void)
{
    forebay_store *store;
    forebay_queue *queue;
    forebay_messages *messages;
    forebay_message message;
    forebay_receive_options options = {0};
    int status = 0;

    if (forebay_open("./queues", NULL, &store) ||
        forebay_create_queue(store, "fork", NULL, &queue))
        return fprintf(stderr, "%s\n", forebay_last_error()), 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(queue));
    if (waitpid(pid, &status, 0) != pid || status != 0)
        return fprintf(stderr, "the child failed\n"), 1;
    options.size = sizeof options;
    options.has_wait_s = 1;
    options.wait_s = 20;
    if (forebay_queue_receive(queue, &options, &messages) ||
        forebay_messages_get(messages, 0, &message, sizeof message) ||
        forebay_messages_delete(messages, 0))
        return fprintf(stderr, "%s\n", forebay_last_error()), 1;
    printf("parent: received %.*s\n", (int)message.body_length, (const char *)message.body);
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    return forebay_store_close(store);
}
