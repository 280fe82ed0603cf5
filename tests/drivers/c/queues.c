/* Verbs about queues. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static struct {
    forebay_queue **handles;
    size_t count;
} kept;

forebay_status queue_keep(forebay_queue *queue) {
    const char *name;
    TRY(forebay_queue_name(queue, &name));
    for (size_t index = 0; index < kept.count; index++) {
        const char *other;
        TRY(forebay_queue_name(kept.handles[index], &other));
        if (strcmp(name, other) == 0) {
            forebay_queue_free(kept.handles[index]);
            kept.handles[index] = queue;
            return FOREBAY_STATUS_OK;
        }
    }
    forebay_queue **handles = allocate(kept.count + 1, sizeof *handles);
    if (kept.count > 0) memcpy(handles, kept.handles, kept.count * sizeof *handles);
    free(kept.handles);
    handles[kept.count++] = queue;
    kept.handles = handles;
    return FOREBAY_STATUS_OK;
}

void queues_forget(void) {
    for (size_t index = 0; index < kept.count; index++) forebay_queue_free(kept.handles[index]);
    free(kept.handles);
    kept.handles = NULL;
    kept.count = 0;
}

forebay_status queue_of(const request *request, forebay_queue **queue) {
    const char *wanted = request_text(request, "queue");
    for (size_t index = 0; wanted != NULL && index < kept.count; index++) {
        const char *name;
        TRY(forebay_queue_name(kept.handles[index], &name));
        if (strcmp(name, wanted) == 0) {
            *queue = kept.handles[index];
            return FOREBAY_STATUS_OK;
        }
    }
    TRY(forebay_get_queue(store, wanted, queue));
    return queue_keep(*queue);
}

const char **read_texts(const request *request, const char *key, size_t *count) {
    *count = (size_t)request_number(request, 0, "%s.count", key);
    const char **texts = allocate(*count, sizeof *texts);
    for (size_t index = 0; index < *count; index++) {
        texts[index] = request_text(request, "%s.%zu", key, index + 1);
    }
    return texts;
}

forebay_pair *read_pairs(const request *request, const char *key, size_t *count) {
    *count = (size_t)request_number(request, 0, "%s.count", key);
    forebay_pair *pairs = allocate(*count, sizeof *pairs);
    for (size_t index = 0; index < *count; index++) {
        pairs[index].name = request_text(request, "%s.%zu.name", key, index + 1);
        pairs[index].value = request_text(request, "%s.%zu.value", key, index + 1);
    }
    return pairs;
}

/* Answers with a list of names and values, and frees it. */
static forebay_status answer_pairs(const char *key, forebay_list *list) {
    size_t count = forebay_list_count(list);
    for (size_t index = 0; index < count; index++) {
        forebay_pair pair;
        TRY(forebay_list_get(list, index, &pair));
        answer_text(pair.name, "%s.%zu.name", key, index + 1);
        answer_text(pair.value, "%s.%zu.value", key, index + 1);
    }
    answer_number(count, "%s.count", key);
    forebay_list_free(list);
    return FOREBAY_STATUS_OK;
}

/* Answers with a page of queue names, and frees it. */
static forebay_status answer_names(forebay_list *list) {
    const char *token;
    size_t count = forebay_list_count(list);
    for (size_t index = 0; index < count; index++) {
        forebay_pair row;
        TRY(forebay_list_get(list, index, &row));
        answer_text(row.name, "queues.%zu.name", index + 1);
    }
    answer_number(count, "queues.count");
    TRY(forebay_list_next_token(list, &token));
    answer_text(token, "token");
    forebay_list_free(list);
    return FOREBAY_STATUS_OK;
}

static forebay_status answer_queue(forebay_queue *queue) {
    const char *name;
    const char *arn;
    bool is_fifo;
    TRY(forebay_queue_name(queue, &name));
    TRY(forebay_queue_arn(queue, &arn));
    TRY(forebay_queue_is_fifo(queue, &is_fifo));
    answer_text(name, "name");
    answer_text(arn, "arn");
    answer_number(is_fifo, "fifo");
    return queue_keep(queue);
}

forebay_status create_queue(const request *request) {
    forebay_queue *queue;
    forebay_queue_options options = {0};
    options.size = sizeof options;
    forebay_pair *attributes = read_pairs(request, "attributes", &options.attribute_count);
    forebay_pair *tags = read_pairs(request, "tags", &options.tag_count);
    options.attributes = attributes;
    options.tags = tags;
    options.dead_letter = request_text(request, "dead_letter");
    options.max_receives = (uint32_t)request_number(request, 0, "max_receives");
    forebay_status status =
        forebay_create_queue(store, request_text(request, "name"), &options, &queue);
    free(attributes);
    free(tags);
    return status == FOREBAY_STATUS_OK ? answer_queue(queue) : status;
}

forebay_status get_queue(const request *request) {
    forebay_queue *queue;
    TRY(forebay_get_queue(store, request_text(request, "name"), &queue));
    return answer_queue(queue);
}

forebay_status delete_queue(const request *request) {
    return forebay_delete_queue(store, request_text(request, "name"));
}

forebay_status list_queues(const request *request) {
    forebay_list *names;
    size_t limit = (size_t)request_number(request, 0, "max");
    TRY(forebay_list_queues(store, request_text(request, "prefix"),
                            request_text(request, "token"), limit, &names));
    return answer_names(names);
}

forebay_status dead_letter_sources(const request *request) {
    forebay_queue *queue;
    forebay_list *names;
    size_t limit = (size_t)request_number(request, 0, "max");
    TRY(queue_of(request, &queue));
    TRY(forebay_queue_dead_letter_sources(queue, request_text(request, "token"), limit, &names));
    return answer_names(names);
}

forebay_status get_attributes(const request *request) {
    forebay_queue *queue;
    forebay_list *attributes;
    size_t count;
    TRY(queue_of(request, &queue));
    const char **names = read_texts(request, "names", &count);
    forebay_status status = forebay_queue_get_attributes(queue, names, count, &attributes);
    free(names);
    return status == FOREBAY_STATUS_OK ? answer_pairs("attributes", attributes) : status;
}

forebay_status set_attributes(const request *request) {
    forebay_queue *queue;
    size_t count;
    TRY(queue_of(request, &queue));
    forebay_pair *attributes = read_pairs(request, "attributes", &count);
    forebay_status status = forebay_queue_set_attributes(queue, attributes, count);
    free(attributes);
    return status;
}

forebay_status tag(const request *request) {
    forebay_queue *queue;
    size_t count;
    TRY(queue_of(request, &queue));
    forebay_pair *tags = read_pairs(request, "tags", &count);
    forebay_status status = forebay_queue_tag(queue, tags, count);
    free(tags);
    return status;
}

forebay_status untag(const request *request) {
    forebay_queue *queue;
    size_t count;
    TRY(queue_of(request, &queue));
    const char **keys = read_texts(request, "keys", &count);
    forebay_status status = forebay_queue_untag(queue, keys, count);
    free(keys);
    return status;
}

forebay_status list_tags(const request *request) {
    forebay_queue *queue;
    forebay_list *tags;
    TRY(queue_of(request, &queue));
    TRY(forebay_queue_tags(queue, &tags));
    return answer_pairs("tags", tags);
}

forebay_status purge(const request *request) {
    forebay_queue *queue;
    TRY(queue_of(request, &queue));
    return forebay_queue_purge(queue);
}
