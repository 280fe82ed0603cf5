/*
 * The line protocol of the scenario runner (tests/scenarios/README.md): a request is a line
 * `verb key=value ...`, its answer a line `ok key=value ...` or `error number name text`;
 * values are percent-encoded.
 */
#ifndef FOREBAY_DRIVER_WIRE_H
#define FOREBAY_DRIVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lets the compiler check a call as it checks printf. */
#if defined(__GNUC__) || defined(__clang__)
#define KEY_FORMAT(at, first) __attribute__((format(printf, at, first)))
#else
#define KEY_FORMAT(at, first)
#endif

/* A field of a request. The value is decoded and has a NUL behind it. */
typedef struct {
    const char *key;
    char *value;
    size_t length;
} field;

/* A request; its fields are sorted by key. */
typedef struct {
    const char *verb;
    field *fields;
    size_t count;
} request;

/* Takes `line` apart in place. False if it does not follow the protocol. */
bool request_read(request *request, char *line);
void request_free(request *request);

/* The field whose key the format makes, or NULL. */
KEY_FORMAT(2, 3) const field *request_find(const request *request, const char *format, ...);
/* Its value, or NULL. */
KEY_FORMAT(2, 3) const char *request_text(const request *request, const char *format, ...);
/* Its value as a number; `fallback` where it is absent. */
KEY_FORMAT(3, 4)
uint64_t request_number(const request *request, uint64_t fallback, const char *format, ...);

/* Begins an answer `ok`. */
void answer_begin(void);
/* Adds a field; the format makes its key. */
KEY_FORMAT(3, 4) void answer_bytes(const void *value, size_t length, const char *format, ...);
/* As answer_bytes; NULL adds nothing. */
KEY_FORMAT(2, 3) void answer_text(const char *value, const char *format, ...);
KEY_FORMAT(2, 3) void answer_number(uint64_t value, const char *format, ...);
/* A number of 20 digits: a SequenceNumber. */
KEY_FORMAT(2, 3) void answer_sequence(uint64_t value, const char *format, ...);
/* Replaces what was begun by an error. */
void answer_error(int32_t number, const char *name, const char *text);
/* Writes the answer and a newline to standard output. */
void answer_write(void);

/* Memory or death. */
void *allocate(size_t count, size_t size);

#endif
