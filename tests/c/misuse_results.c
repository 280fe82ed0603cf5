/* Misuse of what calls return: messages, tickets, results, lists, tasks. */
#include "misuse.h"

static void m_messages_count(void)
{
    HARMLESS(MESSAGES, CHECK(forebay_messages_count(bad) == 0));
}

static void m_messages_get(void)
{
    forebay_message message;

    memset(&message, 0x55, sizeof message);
    BAD(MESSAGES, forebay_messages_get(bad, 0, &message, sizeof message));
    REFUSED("index is 1; there are 1",
            forebay_messages_get(kit.messages, 1, &message, sizeof message));
    REFUSED("index is 18446744073709551615",
            forebay_messages_get(kit.messages, SIZE_MAX, &message, sizeof message));
    REFUSED("message is NULL", forebay_messages_get(kit.messages, 0, NULL, sizeof message));
    REFUSED("size of message is 0", forebay_messages_get(kit.messages, 0, &message, 0));
    REFUSED("size of message is 8", forebay_messages_get(kit.messages, 0, &message, 8));
    REFUSED("size of message is 9999", forebay_messages_get(kit.messages, 0, &message, 9999));
    CHECK(message.sequence == UINT64_C(0x5555555555555555));
}

static void m_messages_attribute(void)
{
    forebay_attribute attribute = {NULL, NULL, NULL, 77};

    BAD(MESSAGES, forebay_messages_attribute(bad, 0, 0, &attribute));
    REFUSED("index is 2", forebay_messages_attribute(kit.messages, 2, 0, &attribute));
    REFUSED("index is 0; there are 0",
            forebay_messages_attribute(kit.messages, 0, 0, &attribute));
    REFUSED("attribute is NULL", forebay_messages_attribute(kit.messages, 0, 0, NULL));
    CHECK(attribute.value_length == 77);
}

static void m_messages_attribute_named(void)
{
    forebay_attribute attribute = {NULL, NULL, NULL, 77};

    BAD(MESSAGES, forebay_messages_attribute_named(bad, 0, "a", &attribute));
    REFUSED("name is NULL", forebay_messages_attribute_named(kit.messages, 0, NULL, &attribute));
    REFUSED("name is not UTF-8",
            forebay_messages_attribute_named(kit.messages, 0, NOT_UTF8, &attribute));
    REFUSED("attribute is NULL", forebay_messages_attribute_named(kit.messages, 0, "a", NULL));
    CHECK(attribute.value_length == 77);
}

static const char *const all[] = {"All", NULL};

static void m_messages_select_attributes(void)
{
    forebay_list *list = NULL;

    BAD(MESSAGES, forebay_messages_select_attributes(bad, 0, all, 1, &list));
    REFUSED("names is NULL",
            forebay_messages_select_attributes(kit.messages, 0, NULL, 1, &list));
    REFUSED("names[1] is NULL",
            forebay_messages_select_attributes(kit.messages, 0, all, 2, &list));
    REFUSED("selected is NULL",
            forebay_messages_select_attributes(kit.messages, 0, all, 1, NULL));
    CHECK(list == NULL);
}

static void m_messages_system_attributes(void)
{
    forebay_list *list = NULL;

    BAD(MESSAGES, forebay_messages_system_attributes(bad, 0, all, 1, &list));
    REFUSED("index is 3",
            forebay_messages_system_attributes(kit.messages, 3, all, 1, &list));
    REFUSED("names[1] is NULL",
            forebay_messages_system_attributes(kit.messages, 0, all, 2, &list));
    REFUSED("attributes is NULL",
            forebay_messages_system_attributes(kit.messages, 0, all, 1, NULL));
    CHECK(list == NULL);
}

static void m_messages_md5_body(void)
{
    char digest[FOREBAY_MD5_LENGTH] = "untouched";

    BAD(MESSAGES, forebay_messages_md5_body(bad, 0, &digest));
    REFUSED("index is 1", forebay_messages_md5_body(kit.messages, 1, &digest));
    REFUSED("digest is NULL", forebay_messages_md5_body(kit.messages, 0, NULL));
    CHECK(strcmp(digest, "untouched") == 0);
}

static void m_messages_md5_attributes(void)
{
    char digest[FOREBAY_MD5_LENGTH] = "untouched";

    BAD(MESSAGES, forebay_messages_md5_attributes(bad, 0, all, 1, &digest));
    REFUSED("names[1] is NULL",
            forebay_messages_md5_attributes(kit.messages, 0, all, 2, &digest));
    REFUSED("digest is NULL",
            forebay_messages_md5_attributes(kit.messages, 0, all, 1, NULL));
    CHECK(strcmp(digest, "untouched") == 0);
}

static void m_messages_delete(void)
{
    BAD(MESSAGES, forebay_messages_delete(bad, 0));
    REFUSED("index is 1", forebay_messages_delete(kit.messages, 1));
}

static void m_messages_change_visibility(void)
{
    BAD(MESSAGES, forebay_messages_change_visibility(bad, 0, 1));
    REFUSED("index is 1", forebay_messages_change_visibility(kit.messages, 1, 1));
    STATUS(FOREBAY_STATUS_INVALID_PARAMETER_VALUE,
           forebay_messages_change_visibility(kit.messages, 0, UINT32_MAX));
    TEXT("4294967295 (-1)");
}

static void m_messages_free(void)
{
    HARMLESS(MESSAGES, forebay_messages_free(bad));
}

static void m_ticket_is_done(void)
{
    bool done = true;

    BAD(TICKET, forebay_ticket_is_done(bad, &done));
    REFUSED("done is NULL", forebay_ticket_is_done(kit.ticket, NULL));
    CHECK(done);
}

static void m_ticket_wait(void)
{
    bool done = false;

    BAD(TICKET, forebay_ticket_wait(bad, -1, &done));
    REFUSED("done is NULL", forebay_ticket_wait(kit.ticket, 0, NULL));
    CHECK(!done);
    OK(forebay_ticket_wait(kit.ticket, INT64_MAX, &done));
    OK(forebay_ticket_wait(kit.ticket, INT64_MIN, &done));
    CHECK(done);
}

static void m_ticket_fd(void)
{
    int32_t fd = -5;

    BAD(TICKET, forebay_ticket_fd(bad, &fd));
    REFUSED("fd is NULL", forebay_ticket_fd(kit.ticket, NULL));
    CHECK(fd == -5);
}

static void m_ticket_take(void)
{
    forebay_messages *messages = NULL;

    BAD(TICKET, forebay_ticket_take(bad, &messages));
    REFUSED("messages is NULL", forebay_ticket_take(kit.ticket, NULL));
    CHECK(messages == NULL);
}

static void m_ticket_cancel(void)
{
    BAD(TICKET, forebay_ticket_cancel(bad));
}

static void m_ticket_free(void)
{
    HARMLESS(TICKET, forebay_ticket_free(bad));
}

static void m_results_count(void)
{
    HARMLESS(RESULTS, CHECK(forebay_results_count(bad) == 0));
}

static void m_results_failed(void)
{
    HARMLESS(RESULTS, CHECK(forebay_results_failed(bad) == 0));
}

static void m_results_get(void)
{
    forebay_status status = FOREBAY_STATUS_PANIC;
    const char *text = "untouched";

    BAD(RESULTS, forebay_results_get(bad, 0, &status, &text));
    REFUSED("index is 1", forebay_results_get(kit.results, 1, &status, &text));
    REFUSED("status is NULL", forebay_results_get(kit.results, 0, NULL, &text));
    CHECK(status == FOREBAY_STATUS_PANIC && strcmp(text, "untouched") == 0);
}

static void m_results_sent(void)
{
    forebay_sent sent;

    memset(&sent, 0x55, sizeof sent);
    BAD(RESULTS, forebay_results_sent(bad, 0, &sent, sizeof sent));
    REFUSED("index is 1", forebay_results_sent(kit.results, 1, &sent, sizeof sent));
    REFUSED("sent is NULL", forebay_results_sent(kit.results, 0, NULL, sizeof sent));
    REFUSED("size of sent is 1", forebay_results_sent(kit.results, 0, &sent, 1));
    CHECK(sent.sequence == UINT64_C(0x5555555555555555));
}

static void m_results_free(void)
{
    HARMLESS(RESULTS, forebay_results_free(bad));
}

static void m_list_count(void)
{
    HARMLESS(LIST, CHECK(forebay_list_count(bad) == 0));
}

static void m_list_get(void)
{
    forebay_pair row = {"untouched", NULL};

    BAD(LIST, forebay_list_get(bad, 0, &row));
    REFUSED("index is 5000", forebay_list_get(kit.list, 5000, &row));
    REFUSED("row is NULL", forebay_list_get(kit.list, 0, NULL));
    CHECK(strcmp(row.name, "untouched") == 0);
}

static void m_list_next_token(void)
{
    const char *token = "untouched";

    BAD(LIST, forebay_list_next_token(bad, &token));
    REFUSED("token is NULL", forebay_list_next_token(kit.list, NULL));
    CHECK(strcmp(token, "untouched") == 0);
}

static void m_list_free(void)
{
    HARMLESS(LIST, forebay_list_free(bad));
}

static void m_tasks_count(void)
{
    HARMLESS(TASKS, CHECK(forebay_tasks_count(bad) == 0));
}

static void m_tasks_get(void)
{
    forebay_task task;

    memset(&task, 0x55, sizeof task);
    BAD(TASKS, forebay_tasks_get(bad, 0, &task, sizeof task));
    REFUSED("index is 0; there are 0",
            forebay_tasks_get(kit.tasks, 0, &task, sizeof task));
    REFUSED("task is NULL", forebay_tasks_get(kit.tasks, 0, NULL, sizeof task));
    REFUSED("size of task is 2", forebay_tasks_get(kit.tasks, 0, &task, 2));
    CHECK(task.moved == UINT64_C(0x5555555555555555));
}

static void m_tasks_free(void)
{
    HARMLESS(TASKS, forebay_tasks_free(bad));
}

const struct row result_rows[] = {
    {"forebay_messages_count", m_messages_count},
    {"forebay_messages_get", m_messages_get},
    {"forebay_messages_attribute", m_messages_attribute},
    {"forebay_messages_attribute_named", m_messages_attribute_named},
    {"forebay_messages_select_attributes", m_messages_select_attributes},
    {"forebay_messages_system_attributes", m_messages_system_attributes},
    {"forebay_messages_md5_body", m_messages_md5_body},
    {"forebay_messages_md5_attributes", m_messages_md5_attributes},
    {"forebay_messages_delete", m_messages_delete},
    {"forebay_messages_change_visibility", m_messages_change_visibility},
    {"forebay_messages_free", m_messages_free},
    {"forebay_ticket_is_done", m_ticket_is_done},
    {"forebay_ticket_wait", m_ticket_wait},
    {"forebay_ticket_fd", m_ticket_fd},
    {"forebay_ticket_take", m_ticket_take},
    {"forebay_ticket_cancel", m_ticket_cancel},
    {"forebay_ticket_free", m_ticket_free},
    {"forebay_results_count", m_results_count},
    {"forebay_results_failed", m_results_failed},
    {"forebay_results_get", m_results_get},
    {"forebay_results_sent", m_results_sent},
    {"forebay_results_free", m_results_free},
    {"forebay_list_count", m_list_count},
    {"forebay_list_get", m_list_get},
    {"forebay_list_next_token", m_list_next_token},
    {"forebay_list_free", m_list_free},
    {"forebay_tasks_count", m_tasks_count},
    {"forebay_tasks_get", m_tasks_get},
    {"forebay_tasks_free", m_tasks_free},
    {NULL, NULL},
};
