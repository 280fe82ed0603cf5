/* Runs the matrix of misuse and sees to it that no exported function is missing in it. */
#define CHECK_MAIN
#include "misuse.h"

struct kit kit;
uint64_t misaligned_room[32];

void *bad_handle(enum kind kind, int index, forebay_status *expected)
{
    static uint64_t stray[4];

    *expected = FOREBAY_STATUS_INVALID_ARGUMENT;
    switch (index) {
    case 0:
        return NULL;
    case 1:
        /* A live handle of another kind. */
        return kind == STORE ? (void *)kit.queue : (void *)kit.store;
    case 2:
        return stray;
    case 3:
        return (char *)stray + 16;
    default:
        *expected = FOREBAY_STATUS_CLOSED;
        return kit.ended[kind];
    }
}

static void fill_kit(void)
{
    static const char *const all[] = {"All"};
    const forebay_send_entry entry = {(const uint8_t *)"body", 4, NULL, NULL};
    forebay_messages *messages = NULL;

    kit.store = open_manual();
    kit.queue = fresh_queue(kit.store, "misuse", NULL);
    OK(forebay_queue_send_batch(kit.queue, &entry, 1, &kit.results));
    kit.messages = receive(kit.queue, 1);
    CHECK(forebay_messages_count(kit.messages) == 1);
    OK(forebay_queue_get_attributes(kit.queue, all, 1, &kit.list));
    OK(forebay_list_move_tasks(kit.store, "misuse", 0, &kit.tasks));
    OK(forebay_queue_receive_start(kit.queue, NULL, NULL, NULL, &kit.ticket));
    OK(forebay_queue_peek(kit.queue, NULL, &messages));
    forebay_messages_free(messages);
    kit.ended[MESSAGES] = messages;
}

/* One ended handle of every kind. */
static void fill_ended(void)
{
    static const char *const all[] = {"All"};
    forebay_store *store = open_manual();
    forebay_queue *queue = fresh_queue(store, "ended", NULL);
    const forebay_send_entry entry = {(const uint8_t *)"body", 4, NULL, NULL};
    forebay_results *results = NULL;
    forebay_list *list = NULL;
    forebay_tasks *tasks = NULL;
    forebay_ticket *ticket = NULL;

    OK(forebay_queue_send_batch(queue, &entry, 1, &results));
    OK(forebay_queue_get_attributes(queue, all, 1, &list));
    OK(forebay_list_move_tasks(store, "ended", 0, &tasks));
    OK(forebay_queue_receive_start(queue, NULL, NULL, NULL, &ticket));
    kit.ended[RESULTS] = results;
    kit.ended[LIST] = list;
    kit.ended[TASKS] = tasks;
    kit.ended[TICKET] = ticket;
    kit.ended[QUEUE] = queue;
    kit.ended[STORE] = store;
    forebay_results_free(results);
    forebay_list_free(list);
    forebay_tasks_free(tasks);
    forebay_ticket_free(ticket);
    forebay_queue_free(queue);
    OK(forebay_store_close(store));
}

static void empty_kit(void)
{
    /* The kit still works after all that was done to it. */
    CHECK(forebay_messages_count(kit.messages) == 1);
    CHECK(forebay_results_count(kit.results) == 1);
    CHECK(forebay_list_count(kit.list) > 0);
    OK(forebay_messages_delete(kit.messages, 0));
    OK(forebay_ticket_cancel(kit.ticket));
    forebay_ticket_free(kit.ticket);
    forebay_messages_free(kit.messages);
    forebay_results_free(kit.results);
    forebay_list_free(kit.list);
    forebay_tasks_free(kit.tasks);
    forebay_queue_free(kit.queue);
    OK(forebay_store_close(kit.store));
}

static const struct row *const tables[] = {store_rows, queue_rows, result_rows};

static const struct row *find(const char *function)
{
    size_t table;
    const struct row *row;

    for (table = 0; table < sizeof tables / sizeof *tables; table++)
        for (row = tables[table]; row->function != NULL; row++)
            if (strcmp(row->function, function) == 0)
                return row;
    return NULL;
}

static const char *exports_path;

/* Every line of exports.txt has its row, and there are no more rows than lines. */
static void every_export_is_covered(void)
{
    FILE *exports = fopen(exports_path, "r");
    char line[128];
    size_t lines = 0;
    size_t rows = 0;
    size_t table;
    const struct row *row;

    CHECK(exports != NULL);
    while (exports != NULL && fgets(line, sizeof line, exports) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        lines++;
        if (find(line) == NULL) {
            printf("%s has no row in the matrix of misuse\n", line);
            checks_failed++;
        }
    }
    if (exports != NULL)
        fclose(exports);
    for (table = 0; table < sizeof tables / sizeof *tables; table++)
        for (row = tables[table]; row->function != NULL; row++)
            rows++;
    CHECK(lines > 60);
    CHECK(rows == lines);
}

static void run_table(const struct row *row)
{
    for (; row->function != NULL; row++) {
        const unsigned before = checks_failed;
        row->test();
        if (checks_failed == before)
            tests_passed++;
        else
            tests_failed++;
        printf("test %s ... %s\n", row->function, checks_failed == before ? "ok" : "FAILED");
    }
}

int main(int argc, char **argv)
{
    size_t table;

    if (argc != 3) {
        fprintf(stderr, "usage: %s LOCATION EXPORTS\n", argv[0]);
        return 2;
    }
    world_location = argv[1];
    exports_path = argv[2];
    fill_ended();
    fill_kit();
    RUN(every_export_is_covered);
    for (table = 0; table < sizeof tables / sizeof *tables; table++)
        run_table(tables[table]);
    RUN(empty_kit);
    return conclude();
}
