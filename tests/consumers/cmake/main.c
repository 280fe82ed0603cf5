/* A program outside the source tree that finds the library with CMake. */
#include <forebay.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;
    forebay_messages *messages = NULL;
    forebay_message message;
    int good;

    good = forebay_open("mem:", NULL, &store) == FOREBAY_STATUS_OK &&
           forebay_create_queue(store, "q", NULL, &queue) == FOREBAY_STATUS_OK &&
           forebay_queue_send(queue, (const uint8_t *)"hi", 2, NULL, NULL, 0) ==
               FOREBAY_STATUS_OK &&
           forebay_queue_receive(queue, NULL, &messages) == FOREBAY_STATUS_OK &&
           forebay_messages_get(messages, 0, &message, sizeof message) == FOREBAY_STATUS_OK &&
           message.body_length == 2 && memcmp(message.body, "hi", 2) == 0 &&
           forebay_messages_delete(messages, 0) == FOREBAY_STATUS_OK;
    if (!good)
        printf("%s\n", forebay_last_error());
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    forebay_store_close(store);
    printf("%d passed, %d failed, 0 skipped\n", good, !good);
    return good ? 0 : 1;
}
