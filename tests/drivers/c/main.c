/* Reads requests and writes answers until the input ends. */
#define _POSIX_C_SOURCE 200809L

#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

forebay_store *store;

static forebay_status hello(const request *request) {
    static const char *const names[] = {
        "manual_clock", "durable", "tickets", "peek", "no_limits", "scale",
    };
    (void)request;
    answer_begin();
    size_t count = sizeof names / sizeof *names;
    for (size_t index = 0; index < count; index++) {
        answer_text(names[index], "capabilities.%zu", index + 1);
    }
    answer_number(count, "capabilities.count");
    return FOREBAY_STATUS_OK;
}

static forebay_status close_store(const request *request) {
    (void)request;
    tickets_forget();
    queues_forget();
    if (store != NULL) TRY(forebay_store_close(store));
    store = NULL;
    answer_begin();
    return FOREBAY_STATUS_OK;
}

static forebay_status open_store(const request *request) {
    TRY(close_store(request));
    forebay_open_options options = {0};
    options.size = sizeof options;
    options.account = request_text(request, "account");
    options.region = request_text(request, "region");
    options.sqs_limits = (int32_t)request_number(request, 0, "sqs_limits");
    options.no_sixty_second_rules = request_number(request, 0, "sixty_second_rules") == 0;
    if (request_find(request, "clock_start_ms") != NULL) {
        options.clock = FOREBAY_CLOCK_MANUAL;
        options.clock_start_ms = request_number(request, 0, "clock_start_ms");
    }
    return forebay_open(request_text(request, "location"), &options, &store);
}

static forebay_status now(const request *request) {
    uint64_t now_ms;
    (void)request;
    TRY(forebay_store_now(store, &now_ms));
    answer_begin();
    answer_number(now_ms, "now_ms");
    return FOREBAY_STATUS_OK;
}

static forebay_status advance(const request *request) {
    uint64_t now_ms;
    TRY(forebay_store_advance(store, request_number(request, 0, "ms"), &now_ms));
    answer_begin();
    answer_number(now_ms, "now_ms");
    return FOREBAY_STATUS_OK;
}

static const struct {
    const char *name;
    forebay_status (*run)(const request *request);
} verbs[] = {
    {"hello", hello},
    {"open", open_store},
    {"close", close_store},
    {"now", now},
    {"advance", advance},
    {"create_queue", create_queue},
    {"get_queue", get_queue},
    {"delete_queue", delete_queue},
    {"list_queues", list_queues},
    {"dead_letter_sources", dead_letter_sources},
    {"get_attributes", get_attributes},
    {"set_attributes", set_attributes},
    {"tag", tag},
    {"untag", untag},
    {"list_tags", list_tags},
    {"purge", purge},
    {"send", send_one},
    {"send_batch", send_batch},
    {"receive", receive},
    {"receive_start", receive_start},
    {"ticket_state", ticket_state},
    {"await", await_ticket},
    {"cancel", cancel_ticket},
    {"delete", delete_one},
    {"delete_batch", delete_batch},
    {"change_visibility", change_visibility},
    {"change_visibility_batch", change_visibility_batch},
    {"peek", peek},
    {"start_move_task", start_move_task},
    {"cancel_move_task", cancel_move_task},
    {"list_move_tasks", list_move_tasks},
};

static void respond(const request *request) {
    for (size_t index = 0; index < sizeof verbs / sizeof *verbs; index++) {
        if (strcmp(verbs[index].name, request->verb) != 0) continue;
        answer_begin();
        forebay_status status = verbs[index].run(request);
        if (status != FOREBAY_STATUS_OK) {
            answer_error(status, forebay_status_name(status), forebay_last_error());
        }
        answer_write();
        return;
    }
    puts("unsupported");
    fflush(stdout);
}

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        request request;
        if (!request_read(&request, line)) {
            fprintf(stderr, "scenario-driver-c: cannot read the request\n");
            return EXIT_FAILURE;
        }
        respond(&request);
        request_free(&request);
    }
    free(line);
    tickets_forget();
    queues_forget();
    return store == NULL || forebay_store_close(store) == FOREBAY_STATUS_OK ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
