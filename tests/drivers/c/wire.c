#include "wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 200

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        fputs("scenario-driver-c: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/* Decodes in place, which never grows. */
static bool decode(field *field) {
    char *to = field->value;
    for (const char *from = field->value; *from != '\0'; to++) {
        if (*from != '%') {
            *to = *from++;
            continue;
        }
        int high = hex_digit(from[1]);
        int low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0) return false;
        *to = (char)(high * 16 + low);
        from += 3;
    }
    *to = '\0';
    field->length = (size_t)(to - field->value);
    return true;
}

static int by_key(const void *left, const void *right) {
    return strcmp(((const field *)left)->key, ((const field *)right)->key);
}

bool request_read(request *request, char *line) {
    size_t spaces = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (const char *at = line; *at != '\0'; at++) spaces += *at == ' ';
    request->fields = allocate(spaces, sizeof *request->fields);
    request->count = 0;
    char *rest = strchr(line, ' ');
    if (rest != NULL) *rest++ = '\0';
    request->verb = line;
    while (rest != NULL) {
        char *word = rest;
        rest = strchr(word, ' ');
        if (rest != NULL) *rest++ = '\0';
        char *equals = strchr(word, '=');
        if (equals == NULL) return false;
        *equals = '\0';
        field *next = &request->fields[request->count++];
        next->key = word;
        next->value = equals + 1;
        if (!decode(next)) return false;
    }
    qsort(request->fields, request->count, sizeof *request->fields, by_key);
    return true;
}

void request_free(request *request) {
    free(request->fields);
    request->fields = NULL;
    request->count = 0;
}

static const field *find(const request *request, const char *format, va_list arguments) {
    char key[KEY_SIZE];
    vsnprintf(key, sizeof key, format, arguments);
    field wanted = {key, NULL, 0};
    return bsearch(&wanted, request->fields, request->count, sizeof wanted, by_key);
}

const field *request_find(const request *request, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const field *found = find(request, format, arguments);
    va_end(arguments);
    return found;
}

const char *request_text(const request *request, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const field *found = find(request, format, arguments);
    va_end(arguments);
    return found == NULL ? NULL : found->value;
}

uint64_t request_number(const request *request, uint64_t fallback, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const field *found = find(request, format, arguments);
    va_end(arguments);
    return found == NULL ? fallback : strtoull(found->value, NULL, 10);
}

static struct {
    char *text;
    size_t length;
    size_t size;
} answer;

static void add(const void *text, size_t length) {
    if (answer.length + length > answer.size) {
        answer.size = 2 * (answer.length + length) + 4096;
        answer.text = realloc(answer.text, answer.size);
        if (answer.text == NULL) {
            fputs("scenario-driver-c: out of memory\n", stderr);
            exit(EXIT_FAILURE);
        }
    }
    memcpy(answer.text + answer.length, text, length);
    answer.length += length;
}

static bool is_plain(unsigned char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')
        || (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-._~:/", byte) != NULL);
}

static void add_encoded(const void *value, size_t length) {
    const unsigned char *bytes = value;
    for (size_t at = 0; at < length; at++) {
        if (is_plain(bytes[at])) {
            add(&bytes[at], 1);
        } else {
            char encoded[4];
            snprintf(encoded, sizeof encoded, "%%%02X", (unsigned)bytes[at]);
            add(encoded, 3);
        }
    }
}

static void add_field(const void *value, size_t length, const char *format, va_list arguments) {
    char key[KEY_SIZE];
    int key_length = vsnprintf(key, sizeof key, format, arguments);
    add(" ", 1);
    add(key, (size_t)key_length);
    add("=", 1);
    add_encoded(value, length);
}

void answer_begin(void) {
    answer.length = 0;
    add("ok", 2);
}

void answer_bytes(const void *value, size_t length, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_field(value, length, format, arguments);
    va_end(arguments);
}

void answer_text(const char *value, const char *format, ...) {
    if (value == NULL) return;
    va_list arguments;
    va_start(arguments, format);
    add_field(value, strlen(value), format, arguments);
    va_end(arguments);
}

void answer_number(uint64_t value, const char *format, ...) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    va_list arguments;
    va_start(arguments, format);
    add_field(digits, (size_t)length, format, arguments);
    va_end(arguments);
}

void answer_sequence(uint64_t value, const char *format, ...) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%020llu", (unsigned long long)value);
    va_list arguments;
    va_start(arguments, format);
    add_field(digits, (size_t)length, format, arguments);
    va_end(arguments);
}

void answer_error(int32_t number, const char *name, const char *text) {
    char digits[16];
    int length = snprintf(digits, sizeof digits, "%d", (int)number);
    answer.length = 0;
    add("error ", 6);
    add(digits, (size_t)length);
    add(" ", 1);
    add(name, strlen(name));
    add(" ", 1);
    add_encoded(text, strlen(text));
}

void answer_write(void) {
    add("\n", 1);
    fwrite(answer.text, 1, answer.length, stdout);
    fflush(stdout);
}
