/* Every call says how it went; a batch says it for each entry.
 *
 * Prints:
 *     AWS.SimpleQueueService.NonExistentQueue, retryable: no
 *     1 of 2 entries failed: MissingParameter
 */
#include <forebay.h>
#include <stdio.h>
#include <stdlib.h>

static void must(forebay_status status, const char *what)
{
    if (status == FOREBAY_STATUS_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", what, forebay_status_name(status), forebay_last_error());
    exit(1);
}

static void send_two(forebay_queue *queue)
{
    const forebay_send_entry entries[] = {
        {(const uint8_t *)"good", 4, NULL, NULL},
        {(const uint8_t *)"", 0, NULL, NULL}, /* a body has at least one byte */
    };
    forebay_results *results;

    must(forebay_queue_send_batch(queue, entries, 2, &results), "send");
    for (size_t index = 0; index < forebay_results_count(results); index++) {
        forebay_status status;
        const char *text;

        must(forebay_results_get(results, index, &status, &text), "result");
        if (status != FOREBAY_STATUS_OK)
            printf("%lu of 2 entries failed: %s\n",
                   (unsigned long)forebay_results_failed(results), forebay_status_name(status));
    }
    forebay_results_free(results);
}

int main(void)
{
    forebay_store *store;
    forebay_queue *queue;

    must(forebay_open("./queues", NULL, &store), "open");
    forebay_status status = forebay_get_queue(store, "absent", &queue);
    if (status != FOREBAY_STATUS_OK)
        printf("%s, retryable: %s\n", forebay_status_name(status),
               forebay_status_retryable(status) ? "yes" : "no");

    must(forebay_create_queue(store, "errors", NULL, &queue), "create");
    send_two(queue);
    forebay_queue_free(queue);
    must(forebay_store_close(store), "close");
    return 0;
}
