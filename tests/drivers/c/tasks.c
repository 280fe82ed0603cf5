/* Verbs about message move tasks. */
#include "driver.h"

forebay_status start_move_task(const request *request) {
    forebay_list *list;
    forebay_pair row;
    TRY(forebay_start_move_task(store, request_text(request, "source"),
                                request_text(request, "destination"),
                                (uint32_t)request_number(request, 0, "rate"), &list));
    TRY(forebay_list_get(list, 0, &row));
    answer_text(row.name, "handle");
    forebay_list_free(list);
    return FOREBAY_STATUS_OK;
}

forebay_status cancel_move_task(const request *request) {
    uint64_t moved;
    TRY(forebay_cancel_move_task(store, request_text(request, "handle"), &moved));
    answer_number(moved, "moved");
    return FOREBAY_STATUS_OK;
}

static const char *state_name(int32_t state) {
    switch (state) {
        case FOREBAY_TASK_STATE_RUNNING: return "RUNNING";
        case FOREBAY_TASK_STATE_COMPLETED: return "COMPLETED";
        case FOREBAY_TASK_STATE_CANCELLING: return "CANCELLING";
        case FOREBAY_TASK_STATE_CANCELLED: return "CANCELLED";
        case FOREBAY_TASK_STATE_FAILED: return "FAILED";
        default: return "UNKNOWN";
    }
}

forebay_status list_move_tasks(const request *request) {
    forebay_tasks *tasks;
    size_t limit = (size_t)request_number(request, 1, "max");
    TRY(forebay_list_move_tasks(store, request_text(request, "source"), limit, &tasks));
    size_t count = forebay_tasks_count(tasks);
    for (size_t index = 0; index < count; index++) {
        forebay_task task;
        size_t number = index + 1;
        TRY(forebay_tasks_get(tasks, index, &task, sizeof task));
        answer_text(task.handle, "tasks.%zu.handle", number);
        answer_text(state_name(task.state), "tasks.%zu.status", number);
        answer_text(task.source, "tasks.%zu.source", number);
        answer_text(task.destination, "tasks.%zu.destination", number);
        answer_text(task.failure, "tasks.%zu.reason", number);
        answer_number(task.moved, "tasks.%zu.moved", number);
        answer_number(task.to_move, "tasks.%zu.to_move", number);
        answer_number(task.started_ms, "tasks.%zu.started_ms", number);
        if (task.rate != 0) answer_number(task.rate, "tasks.%zu.rate", number);
    }
    answer_number(count, "tasks.count");
    forebay_tasks_free(tasks);
    return FOREBAY_STATUS_OK;
}
