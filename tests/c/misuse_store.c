/* Misuse of stores, of move tasks, and of the functions that need no handle. */
#include "misuse.h"

static void m_abi_version(void)
{
    CHECK(forebay_abi_version() == FOREBAY_ABI_VERSION);
}

static void m_version(void)
{
    CHECK(forebay_version()[0] != '\0');
}

static void m_last_error(void)
{
    CHECK(forebay_last_error() != NULL);
}

static void m_status_name(void)
{
    CHECK(strcmp(forebay_status_name(INT32_MIN), "Unknown") == 0);
    CHECK(strcmp(forebay_status_name(INT32_MAX), "Unknown") == 0);
}

static void m_status_retryable(void)
{
    CHECK(!forebay_status_retryable(INT32_MIN));
    CHECK(!forebay_status_retryable(INT32_MAX));
}

static void m_md5(void)
{
    char digest[FOREBAY_MD5_LENGTH] = "untouched";

    REFUSED("body is NULL", forebay_md5(NULL, 1, &digest));
    REFUSED("length of body", forebay_md5((const uint8_t *)"x", SIZE_MAX, &digest));
    REFUSED("digest is NULL", forebay_md5((const uint8_t *)"x", 1, NULL));
    CHECK(strcmp(digest, "untouched") == 0);
}

static void m_md5_attributes(void)
{
    forebay_attribute attribute = {"name", "String", (const uint8_t *)"v", 1};
    char digest[FOREBAY_MD5_LENGTH] = "untouched";

    REFUSED("attributes is NULL", forebay_md5_attributes(NULL, 1, &digest));
    REFUSED("digest is NULL", forebay_md5_attributes(&attribute, 1, NULL));
    REFUSED("length of attributes", forebay_md5_attributes(&attribute, SIZE_MAX, &digest));
    REFUSED("not aligned", forebay_md5_attributes(MISALIGNED(forebay_attribute), 1, &digest));
    attribute.name = NULL;
    REFUSED("attributes[0].name is NULL", forebay_md5_attributes(&attribute, 1, &digest));
    attribute.name = NOT_UTF8;
    REFUSED("attributes[0].name is not UTF-8", forebay_md5_attributes(&attribute, 1, &digest));
    attribute.name = "name";
    attribute.type_name = NOT_UTF8;
    REFUSED("attributes[0].type_name", forebay_md5_attributes(&attribute, 1, &digest));
    attribute.type_name = NULL;
    attribute.value = (const uint8_t *)NOT_UTF8;
    attribute.value_length = 3;
    REFUSED("attributes[0].value", forebay_md5_attributes(&attribute, 1, &digest));
    attribute.value = NULL;
    REFUSED("attributes[0].value is NULL", forebay_md5_attributes(&attribute, 1, &digest));
    CHECK(strcmp(digest, "untouched") == 0);
}

static void open_options_are_checked(void)
{
    /* That of a pointer, as of `sizeof options` where it is one, is none of any version. */
    static const size_t sizes[] = {0,  1,    sizeof(forebay_open_options *), 72, 84,
                                   92, 4104, SIZE_MAX};
    forebay_open_options options;
    forebay_store *store = NULL;
    size_t index;

    memset(&options, 0, sizeof options);
    for (index = 0; index < sizeof sizes / sizeof *sizes; index++) {
        char number[32];
        options.size = sizes[index];
        snprintf(number, sizeof number, "options->size is %zu", sizes[index]);
        REFUSED(number, forebay_open(world_location, &options, &store));
    }
    options.size = sizeof options;
#define BAD_FIELD(field, value, part)                                                           \
    do {                                                                                        \
        options.field = value;                                                                  \
        REFUSED(part, forebay_open(world_location, &options, &store));                          \
        options.field = 0;                                                                      \
    } while (0)
    BAD_FIELD(durability, 3, "durability is 3");
    BAD_FIELD(durability, -1, "durability is -1");
    BAD_FIELD(clock, 2, "clock is 2");
    BAD_FIELD(clock_start_ms, 5, "clock_start_ms is 5");
    BAD_FIELD(sqs_limits, 2, "sqs_limits is 2");
    BAD_FIELD(no_sixty_second_rules, -1, "no_sixty_second_rules is -1");
    BAD_FIELD(must_exist, 7, "must_exist is 7");
    BAD_FIELD(allow_network_file_system, 9, "allow_network_file_system is 9");
    BAD_FIELD(no_lock_wait, 2, "no_lock_wait is 2");
    BAD_FIELD(no_reserve, -1, "no_reserve is -1");
    BAD_FIELD(reserve_bytes, UINT64_MAX, "reserve_bytes is 18446744073709551615");
    BAD_FIELD(account, NOT_UTF8, "account is not UTF-8");
    BAD_FIELD(region, NOT_UTF8, "region is not UTF-8");
#undef BAD_FIELD
    CHECK(store == NULL);
}

/* What an older or a newer program passes. */
static void open_options_of_other_versions(void)
{
    struct {
        forebay_open_options known;
        uint64_t newer[4];
    } future;
    forebay_open_options older;
    forebay_store *store = NULL;

    memset(&older, 0, sizeof older);
    older.size = offsetof(forebay_open_options, no_lock_wait);
    older.no_lock_wait = 7; /* is something else of the older program's */
    OK(forebay_open("mem:", &older, &store));
    OK(forebay_store_close(store));
    store = NULL;
    memset(&future, 0, sizeof future);
    future.known.size = sizeof future;
    OK(forebay_open("mem:", &future.known, &store));
    OK(forebay_store_close(store));
    store = NULL;
    future.newer[1] = 1;
    REFUSED("does not have", forebay_open("mem:", &future.known, &store));
    CHECK(store == NULL);
}

static void m_open(void)
{
    forebay_store *store = NULL;

    REFUSED("location is NULL", forebay_open(NULL, NULL, &store));
    REFUSED("location is not UTF-8: wrong byte at offset 2",
            forebay_open(NOT_UTF8, NULL, &store));
    REFUSED("store is NULL", forebay_open(world_location, NULL, NULL));
    REFUSED("not aligned", forebay_open(world_location, NULL, MISALIGNED(forebay_store *)));
    REFUSED("not aligned", forebay_open(world_location, MISALIGNED(forebay_open_options), &store));
    STATUS(FOREBAY_STATUS_INVALID_ARGUMENT, forebay_open("", NULL, &store));
    CHECK(store == NULL);
    open_options_are_checked();
    open_options_of_other_versions();
}

static void m_store_close(void)
{
    int index;

    OK(forebay_store_close(NULL));
    for (index = 1; index < BAD_HANDLES; index++) {
        forebay_status expected;
        void *bad = bad_handle(STORE, index, &expected);
        STATUS(expected, forebay_store_close(bad));
    }
}

static void m_create_queue(void)
{
    const forebay_pair twice[] = {{"DelaySeconds", "1"}, {"DelaySeconds", "2"}};
    const forebay_pair no_value = {"DelaySeconds", NULL};
    forebay_queue_options options;
    forebay_queue *queue = NULL;

    BAD(STORE, forebay_create_queue(bad, "q", NULL, &queue));
    REFUSED("name is NULL", forebay_create_queue(kit.store, NULL, NULL, &queue));
    REFUSED("name is not UTF-8", forebay_create_queue(kit.store, NOT_UTF8, NULL, &queue));
    REFUSED("queue is NULL", forebay_create_queue(kit.store, "q", NULL, NULL));
    memset(&options, 0, sizeof options);
    REFUSED("size is 0", forebay_create_queue(kit.store, "q", &options, &queue));
    options.size = sizeof options;
    options.attribute_count = 1;
    REFUSED("attributes is NULL", forebay_create_queue(kit.store, "q", &options, &queue));
    options.attributes = &no_value;
    REFUSED("attributes[0].value", forebay_create_queue(kit.store, "q", &options, &queue));
    options.attributes = twice;
    options.attribute_count = 2;
    REFUSED("comes twice", forebay_create_queue(kit.store, "q", &options, &queue));
    options.attribute_count = 0;
    options.tag_count = 1;
    REFUSED("tags is NULL", forebay_create_queue(kit.store, "q", &options, &queue));
    options.tag_count = 0;
    options.fifo = 2;
    REFUSED("fifo is 2", forebay_create_queue(kit.store, "q", &options, &queue));
    options.fifo = 0;
    options.max_receives = 3;
    REFUSED("max_receives is 3", forebay_create_queue(kit.store, "q", &options, &queue));
    options.dead_letter = NOT_UTF8;
    REFUSED("dead_letter is not UTF-8", forebay_create_queue(kit.store, "q", &options, &queue));
    CHECK(queue == NULL);
}

static void m_get_queue(void)
{
    forebay_queue *queue = NULL;

    BAD(STORE, forebay_get_queue(bad, "misuse", &queue));
    REFUSED("name is NULL", forebay_get_queue(kit.store, NULL, &queue));
    REFUSED("name is not UTF-8", forebay_get_queue(kit.store, NOT_UTF8, &queue));
    REFUSED("queue is NULL", forebay_get_queue(kit.store, "misuse", NULL));
    CHECK(queue == NULL);
}

static void m_delete_queue(void)
{
    BAD(STORE, forebay_delete_queue(bad, "misuse"));
    REFUSED("name is NULL", forebay_delete_queue(kit.store, NULL));
    REFUSED("name is not UTF-8", forebay_delete_queue(kit.store, NOT_UTF8));
}

static void m_list_queues(void)
{
    forebay_list *names = NULL;

    BAD(STORE, forebay_list_queues(bad, NULL, NULL, 0, &names));
    REFUSED("prefix is not UTF-8", forebay_list_queues(kit.store, NOT_UTF8, NULL, 0, &names));
    REFUSED("token is not UTF-8", forebay_list_queues(kit.store, NULL, NOT_UTF8, 0, &names));
    REFUSED("names is NULL", forebay_list_queues(kit.store, NULL, NULL, 0, NULL));
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_list_queues(kit.store, NULL, NULL, 1001, &names));
    TEXT("1001");
    CHECK(names == NULL);
}

static void m_store_now(void)
{
    uint64_t now = 5;

    BAD(STORE, forebay_store_now(bad, &now));
    REFUSED("now_ms is NULL", forebay_store_now(kit.store, NULL));
    CHECK(now == 5);
}

static void m_store_advance(void)
{
    uint64_t now = 5;

    BAD(STORE, forebay_store_advance(bad, 1, &now));
    REFUSED("not aligned", forebay_store_advance(kit.store, 1, MISALIGNED(uint64_t)));
    CHECK(now == 5);
}

static void m_store_check(void)
{
    forebay_check_report report;

    BAD(STORE, forebay_store_check(bad, &report, sizeof report, NULL));
    REFUSED("report is NULL", forebay_store_check(kit.store, NULL, sizeof report, NULL));
    REFUSED("size of report is 0", forebay_store_check(kit.store, &report, 0, NULL));
    REFUSED("size of report is 9", forebay_store_check(kit.store, &report, 9, NULL));
    REFUSED("not aligned",
            forebay_store_check(kit.store, &report, sizeof report, MISALIGNED(forebay_list *)));
}

static void m_store_backup(void)
{
    BAD(STORE, forebay_store_backup(bad, "x"));
    REFUSED("directory is NULL", forebay_store_backup(kit.store, NULL));
    REFUSED("directory is not UTF-8", forebay_store_backup(kit.store, NOT_UTF8));
}

static void m_store_statistics(void)
{
    forebay_statistics statistics;

    BAD(STORE, forebay_store_statistics(bad, &statistics, sizeof statistics));
    REFUSED("statistics is NULL", forebay_store_statistics(kit.store, NULL, sizeof statistics));
    REFUSED("size of statistics is 5000",
            forebay_store_statistics(kit.store, &statistics, 5000));
}

static void m_start_move_task(void)
{
    forebay_list *task = NULL;

    BAD(STORE, forebay_start_move_task(bad, "misuse", NULL, 0, &task));
    REFUSED("source is NULL", forebay_start_move_task(kit.store, NULL, NULL, 0, &task));
    REFUSED("source is not UTF-8", forebay_start_move_task(kit.store, NOT_UTF8, NULL, 0, &task));
    REFUSED("destination is not UTF-8",
            forebay_start_move_task(kit.store, "misuse", NOT_UTF8, 0, &task));
    REFUSED("task is NULL", forebay_start_move_task(kit.store, "misuse", NULL, 0, NULL));
    CHECK(task == NULL);
}

static void m_cancel_move_task(void)
{
    uint64_t moved = 5;

    BAD(STORE, forebay_cancel_move_task(bad, "task", &moved));
    REFUSED("task is NULL", forebay_cancel_move_task(kit.store, NULL, &moved));
    REFUSED("task is not UTF-8", forebay_cancel_move_task(kit.store, NOT_UTF8, &moved));
    REFUSED("not aligned", forebay_cancel_move_task(kit.store, "task", MISALIGNED(uint64_t)));
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_cancel_move_task(kit.store, "no task", &moved));
    CHECK(moved == 5);
}

static void m_list_move_tasks(void)
{
    forebay_tasks *tasks = NULL;

    BAD(STORE, forebay_list_move_tasks(bad, "misuse", 0, &tasks));
    REFUSED("source is NULL", forebay_list_move_tasks(kit.store, NULL, 0, &tasks));
    REFUSED("source is not UTF-8", forebay_list_move_tasks(kit.store, NOT_UTF8, 0, &tasks));
    REFUSED("tasks is NULL", forebay_list_move_tasks(kit.store, "misuse", 0, NULL));
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_list_move_tasks(kit.store, "misuse", 11, &tasks));
    CHECK(tasks == NULL);
}

const struct row store_rows[] = {
    {"forebay_abi_version", m_abi_version},
    {"forebay_version", m_version},
    {"forebay_last_error", m_last_error},
    {"forebay_status_name", m_status_name},
    {"forebay_status_retryable", m_status_retryable},
    {"forebay_md5", m_md5},
    {"forebay_md5_attributes", m_md5_attributes},
    {"forebay_open", m_open},
    {"forebay_store_close", m_store_close},
    {"forebay_create_queue", m_create_queue},
    {"forebay_get_queue", m_get_queue},
    {"forebay_delete_queue", m_delete_queue},
    {"forebay_list_queues", m_list_queues},
    {"forebay_store_now", m_store_now},
    {"forebay_store_advance", m_store_advance},
    {"forebay_store_check", m_store_check},
    {"forebay_store_backup", m_store_backup},
    {"forebay_store_statistics", m_store_statistics},
    {"forebay_start_move_task", m_start_move_task},
    {"forebay_cancel_move_task", m_cancel_move_task},
    {"forebay_list_move_tasks", m_list_move_tasks},
    {NULL, NULL},
};
