/* producer STORE LIMIT FOLDER...: one message a file, its body the path of the file. */
#include "common.h"

#include <dirent.h>
#include <forebay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the walk carries along. */
struct producer {
    forebay_queue *tasks;
    char paths[BATCH_MAX][PATH_BYTES_MAX];
    size_t waiting;
    unsigned long long sent;
    unsigned long long limit;
};

static void flush(struct producer *producer)
{
    forebay_send_entry entries[BATCH_MAX];
    forebay_results *results;

    if (producer->waiting == 0)
        return;
    memset(entries, 0, sizeof entries);
    for (size_t index = 0; index < producer->waiting; index++) {
        entries[index].body = (const uint8_t *)producer->paths[index];
        entries[index].body_length = strlen(producer->paths[index]);
    }
    if (forebay_queue_send_batch(producer->tasks, entries, producer->waiting, &results) !=
        FOREBAY_STATUS_OK)
        fail("send");
    if (forebay_results_failed(results) > 0) {
        fprintf(stderr, "send: %lu of a batch failed\n",
                (unsigned long)forebay_results_failed(results));
        exit(1);
    }
    forebay_results_free(results);
    producer->sent += producer->waiting;
    producer->waiting = 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk(struct producer *producer, const char *folder);

static void visit(struct producer *producer, const char *path)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return;
    if (S_ISDIR(status.st_mode)) {
        walk(producer, path);
    } else if (S_ISREG(status.st_mode) && status.st_size <= FILE_BYTES_MAX) {
        strcpy(producer->paths[producer->waiting++], path);
        if (producer->waiting == BATCH_MAX)
            flush(producer);
    }
}

/* Names in byte order, so that a limit takes the same files as the auditor. Symbolic links are
 * not followed. */
static void walk(struct producer *producer, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, by_bytes);

    for (int index = 0; index < count; index++) {
        const char *name = entries[index]->d_name;
        char path[PATH_BYTES_MAX];
        int length = snprintf(path, sizeof path, "%s/%s", folder, name);
        int fits = length > 0 && (size_t)length < sizeof path;
        int own = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;

        if (fits && !own && producer->sent + producer->waiting < producer->limit)
            visit(producer, path);
        free(entries[index]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    static struct producer producer;
    forebay_store *store;

    if (argc < 4) {
        fprintf(stderr, "producer STORE LIMIT FOLDER...\n");
        return 2;
    }
    producer.limit = strtoull(argv[2], NULL, 10);
    if (forebay_open(argv[1], NULL, &store) != FOREBAY_STATUS_OK)
        fail(argv[1]);
    if (forebay_get_queue(store, QUEUE_TASKS, &producer.tasks) != FOREBAY_STATUS_OK)
        fail(QUEUE_TASKS);
    for (int index = 3; index < argc; index++)
        walk(&producer, argv[index]);
    flush(&producer);
    printf("sent %llu syncs %llu\n", producer.sent, (unsigned long long)syncs_of(store));
    forebay_queue_free(producer.tasks);
    if (forebay_store_close(store) != FOREBAY_STATUS_OK)
        fail("close");
    return 0;
}
