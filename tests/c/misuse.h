/* The matrix of misuse: every exported function with every bad argument. */
#ifndef MISUSE_H
#define MISUSE_H

#include "world.h"

/* Kinds of handles, and how many bad ones there are of each. */
enum kind { STORE, QUEUE, MESSAGES, TICKET, RESULTS, LIST, TASKS, KINDS };
#define BAD_HANDLES 5

/* Valid handles, and handles that are not. */
struct kit {
    forebay_store *store;
    forebay_queue *queue;
    forebay_messages *messages;
    forebay_ticket *ticket;
    forebay_results *results;
    forebay_list *list;
    forebay_tasks *tasks;
    void *ended[KINDS];
};

extern struct kit kit;

/* Bad handle number `index` of a kind, and the status that it must give. */
void *bad_handle(enum kind kind, int index, forebay_status *expected);

/* Calls with `bad` in place of a handle of a kind: each must be refused with a text. */
#define BAD(kind, call)                                                                         \
    do {                                                                                        \
        int bad_index;                                                                          \
        for (bad_index = 0; bad_index < BAD_HANDLES; bad_index++) {                             \
            forebay_status bad_status;                                                          \
            void *bad = bad_handle(kind, bad_index, &bad_status);                               \
            STATUS(bad_status, call);                                                           \
        }                                                                                       \
    } while (0)

/* Calls with `bad` where nothing can be answered: each must be harmless. */
#define HARMLESS(kind, call)                                                                    \
    do {                                                                                        \
        int bad_index;                                                                          \
        for (bad_index = 0; bad_index < BAD_HANDLES; bad_index++) {                             \
            forebay_status bad_status;                                                          \
            void *bad = bad_handle(kind, bad_index, &bad_status);                               \
            call;                                                                               \
        }                                                                                       \
    } while (0)

/* The call is refused as a bad argument, in words that have this part. */
#define REFUSED(part, call)                                                                     \
    do {                                                                                        \
        STATUS(FOREBAY_STATUS_INVALID_ARGUMENT, call);                                          \
        TEXT(part);                                                                             \
    } while (0)

/* A text that is not UTF-8. */
#define NOT_UTF8 "ab\xff"

/* A pointer that is not aligned for what it points at. */
#define MISALIGNED(type) ((type *)(void *)((char *)misaligned_room + 1))
extern uint64_t misaligned_room[32];

struct row {
    const char *function;
    void (*test)(void);
};

extern const struct row store_rows[];
extern const struct row queue_rows[];
extern const struct row result_rows[];

#endif
