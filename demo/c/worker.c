/* worker STORE STOP-FILE: receives paths, counts the files, sends the counts on. The twin of
 * ../src/worker.rs. */
#include "common.h"

#include <forebay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct worker {
    forebay_queue *tasks;
    forebay_queue *results;
    unsigned long long done;   /* the result is stored, the task deleted */
    unsigned long long again;  /* of these, tasks that had been received before */
    unsigned long long twice;  /* of these, tasks whose result was there already */
    unsigned long long failed; /* receives of tasks that could not be carried out */
};

/* A result on its way. */
struct result {
    char body[PATH_BYTES_MAX + 80];
    char kind[KIND_BYTES_MAX];
    char id[ID_BYTES_MAX];
    forebay_send_options options;
};

/* Fills in a result; -1 if the file cannot be counted. */
static int count_task(const forebay_message *message, struct result *result)
{
    char path[PATH_BYTES_MAX];
    struct counts counts;

    if (message->body_length >= sizeof path)
        return -1;
    memcpy(path, message->body, message->body_length);
    path[message->body_length] = '\0';
    if (count_file(path, &counts) != 0)
        return -1;
    snprintf(result->body, sizeof result->body, "%llu %llu %llu %s",
             (unsigned long long)counts.words, (unsigned long long)counts.lines,
             (unsigned long long)counts.bytes, path);
    kind_of(path, result->kind);
    deduplication_of(path, result->id);
    memset(&result->options, 0, sizeof result->options);
    result->options.size = sizeof result->options;
    result->options.group = result->kind;
    result->options.deduplication = result->id;
    return 0;
}

static void all_succeeded(forebay_results *results, const char *what)
{
    if (forebay_results_failed(results) > 0) {
        fprintf(stderr, "%s: %lu of a batch failed\n", what,
                (unsigned long)forebay_results_failed(results));
        exit(1);
    }
}

static void send_results(struct worker *worker, struct result *results, size_t count)
{
    forebay_send_entry entries[BATCH_MAX];
    forebay_results *outcomes;

    memset(entries, 0, sizeof entries);
    for (size_t index = 0; index < count; index++) {
        entries[index].body = (const uint8_t *)results[index].body;
        entries[index].body_length = strlen(results[index].body);
        entries[index].options = &results[index].options;
    }
    if (forebay_queue_send_batch(worker->results, entries, count, &outcomes) != FOREBAY_STATUS_OK)
        fail("send results");
    all_succeeded(outcomes, "send results");
    for (size_t index = 0; index < count; index++) {
        forebay_sent sent;

        if (forebay_results_sent(outcomes, index, &sent, sizeof sent) != FOREBAY_STATUS_OK)
            fail("send results");
        worker->twice += sent.duplicate != 0;
    }
    forebay_results_free(outcomes);
}

static void delete_tasks(struct worker *worker, const forebay_delete_entry *entries, size_t count)
{
    forebay_results *outcomes;

    if (forebay_queue_delete_batch(worker->tasks, entries, count, &outcomes) != FOREBAY_STATUS_OK)
        fail("delete tasks");
    all_succeeded(outcomes, "delete tasks");
    forebay_results_free(outcomes);
    worker->done += count;
}

/* Sends the results before it deletes the tasks: whoever dies in between leaves a task that comes
 * back, never a file without a result. */
static void handle(struct worker *worker, const forebay_messages *messages)
{
    static struct result results[BATCH_MAX];
    forebay_delete_entry receipts[BATCH_MAX];
    size_t count = 0;

    memset(receipts, 0, sizeof receipts);
    for (size_t index = 0; index < forebay_messages_count(messages); index++) {
        forebay_message message;

        if (forebay_messages_get(messages, index, &message, sizeof message) != FOREBAY_STATUS_OK)
            fail("receive tasks");
        if (count_task(&message, &results[count]) == 0) {
            receipts[count++].receipt = message.receipt;
            worker->again += message.receive_count > 1;
            continue;
        }
        worker->failed++;
        if (forebay_queue_change_visibility(worker->tasks, message.receipt, 0) !=
            FOREBAY_STATUS_OK)
            fail("give a task back");
    }
    if (count > 0) {
        send_results(worker, results, count);
        delete_tasks(worker, receipts, count);
    }
}

static void work(struct worker *worker, const char *stop)
{
    const forebay_receive_options options = {
        .size = sizeof options, .max = BATCH_MAX, .has_wait_s = 1, .wait_s = 1};

    for (;;) {
        forebay_messages *messages;
        size_t count;

        if (forebay_queue_receive(worker->tasks, &options, &messages) != FOREBAY_STATUS_OK)
            fail("receive tasks");
        count = forebay_messages_count(messages);
        if (count > 0)
            handle(worker, messages);
        forebay_messages_free(messages);
        if (count == 0 && access(stop, F_OK) == 0)
            return;
    }
}

int main(int argc, char **argv)
{
    struct worker worker;
    forebay_store *store;

    if (argc != 3) {
        fprintf(stderr, "worker STORE STOP-FILE\n");
        return 2;
    }
    memset(&worker, 0, sizeof worker);
    if (forebay_open(argv[1], NULL, &store) != FOREBAY_STATUS_OK)
        fail(argv[1]);
    if (forebay_get_queue(store, QUEUE_TASKS, &worker.tasks) != FOREBAY_STATUS_OK)
        fail(QUEUE_TASKS);
    if (forebay_get_queue(store, QUEUE_RESULTS, &worker.results) != FOREBAY_STATUS_OK)
        fail(QUEUE_RESULTS);
    work(&worker, argv[2]);
    printf("done %llu again %llu twice %llu failed %llu syncs %llu\n", worker.done, worker.again,
           worker.twice, worker.failed, (unsigned long long)syncs_of(store));
    forebay_queue_free(worker.tasks);
    forebay_queue_free(worker.results);
    if (forebay_store_close(store) != FOREBAY_STATUS_OK)
        fail("close");
    return 0;
}
