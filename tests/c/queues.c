/* Queues from creation to deletion: names, attributes, tags, lists, dead letters, move tasks. */
#define CHECK_MAIN
#include "world.h"

static void versions_and_names(void)
{
    CHECK(forebay_abi_version() == FOREBAY_ABI_VERSION);
    CHECK(strcmp(forebay_version(), FOREBAY_VERSION) == 0);
    CHECK(strcmp(forebay_status_name(FOREBAY_STATUS_OK), "OK") == 0);
    CHECK(strcmp(forebay_status_name(FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST),
                 "AWS.SimpleQueueService.NonExistentQueue") == 0);
    CHECK(strcmp(forebay_status_name(FOREBAY_STATUS_DISK_FULL), "Forebay.DiskFull") == 0);
    CHECK(strcmp(forebay_status_name(99), "Unknown") == 0);
    CHECK(strcmp(forebay_status_name(-1), "Unknown") == 0);
    CHECK(forebay_status_retryable(FOREBAY_STATUS_BUSY));
    CHECK(!forebay_status_retryable(FOREBAY_STATUS_OK));
    CHECK(!forebay_status_retryable(12345));
}

static void create_find_and_delete(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "create", NULL);
    forebay_queue *found = NULL;
    const char *text = NULL;
    bool fifo = true;

    OK(forebay_queue_name(queue, &text));
    CHECK(strcmp(text, "create") == 0);
    OK(forebay_queue_arn(queue, &text));
    CHECK(strcmp(text, "arn:aws:sqs:us-east-1:000000000000:create") == 0);
    OK(forebay_queue_is_fifo(queue, &fifo));
    CHECK(!fifo);
    OK(forebay_get_queue(store, "create", &found));
    forebay_queue_free(found);
    OK(forebay_create_queue(store, "create", NULL, &found));
    forebay_queue_free(found);

    found = NULL;
    STATUS(FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST, forebay_get_queue(store, "absent", &found));
    CHECK(found == NULL);
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_create_queue(store, "no spaces", NULL, &found));
    CHECK(found == NULL);
    OK(forebay_delete_queue(store, "create"));
    STATUS(FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST, forebay_get_queue(store, "create", &found));
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void account_and_region(void)
{
    forebay_open_options options;
    forebay_store *store = NULL;
    forebay_queue *queue;
    const char *arn = NULL;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.account = "123456789012";
    options.region = "eu-nowhere-1";
    options.no_sixty_second_rules = 1;
    options.clock = FOREBAY_CLOCK_MANUAL;
    options.clock_start_ms = START_MS;
    OK(forebay_open(world_location, &options, &store));
    queue = fresh_queue(store, "scoped", NULL);
    OK(forebay_queue_arn(queue, &arn));
    CHECK(strcmp(arn, "arn:aws:sqs:eu-nowhere-1:123456789012:scoped") == 0);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void attributes_and_tags(void)
{
    static const forebay_pair given[] = {{"VisibilityTimeout", "7"}, {"DelaySeconds", "0"}};
    static const forebay_pair tags[] = {{"team", "blue"}, {"cost", ""}};
    static const forebay_pair changed[] = {{"VisibilityTimeout", "9"}};
    static const forebay_pair wrong[] = {{"VisibilityTimeout", "5"}, {"DelaySeconds", "901"}};
    static const char *const all[] = {"All"};
    static const char *const unknown[] = {"Nonsense"};
    static const char *const keys[] = {"cost", "never"};
    forebay_store *store = open_manual();
    forebay_queue_options options;
    forebay_queue *queue;
    forebay_queue *other = NULL;
    forebay_list *list = NULL;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.attributes = given;
    options.attribute_count = 2;
    options.tags = tags;
    options.tag_count = 2;
    queue = fresh_queue(store, "attributes", &options);
    options.attributes = changed;
    options.attribute_count = 1;
    STATUS(FOREBAY_STATUS_QUEUE_NAME_EXISTS,
           forebay_create_queue(store, "attributes", &options, &other));
    CHECK(other == NULL);

    OK(forebay_queue_get_attributes(queue, all, 1, &list));
    CHECK(strcmp(value_of(list, "VisibilityTimeout"), "7") == 0);
    CHECK(strcmp(value_of(list, "ApproximateNumberOfMessages"), "0") == 0);
    CHECK(forebay_list_count(list) == 12);
    forebay_list_free(list);
    STATUS(FOREBAY_STATUS_INVALID_ATTRIBUTE_NAME,
           forebay_queue_get_attributes(queue, unknown, 1, &list));
    TEXT("Nonsense");

    STATUS(FOREBAY_STATUS_INVALID_ATTRIBUTE_VALUE, forebay_queue_set_attributes(queue, wrong, 2));
    OK(forebay_queue_set_attributes(queue, changed, 1));
    OK(forebay_queue_get_attributes(queue, all, 1, &list));
    CHECK(strcmp(value_of(list, "VisibilityTimeout"), "9") == 0);
    forebay_list_free(list);

    OK(forebay_queue_tags(queue, &list));
    CHECK(forebay_list_count(list) == 2);
    CHECK(strcmp(value_of(list, "team"), "blue") == 0);
    forebay_list_free(list);
    OK(forebay_queue_untag(queue, keys, 2));
    OK(forebay_queue_tag(queue, tags, 1));
    OK(forebay_queue_tags(queue, &list));
    CHECK(forebay_list_count(list) == 1);
    forebay_list_free(list);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void lists_in_pages(void)
{
    static const char *const names[] = {"page-a", "page-b", "page-c"};
    forebay_store *store = open_manual();
    forebay_list *first = NULL;
    forebay_list *second = NULL;
    forebay_pair row;
    const char *token = NULL;
    size_t index;

    for (index = 0; index < 3; index++)
        forebay_queue_free(fresh_queue(store, names[index], NULL));
    OK(forebay_list_queues(store, "page-", NULL, 2, &first));
    CHECK(forebay_list_count(first) == 2);
    OK(forebay_list_get(first, 1, &row));
    CHECK(strcmp(row.name, "page-b") == 0 && row.value == NULL);
    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT, forebay_list_get(first, 2, &row));
    TEXT("index is 2");
    OK(forebay_list_next_token(first, &token));
    CHECK(token != NULL);
    OK(forebay_list_queues(store, "page-", token, 2, &second));
    CHECK(forebay_list_count(second) == 1);
    OK(forebay_list_next_token(second, &token));
    CHECK(token == NULL);
    forebay_list_free(first);
    forebay_list_free(second);
    OK(forebay_list_queues(store, NULL, NULL, 0, &first));
    CHECK(forebay_list_count(first) >= 3);
    forebay_list_free(first);
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_list_queues(store, NULL, "no token of ours", 0, &first));
    OK(forebay_store_close(store));
}

static void dead_letters_and_move_tasks(void)
{
    forebay_store *store = open_manual();
    forebay_queue *dead = fresh_queue(store, "dead", NULL);
    forebay_queue_options options;
    forebay_queue *queue;
    forebay_messages *messages;
    forebay_list *list = NULL;
    forebay_tasks *tasks = NULL;
    forebay_task task;
    forebay_pair row;
    uint64_t moved = 77;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.dead_letter = "dead";
    options.max_receives = 1;
    queue = fresh_queue(store, "source", &options);
    OK(forebay_queue_dead_letter_sources(dead, NULL, 0, &list));
    CHECK(forebay_list_count(list) == 1);
    OK(forebay_list_get(list, 0, &row));
    CHECK(strcmp(row.name, "source") == 0);
    forebay_list_free(list);

    send_text(queue, "poison");
    CHECK(receive_count(queue, 1) == 1);
    OK(forebay_store_advance(store, 30000, NULL));
    CHECK(receive_count(queue, 1) == 0);
    messages = receive(dead, 1);
    CHECK(forebay_messages_count(messages) == 1);
    CHECK(strcmp(message_at(messages, 0).dead_letter_source,
                 "arn:aws:sqs:us-east-1:000000000000:source") == 0);
    CHECK(message_at(messages, 0).receive_count == 2);
    OK(forebay_messages_change_visibility(messages, 0, 0));
    forebay_messages_free(messages);

    OK(forebay_start_move_task(store, "dead", NULL, 0, &list));
    OK(forebay_list_get(list, 0, &row));
    OK(forebay_store_advance(store, 1000, NULL));
    OK(forebay_list_move_tasks(store, "dead", 0, &tasks));
    CHECK(forebay_tasks_count(tasks) == 1);
    OK(forebay_tasks_get(tasks, 0, &task, sizeof task));
    CHECK(task.state == FOREBAY_TASK_STATE_COMPLETED);
    CHECK(task.moved == 1 && task.to_move == 1 && task.rate == 0);
    CHECK(task.destination == NULL && task.failure == NULL && task.handle == NULL);
    CHECK(strcmp(task.source, "arn:aws:sqs:us-east-1:000000000000:dead") == 0);
    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT, forebay_tasks_get(tasks, 1, &task, sizeof task));
    forebay_tasks_free(tasks);
    STATUS(FOREBAY_STATUS_UNSUPPORTED_OPERATION,
           forebay_cancel_move_task(store, row.name, &moved));
    CHECK(moved == 77);
    forebay_list_free(list);
    CHECK(receive_count(queue, 1) == 1);
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_start_move_task(store, "dead", NULL, 501, &list));
    TEXT("501");
    forebay_queue_free(queue);
    forebay_queue_free(dead);
    OK(forebay_store_close(store));
}

static void purge_empties(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "purge", NULL);

    send_text(queue, "a");
    send_text(queue, "b");
    CHECK(receive_count(queue, 1) == 1);
    OK(forebay_queue_purge(queue));
    OK(forebay_store_advance(store, 60000, NULL));
    CHECK(receive_count(queue, 10) == 0);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void clock_check_and_statistics(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "care", NULL);
    forebay_check_report report;
    forebay_statistics statistics;
    struct {
        forebay_statistics known;
        uint64_t more[2];
    } newer;
    forebay_list *problems = NULL;
    uint64_t before = 0;
    uint64_t after = 0;

    OK(forebay_store_now(store, &before));
    CHECK(before >= START_MS);
    OK(forebay_store_advance(store, 1500, &after));
    CHECK(after == before + 1500);
    OK(forebay_store_now(store, &before));
    CHECK(after == before);

    send_text(queue, "x");
    OK(forebay_store_check(store, &report, sizeof report, &problems));
    CHECK(report.queues >= 1 && report.messages >= 1 && report.problem_count == 0);
    CHECK(forebay_list_count(problems) == 0);
    forebay_list_free(problems);
    OK(forebay_store_check(store, &report, sizeof report, NULL));
    OK(forebay_store_statistics(store, &statistics, sizeof statistics));
    CHECK(statistics.commands >= 2 && statistics.transactions >= 1);
    /* A program built against a longer structure gets zeros where it knows more. */
    memset(&newer, 0xff, sizeof newer);
    OK(forebay_store_statistics(store, &newer.known, sizeof newer));
    CHECK(newer.known.commands >= 2 && newer.more[0] == 0 && newer.more[1] == 0);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void closed_store(void)
{
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "closing", NULL);
    forebay_messages *messages;

    send_text(queue, "stays readable");
    messages = receive(queue, 1);
    OK(forebay_store_close(store));
    STATUS(FOREBAY_STATUS_CLOSED, forebay_store_close(store));
    STATUS(FOREBAY_STATUS_CLOSED, forebay_queue_purge(queue));
    {
        const forebay_message message = message_at(messages, 0);
        CHECK(body_is(&message, "stays readable"));
    }
    STATUS(FOREBAY_STATUS_CLOSED, forebay_messages_delete(messages, 0));
    forebay_messages_free(messages);
    forebay_queue_free(queue);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s LOCATION\n", argv[0]);
        return 2;
    }
    world_location = argv[1];
    RUN(versions_and_names);
    RUN(create_find_and_delete);
    RUN(account_and_region);
    RUN(attributes_and_tags);
    RUN(lists_in_pages);
    RUN(dead_letters_and_move_tasks);
    RUN(purge_empties);
    RUN(clock_check_and_statistics);
    RUN(closed_store);
    return conclude();
}
