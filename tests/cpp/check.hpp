// A test harness of one page: tests are functions, checks go on after a failure.
#pragma once

#include <cstdio>

inline unsigned tests_passed, tests_failed, checks_failed;

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            checks_failed++;                                                                    \
            std::printf("%s:%d: %s is false; last error: %s\n", __FILE__, __LINE__, #condition, \
                        forebay_last_error());                                                  \
        }                                                                                       \
    } while (0)

template <class Test> void run(const char *name, Test test) {
    const unsigned before = checks_failed;
    test();
    const bool good = checks_failed == before;
    (good ? tests_passed : tests_failed)++;
    std::printf("test %s ... %s\n", name, good ? "ok" : "FAILED");
}

#define RUN(test) run(#test, test)

inline int conclude() {
    std::printf("%u passed, %u failed, 0 skipped\n", tests_passed, tests_failed);
    return tests_failed == 0 ? 0 : 1;
}
