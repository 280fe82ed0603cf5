/* A directory between processes: forks are refused, opens are shared, messages cross. */
#define CHECK_MAIN
#define _POSIX_C_SOURCE 200809L
#include "world.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `body` in a child and gives what it returned; checks that failed there count here. */
static int in_child(int (*body)(void))
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        const int result = body();
        fflush(stdout);
        _exit(result);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static forebay_store *inherited_store;
static forebay_queue *inherited_queue;
static forebay_messages *inherited_messages;
static forebay_ticket *inherited_ticket;

/* Everything from before the fork is refused, and freeing it touches nothing. */
static int use_inherited(void)
{
    forebay_queue *queue = NULL;
    forebay_messages *messages = NULL;
    bool done = false;

    checks_failed = 0;
    STATUS(FOREBAY_STATUS_FORKED,
           forebay_queue_send(inherited_queue, (const uint8_t *)"x", 1, NULL, NULL, 0));
    STATUS(FOREBAY_STATUS_FORKED, forebay_queue_receive(inherited_queue, NULL, &messages));
    STATUS(FOREBAY_STATUS_FORKED, forebay_get_queue(inherited_store, "forked", &queue));
    STATUS(FOREBAY_STATUS_FORKED, forebay_messages_delete(inherited_messages, 0));
    STATUS(FOREBAY_STATUS_FORKED, forebay_ticket_wait(inherited_ticket, 0, &done));
    STATUS(FOREBAY_STATUS_FORKED, forebay_ticket_cancel(inherited_ticket));
    CHECK(forebay_messages_count(inherited_messages) == 0);
    forebay_ticket_free(inherited_ticket);
    forebay_messages_free(inherited_messages);
    forebay_queue_free(inherited_queue);
    STATUS(FOREBAY_STATUS_FORKED, forebay_store_close(inherited_store));
    return checks_failed == 0 ? 0 : 1;
}

/* The child opens the store anew and works with it. */
static int open_anew(void)
{
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;

    checks_failed = 0;
    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_create_queue(store, "from-child", NULL, &queue));
    send_text(queue, "from the child");
    CHECK(receive_count(queue, 1) == 1);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
    return checks_failed == 0 ? 0 : 1;
}

static void fork_is_refused_and_harmless(void)
{
    forebay_receive_options options;

    OK(forebay_open(world_location, NULL, &inherited_store));
    OK(forebay_create_queue(inherited_store, "forked", NULL, &inherited_queue));
    OK(forebay_queue_purge(inherited_queue));
    send_text(inherited_queue, "the parent's");
    inherited_messages = receive(inherited_queue, 1);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.has_wait_s = 1;
    options.wait_s = 20;
    OK(forebay_queue_receive_start(inherited_queue, &options, NULL, NULL, &inherited_ticket));

    CHECK(in_child(use_inherited) == 0);
    CHECK(in_child(open_anew) == 0);

    /* Nothing of this changed for the parent. */
    OK(forebay_messages_delete(inherited_messages, 0));
    OK(forebay_ticket_cancel(inherited_ticket));
    forebay_ticket_free(inherited_ticket);
    send_text(inherited_queue, "still works");
    CHECK(receive_count(inherited_queue, 10) == 1);
    forebay_messages_free(inherited_messages);
    forebay_queue_free(inherited_queue);
    OK(forebay_store_close(inherited_store));
}

static void two_opens_share_one_store(void)
{
    forebay_store *first = NULL;
    forebay_store *second = NULL;
    forebay_queue *sending = NULL;
    forebay_queue *receiving = NULL;

    OK(forebay_open(world_location, NULL, &first));
    OK(forebay_open(world_location, NULL, &second));
    CHECK(first != second);
    OK(forebay_create_queue(first, "shared", NULL, &sending));
    OK(forebay_get_queue(second, "shared", &receiving));
    send_text(sending, "across");
    CHECK(receive_count(receiving, 1) == 1);
    /* Closing one leaves the other open. */
    OK(forebay_store_close(first));
    STATUS(FOREBAY_STATUS_CLOSED, forebay_queue_purge(sending));
    send_text(receiving, "still open");
    CHECK(receive_count(receiving, 1) == 1);
    OK(forebay_delete_queue(second, "shared"));
    forebay_queue_free(sending);
    forebay_queue_free(receiving);
    OK(forebay_store_close(second));
}

static int write_ten(void)
{
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;
    int number;

    checks_failed = 0;
    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_create_queue(store, "crossing", NULL, &queue));
    for (number = 0; number < 10; number++) {
        const char body[2] = {(char)('0' + number), '\0'};
        send_text(queue, body);
    }
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
    return checks_failed == 0 ? 0 : 1;
}

static int read_ten(void)
{
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;
    forebay_messages *messages;
    size_t index;

    checks_failed = 0;
    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_get_queue(store, "crossing", &queue));
    messages = receive(queue, 10);
    CHECK(forebay_messages_count(messages) == 10);
    for (index = 0; index < forebay_messages_count(messages); index++) {
        const char body[2] = {(char)('0' + (char)index), '\0'};
        const forebay_message message = message_at(messages, index);
        CHECK(body_is(&message, body));
        OK(forebay_messages_delete(messages, index));
    }
    forebay_messages_free(messages);
    OK(forebay_delete_queue(store, "crossing"));
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
    return checks_failed == 0 ? 0 : 1;
}

static void one_process_writes_another_reads(void)
{
    CHECK(in_child(write_ten) == 0);
    CHECK(in_child(read_ten) == 0);
}

static int send_one(void)
{
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;

    checks_failed = 0;
    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_get_queue(store, "woken", &queue));
    send_text(queue, "wake");
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
    return checks_failed == 0 ? 0 : 1;
}

static void a_send_wakes_another_process(void)
{
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;
    forebay_receive_options options;
    forebay_ticket *ticket = NULL;
    forebay_messages *messages = NULL;
    bool done = false;

    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_create_queue(store, "woken", NULL, &queue));
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.has_wait_s = 1;
    options.wait_s = 20;
    OK(forebay_queue_receive_start(queue, &options, NULL, NULL, &ticket));
    CHECK(in_child(send_one) == 0);
    OK(forebay_ticket_wait(ticket, 60000, &done));
    CHECK(done);
    OK(forebay_ticket_take(ticket, &messages));
    CHECK(forebay_messages_count(messages) == 1);
    forebay_messages_free(messages);
    forebay_ticket_free(ticket);
    OK(forebay_delete_queue(store, "woken"));
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void backup_opens_elsewhere(void)
{
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;
    char copy[512];

    snprintf(copy, sizeof copy, "%s.copy", world_location);
    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_create_queue(store, "copied", NULL, &queue));
    send_text(queue, "in both");
    OK(forebay_store_backup(store, copy));
    forebay_queue_free(queue);
    OK(forebay_delete_queue(store, "copied"));
    OK(forebay_store_close(store));
    OK(forebay_open(copy, NULL, &store));
    OK(forebay_get_queue(store, "copied", &queue));
    CHECK(receive_count(queue, 10) == 1);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

/* Descriptors that a program would inherit that this one starts. */
static int inherited(void)
{
    int count = 0;
    int fd;

    for (fd = 0; fd < 1024; fd++) {
        const int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    return count;
}

static void exec_closes_all_files(void)
{
    const int before = inherited();
    forebay_store *store = NULL;
    forebay_queue *queue = NULL;
    forebay_receive_options options;
    forebay_ticket *ticket = NULL;
    int32_t fd = -1;

    OK(forebay_open(world_location, NULL, &store));
    OK(forebay_create_queue(store, "exec", NULL, &queue));
    send_text(queue, "write the log");
    CHECK(receive_count(queue, 1) == 1);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.has_wait_s = 1;
    options.wait_s = 20;
    OK(forebay_queue_receive_start(queue, &options, NULL, NULL, &ticket));
    OK(forebay_ticket_fd(ticket, &fd));
    CHECK(inherited() == before);
    forebay_ticket_free(ticket);
    OK(forebay_delete_queue(store, "exec"));
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void must_exist_makes_nothing(void)
{
    forebay_open_options options;
    forebay_store *store = NULL;
    char absent[512];

    snprintf(absent, sizeof absent, "%s.absent", world_location);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.must_exist = 1;
    CHECK(forebay_open(absent, &options, &store) != FOREBAY_STATUS_OK);
    TEXT(absent);
    CHECK(store == NULL && access(absent, F_OK) != 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 2;
    }
    world_location = argv[1];
    RUN(fork_is_refused_and_harmless);
    RUN(two_opens_share_one_store);
    RUN(one_process_writes_another_reads);
    RUN(a_send_wakes_another_process);
    RUN(backup_opens_elsewhere);
    RUN(exec_closes_all_files);
    RUN(must_exist_makes_nothing);
    return conclude();
}
