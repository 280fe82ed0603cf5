/* Receives that do not block: waited for, polled, called back, joined to an event loop. */
#define CHECK_MAIN
#define _POSIX_C_SOURCE 200809L
#include "world.h"
#include <poll.h>
#include <pthread.h>
#include <time.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <unistd.h>
#endif

/* Longer than anything takes: a test that waits this long has failed. */
#define WATCHDOG_MS 60000

static forebay_ticket *start_waiting(forebay_queue *queue, forebay_receive_callback callback,
                                     void *user)
{
    forebay_receive_options options;
    forebay_ticket *ticket = NULL;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.max = 10;
    options.has_wait_s = 1;
    options.wait_s = 20;
    OK(forebay_queue_receive_start(queue, &options, callback, user, &ticket));
    return ticket;
}

static void waits_and_takes_once(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-wait", NULL);
    forebay_ticket *ticket = start_waiting(queue, NULL, NULL);
    forebay_messages *messages = NULL;
    bool done = true;

    OK(forebay_ticket_wait(ticket, 1, &done));
    CHECK(!done);
    OK(forebay_ticket_is_done(ticket, &done));
    CHECK(!done);
    STATUS(FOREBAY_STATUS_UNSUPPORTED_OPERATION, forebay_ticket_take(ticket, &messages));
    TEXT("not ended");
    send_text(queue, "wake up");
    OK(forebay_ticket_wait(ticket, WATCHDOG_MS, &done));
    CHECK(done);
    OK(forebay_ticket_take(ticket, &messages));
    CHECK(forebay_messages_count(messages) == 1);
    STATUS(FOREBAY_STATUS_UNSUPPORTED_OPERATION, forebay_ticket_take(ticket, &messages));
    TEXT("before");
    OK(forebay_ticket_cancel(ticket));
    forebay_ticket_free(ticket);
    OK(forebay_messages_delete(messages, 0));
    forebay_messages_free(messages);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void wait_ends_empty(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-empty", NULL);
    forebay_ticket *ticket = start_waiting(queue, NULL, NULL);
    forebay_messages *messages = NULL;
    bool done = false;

    OK(forebay_store_advance(store, 20000, NULL));
    OK(forebay_ticket_wait(ticket, -1, &done));
    CHECK(done);
    OK(forebay_ticket_take(ticket, &messages));
    CHECK(messages != NULL && forebay_messages_count(messages) == 0);
    forebay_messages_free(messages);
    forebay_ticket_free(ticket);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void cancel_takes_nothing(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-cancel", NULL);
    forebay_ticket *ticket = start_waiting(queue, NULL, NULL);
    forebay_messages *messages = NULL;
    bool done = false;

    OK(forebay_ticket_cancel(ticket));
    OK(forebay_ticket_is_done(ticket, &done));
    CHECK(done);
    OK(forebay_ticket_cancel(ticket));
    send_text(queue, "not for the ticket");
    STATUS(FOREBAY_STATUS_CANCELLED, forebay_ticket_take(ticket, &messages));
    CHECK(messages == NULL);
    forebay_ticket_free(ticket);
    CHECK(receive_count(queue, 10) == 1);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void free_gives_back(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-free", NULL);
    forebay_ticket *ticket;
    bool done = false;

    send_text(queue, "taken by nobody");
    ticket = start_waiting(queue, NULL, NULL);
    OK(forebay_ticket_wait(ticket, WATCHDOG_MS, &done));
    CHECK(done);
    CHECK(receive_count(queue, 1) == 0);
    forebay_ticket_free(ticket);
    CHECK(receive_count(queue, 1) == 1);
    /* One that still waits is cancelled. */
    forebay_ticket_free(start_waiting(queue, NULL, NULL));
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

/* What a callback was told. */
struct told {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned calls;
    forebay_status status;
    size_t count;
    char text[128];
};

#define TOLD {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, FOREBAY_STATUS_OK, 0, ""}

static void tell(void *user, forebay_status status, forebay_messages *messages)
{
    struct told *told = user;

    pthread_mutex_lock(&told->lock);
    told->calls++;
    told->status = status;
    told->count = forebay_messages_count(messages);
    if (status != FOREBAY_STATUS_OK)
        snprintf(told->text, sizeof told->text, "%s", forebay_last_error());
    pthread_cond_signal(&told->changed);
    pthread_mutex_unlock(&told->lock);
    forebay_messages_free(messages);
}

static void callback_is_called_once(void)
{
    struct told told = TOLD;
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-callback", NULL);
    forebay_ticket *ticket = start_waiting(queue, tell, &told);
    forebay_messages *messages = NULL;
    bool done = false;

    send_text(queue, "call me");
    OK(forebay_ticket_wait(ticket, WATCHDOG_MS, &done));
    CHECK(done);
    CHECK(told.calls == 1 && told.status == FOREBAY_STATUS_OK && told.count == 1);
    STATUS(FOREBAY_STATUS_UNSUPPORTED_OPERATION, forebay_ticket_take(ticket, &messages));
    forebay_ticket_free(ticket);
    CHECK(told.calls == 1);

    ticket = start_waiting(queue, tell, &told);
    OK(forebay_ticket_cancel(ticket));
    CHECK(told.calls == 2 && told.status == FOREBAY_STATUS_CANCELLED && told.text[0] != '\0');
    forebay_ticket_free(ticket);

    ticket = start_waiting(queue, tell, &told);
    OK(forebay_store_close(store));
    CHECK(told.calls == 3 && told.status == FOREBAY_STATUS_CLOSED);
    forebay_ticket_free(ticket);
    CHECK(told.calls == 3);
    forebay_queue_free(queue);
}

static void deleted_queue_ends_waits(void)
{
    struct told told = TOLD;
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-deleted", NULL);
    forebay_ticket *ticket = start_waiting(queue, tell, &told);
    bool done = false;

    OK(forebay_delete_queue(store, "ticket-deleted"));
    OK(forebay_ticket_wait(ticket, WATCHDOG_MS, &done));
    CHECK(done && told.status == FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST);
    forebay_ticket_free(ticket);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

/* A callback may come within a successful call of this thread, whose last error stays. */
static void a_callback_has_an_error_of_its_own(void)
{
    struct told told = TOLD;
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-error", NULL);
    forebay_ticket *ticket = start_waiting(queue, tell, &told);
    const char *text;

    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT, forebay_store_backup(NULL, "x"));
    text = forebay_last_error();
    OK(forebay_ticket_cancel(ticket));
    CHECK(told.calls == 1 && strstr(told.text, "cancelled") != NULL);
    CHECK(forebay_last_error() == text);
    TEXT("store is NULL");
    forebay_ticket_free(ticket);
    forebay_ticket_free(start_waiting(queue, tell, &told));
    CHECK(told.calls == 2 && forebay_last_error() == text);
    TEXT("store is NULL");
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

/* A thread that waits for a ticket without a limit. */
struct watcher {
    forebay_ticket *ticket;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ready;
    forebay_status status;
    bool done;
};

static void *watch(void *argument)
{
    struct watcher *watcher = argument;

    pthread_mutex_lock(&watcher->lock);
    watcher->ready = 1;
    pthread_cond_signal(&watcher->changed);
    pthread_mutex_unlock(&watcher->lock);
    watcher->status = forebay_ticket_wait(watcher->ticket, -1, &watcher->done);
    return NULL;
}

/* What is freed has ended, also while another thread uses the ticket: the callback does not come
   when its user data may be gone. */
static void free_ends_what_others_wait_for(void)
{
    static const struct timespec enough_to_wait = {0, 50 * 1000 * 1000};
    struct told told = TOLD;
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-shared", NULL);
    struct watcher watcher = {NULL, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0,
                              FOREBAY_STATUS_OK, false};
    pthread_t thread;

    watcher.ticket = start_waiting(queue, tell, &told);
    CHECK(pthread_create(&thread, NULL, watch, &watcher) == 0);
    pthread_mutex_lock(&watcher.lock);
    while (!watcher.ready)
        pthread_cond_wait(&watcher.changed, &watcher.lock);
    pthread_mutex_unlock(&watcher.lock);
    nanosleep(&enough_to_wait, NULL);
    forebay_ticket_free(watcher.ticket);
    CHECK(told.calls == 1 && told.status == FOREBAY_STATUS_CANCELLED);
    send_text(queue, "for whoever still waits");
    CHECK(pthread_join(thread, NULL) == 0);
    /* It came before the free, or after. */
    CHECK(watcher.status == FOREBAY_STATUS_OK ? watcher.done
                                              : watcher.status == FOREBAY_STATUS_CLOSED);
    CHECK(told.calls == 1 && receive_count(queue, 1) == 1);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

/* A callback may use everything, its own ticket included. */
struct busy {
    forebay_queue *queue;
    forebay_ticket *ticket;
    unsigned checks;
};

static void work(void *user, forebay_status status, forebay_messages *messages)
{
    struct busy *busy = user;

    if (status == FOREBAY_STATUS_OK && forebay_messages_count(messages) == 1 &&
        forebay_messages_delete(messages, 0) == FOREBAY_STATUS_OK &&
        forebay_queue_send(busy->queue, (const uint8_t *)"answer", 6, NULL, NULL, 0) ==
            FOREBAY_STATUS_OK &&
        forebay_ticket_cancel(busy->ticket) == FOREBAY_STATUS_OK)
        busy->checks++;
    forebay_messages_free(messages);
}

/* Waits without a limit, inside a callback, for its own ticket and for another one. */
struct stuck {
    forebay_ticket *own;
    forebay_ticket *other;
    forebay_status statuses[3];
    bool done;
};

static void wait_inside(void *user, forebay_status status, forebay_messages *messages)
{
    struct stuck *stuck = user;

    (void)status;
    stuck->done = true;
    stuck->statuses[0] = forebay_ticket_wait(stuck->own, -1, &stuck->done);
    stuck->statuses[1] = stuck->other == NULL
                             ? FOREBAY_STATUS_INVALID_ARGUMENT
                             : forebay_ticket_wait(stuck->other, -1, &stuck->done);
    stuck->statuses[2] = forebay_ticket_wait(stuck->own, 0, &stuck->done);
    forebay_messages_free(messages);
}

static void was_refused(const struct stuck *stuck)
{
    CHECK(stuck->statuses[0] == FOREBAY_STATUS_INVALID_ARGUMENT);
    CHECK(stuck->statuses[1] == FOREBAY_STATUS_INVALID_ARGUMENT);
    CHECK(stuck->statuses[2] == FOREBAY_STATUS_OK && !stuck->done);
}

static void a_callback_does_not_wait_for_itself(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-stuck", NULL);
    forebay_queue *quiet = fresh_queue(store, "ticket-quiet", NULL);
    struct stuck stuck = {NULL, NULL, {FOREBAY_STATUS_OK}, false};
    bool done = false;

    stuck.other = start_waiting(quiet, NULL, NULL);
    stuck.own = start_waiting(queue, wait_inside, &stuck);
    send_text(queue, "go");
    OK(forebay_ticket_wait(stuck.own, WATCHDOG_MS, &done));
    CHECK(done);
    was_refused(&stuck);
    forebay_ticket_free(stuck.own);
    forebay_ticket_free(stuck.other);

    /* On the thread that cancels, only its own. */
    memset(&stuck, 0, sizeof stuck);
    stuck.own = start_waiting(quiet, wait_inside, &stuck);
    OK(forebay_ticket_cancel(stuck.own));
    was_refused(&stuck);
    forebay_ticket_free(stuck.own);
    forebay_queue_free(queue);
    forebay_queue_free(quiet);
    OK(forebay_store_close(store));
}

static void callback_may_use_the_store(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-busy", NULL);
    struct busy busy = {queue, NULL, 0};
    bool done = false;

    busy.ticket = start_waiting(queue, work, &busy);
    send_text(queue, "question");
    OK(forebay_ticket_wait(busy.ticket, WATCHDOG_MS, &done));
    CHECK(done && busy.checks == 1);
    forebay_ticket_free(busy.ticket);
    CHECK(receive_count(queue, 10) == 1);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static int readable(int fd, int timeout_ms)
{
    struct pollfd wanted = {fd, POLLIN, 0};

    return poll(&wanted, 1, timeout_ms) == 1 && (wanted.revents & POLLIN) != 0;
}

static void descriptor_turns_readable(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ticket-fd", NULL);
    forebay_ticket *ticket = start_waiting(queue, NULL, NULL);
    forebay_messages *messages = NULL;
    int32_t fd = -1;
    int32_t same = -1;

    OK(forebay_ticket_fd(ticket, &fd));
    OK(forebay_ticket_fd(ticket, &same));
    CHECK(fd >= 0 && fd == same);
    CHECK(!readable(fd, 0));
    send_text(queue, "signal");
    CHECK(readable(fd, WATCHDOG_MS));
    OK(forebay_ticket_take(ticket, &messages));
    CHECK(forebay_messages_count(messages) == 1);
    CHECK(readable(fd, 0));
    forebay_messages_free(messages);
    forebay_ticket_free(ticket);

    /* Asked for when all is over, it is readable at once; after a cancel too. */
    ticket = start_waiting(queue, NULL, NULL);
    OK(forebay_ticket_cancel(ticket));
    OK(forebay_ticket_fd(ticket, &fd));
    CHECK(readable(fd, 0));
    forebay_ticket_free(ticket);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

#ifdef __linux__
#define LOOP_QUEUES 8

/* An event loop over tickets of several queues, each started anew when it has ended. */
static void event_loop(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queues[LOOP_QUEUES];
    forebay_ticket *tickets[LOOP_QUEUES];
    const int loop = epoll_create1(EPOLL_CLOEXEC);
    unsigned index;
    unsigned received = 0;

    CHECK(loop >= 0);
    for (index = 0; index < LOOP_QUEUES; index++) {
        char name[32];
        int32_t fd = -1;
        struct epoll_event event;

        snprintf(name, sizeof name, "loop-%u", index);
        queues[index] = fresh_queue(store, name, NULL);
        tickets[index] = start_waiting(queues[index], NULL, NULL);
        OK(forebay_ticket_fd(tickets[index], &fd));
        memset(&event, 0, sizeof event);
        event.events = EPOLLIN;
        event.data.u32 = index;
        CHECK(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0);
    }
    for (index = 0; index < LOOP_QUEUES; index++)
        send_text(queues[index], "event");
    while (received < LOOP_QUEUES) {
        struct epoll_event event;
        forebay_messages *messages = NULL;

        if (epoll_wait(loop, &event, 1, WATCHDOG_MS) != 1)
            break;
        OK(forebay_ticket_take(tickets[event.data.u32], &messages));
        received += (unsigned)forebay_messages_count(messages);
        OK(forebay_messages_delete(messages, 0));
        forebay_messages_free(messages);
        /* Freeing closes the descriptor, which takes it out of the set. */
        forebay_ticket_free(tickets[event.data.u32]);
    }
    CHECK(received == LOOP_QUEUES);
    close(loop);
    for (index = 0; index < LOOP_QUEUES; index++)
        forebay_queue_free(queues[index]);
    OK(forebay_store_close(store));
}
#endif

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s LOCATION\n", argv[0]);
        return 2;
    }
    world_location = argv[1];
    RUN(waits_and_takes_once);
    RUN(wait_ends_empty);
    RUN(cancel_takes_nothing);
    RUN(free_gives_back);
    RUN(callback_is_called_once);
    RUN(a_callback_has_an_error_of_its_own);
    RUN(free_ends_what_others_wait_for);
    RUN(deleted_queue_ends_waits);
    RUN(callback_may_use_the_store);
    RUN(a_callback_does_not_wait_for_itself);
    RUN(descriptor_turns_readable);
#ifdef __linux__
    RUN(event_loop);
#endif
    return conclude();
}
