/* A test harness of one page: tests are functions, checks go on after a failure. The file with
   main() defines CHECK_MAIN first: the counts are one for the whole program. */
#ifndef CHECK_H
#define CHECK_H

#include <forebay.h>
#include <stdio.h>
#include <string.h>

extern unsigned tests_passed, tests_failed, checks_failed;

#ifdef CHECK_MAIN
unsigned tests_passed, tests_failed, checks_failed;
#endif

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            checks_failed++;                                                                    \
            printf("%s:%d: %s is false; last error: %s\n", __FILE__, __LINE__, #condition,      \
                   forebay_last_error());                                                       \
        }                                                                                       \
    } while (0)

/* The call succeeds. */
#define OK(call) STATUS(FOREBAY_STATUS_OK, call)

/* The call gives this status, and a failure a text. */
#define STATUS(expected, call)                                                                  \
    do {                                                                                        \
        const forebay_status check_status = (call);                                             \
        if (check_status != (expected)) {                                                       \
            checks_failed++;                                                                    \
            printf("%s:%d: %s gives %s, not %s; last error: %s\n", __FILE__, __LINE__, #call,   \
                   forebay_status_name(check_status),                                           \
                   forebay_status_name(expected),                                               \
                   forebay_last_error());                                                       \
        } else if (check_status != FOREBAY_STATUS_OK && forebay_last_error()[0] == '\0') {      \
            checks_failed++;                                                                    \
            printf("%s:%d: %s fails without a text\n", __FILE__, __LINE__, #call);              \
        }                                                                                       \
    } while (0)

/* The last failure's text has this part. */
#define TEXT(part) CHECK(strstr(forebay_last_error(), part) != NULL)

#define RUN(test)                                                                               \
    do {                                                                                        \
        const unsigned check_before = checks_failed;                                            \
        test();                                                                                 \
        if (checks_failed == check_before)                                                      \
            tests_passed++;                                                                     \
        else                                                                                    \
            tests_failed++;                                                                     \
        printf("test %s ... %s\n", #test, checks_failed == check_before ? "ok" : "FAILED");     \
    } while (0)

/* Prints the closing line and gives the exit status. */
static inline int conclude(void)
{
    printf("%u passed, %u failed, 0 skipped\n", tests_passed, tests_failed);
    return tests_failed == 0 ? 0 : 1;
}

#endif
