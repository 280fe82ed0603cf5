/* One handle in many hands: senders and receivers on threads, and a close under their feet. */
#define CHECK_MAIN
#define _POSIX_C_SOURCE 200809L
#include "world.h"
#include <pthread.h>

#define SENDERS 3
#define RECEIVERS 3
#define MESSAGES_EACH 40
#define MESSAGES (SENDERS * MESSAGES_EACH)

struct shared {
    forebay_queue *queue;
    pthread_mutex_t lock;
    unsigned char seen[MESSAGES];
    unsigned received;
    unsigned errors;
};

struct sender {
    struct shared *shared;
    unsigned first;
};

static void note_error(struct shared *shared, const char *what)
{
    pthread_mutex_lock(&shared->lock);
    shared->errors++;
    printf("%s: %s\n", what, forebay_last_error());
    pthread_mutex_unlock(&shared->lock);
}

static void *send_some(void *argument)
{
    struct sender *sender = argument;
    unsigned number;

    for (number = sender->first; number < sender->first + MESSAGES_EACH; number++) {
        const uint8_t body[2] = {(uint8_t)(number / 256), (uint8_t)(number % 256)};
        if (forebay_queue_send(sender->shared->queue, body, sizeof body, NULL, NULL, 0) !=
            FOREBAY_STATUS_OK)
            note_error(sender->shared, "send");
    }
    return NULL;
}

/* Counts and deletes a batch; returns whether more is to come. */
static int note(struct shared *shared, forebay_messages *messages)
{
    size_t index;
    int more;

    for (index = 0; index < forebay_messages_count(messages); index++) {
        forebay_message message;
        if (forebay_messages_get(messages, index, &message, sizeof message) !=
                FOREBAY_STATUS_OK ||
            forebay_messages_delete(messages, index) != FOREBAY_STATUS_OK) {
            note_error(shared, "get or delete");
            continue;
        }
        pthread_mutex_lock(&shared->lock);
        if (shared->seen[message.body[0] * 256 + message.body[1]]++ == 0)
            shared->received++;
        pthread_mutex_unlock(&shared->lock);
    }
    pthread_mutex_lock(&shared->lock);
    more = shared->received < MESSAGES && shared->errors == 0;
    pthread_mutex_unlock(&shared->lock);
    return more;
}

static void *receive_some(void *argument)
{
    struct shared *shared = argument;
    forebay_receive_options options;
    int more = 1;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.max = 7;
    options.has_wait_s = 1;
    options.wait_s = 1;
    while (more) {
        forebay_messages *messages = NULL;
        if (forebay_queue_receive(shared->queue, &options, &messages) != FOREBAY_STATUS_OK) {
            note_error(shared, "receive");
            break;
        }
        more = note(shared, messages);
        forebay_messages_free(messages);
    }
    return NULL;
}

static void every_message_once(void)
{
    static struct shared shared = {NULL, PTHREAD_MUTEX_INITIALIZER, {0}, 0, 0};
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS + RECEIVERS];
    forebay_store *store = NULL;
    unsigned index;
    unsigned twice = 0;

    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_create_queue(store, "threads", NULL, &shared.queue));
    for (index = 0; index < RECEIVERS; index++)
        CHECK(pthread_create(&threads[SENDERS + index], NULL, receive_some, &shared) == 0);
    for (index = 0; index < SENDERS; index++) {
        senders[index].shared = &shared;
        senders[index].first = index * MESSAGES_EACH;
        CHECK(pthread_create(&threads[index], NULL, send_some, &senders[index]) == 0);
    }
    for (index = 0; index < SENDERS + RECEIVERS; index++)
        CHECK(pthread_join(threads[index], NULL) == 0);
    CHECK(shared.errors == 0);
    CHECK(shared.received == MESSAGES);
    for (index = 0; index < MESSAGES; index++)
        twice += shared.seen[index] > 1;
    CHECK(twice == 0);
    CHECK(receive_count(shared.queue, 10) == 0);
    forebay_queue_free(shared.queue);
    OK(forebay_store_close(store));
}

struct blocked {
    forebay_queue *queue;
    forebay_status status;
};

static void *wait_long(void *argument)
{
    struct blocked *blocked = argument;
    forebay_receive_options options;
    forebay_messages *messages = NULL;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.has_wait_s = 1;
    options.wait_s = 20;
    blocked->status = forebay_queue_receive(blocked->queue, &options, &messages);
    forebay_messages_free(messages);
    return NULL;
}

static void close_ends_blocked_receives(void)
{
    forebay_store *store = NULL;
    struct blocked blocked = {NULL, FOREBAY_STATUS_OK};
    pthread_t thread;

    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_create_queue(store, "blocked", NULL, &blocked.queue));
    CHECK(pthread_create(&thread, NULL, wait_long, &blocked) == 0);
    OK(forebay_store_close(store));
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(blocked.status == FOREBAY_STATUS_CLOSED);
    forebay_queue_free(blocked.queue);
}

static void *fail_here(void *argument)
{
    forebay_store *store = NULL;
    const int empty_before = forebay_last_error()[0] == '\0';

    *(int *)argument = empty_before &&
                       forebay_open(NULL, NULL, &store) == FOREBAY_STATUS_INVALID_ARGUMENT &&
                       strstr(forebay_last_error(), "location") != NULL;
    return NULL;
}

static void errors_belong_to_threads(void)
{
    pthread_t thread;
    int good = 0;

    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT, forebay_store_backup(NULL, "x"));
    CHECK(pthread_create(&thread, NULL, fail_here, &good) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(good);
    TEXT("store is NULL");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s LOCATION\n", argv[0]);
        return 2;
    }
    world_location = argv[1];
    RUN(every_message_once);
    RUN(close_ends_blocked_receives);
    RUN(errors_belong_to_threads);
    return conclude();
}
