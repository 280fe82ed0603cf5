#include "common.h"

#include <forebay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char POISON[] = "FOREBAY-DEMO-POISON";

/* Not isspace(): that depends on the locale. */
static int is_space(unsigned char byte)
{
    return byte == ' ' || (byte >= 9 && byte <= 13);
}

int count_file(const char *path, struct counts *counts)
{
    static unsigned char block[64 << 10];
    struct counts sum = {0, 0, 0};
    const size_t mark = sizeof POISON - 1;
    int in_word = 0;
    size_t length;
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return -1;
    while ((length = fread(block, 1, sizeof block, file)) > 0) {
        if (sum.bytes == 0 && length >= mark && memcmp(block, POISON, mark) == 0)
            break;
        sum.bytes += length;
        for (size_t index = 0; index < length; index++) {
            int space = is_space(block[index]);

            sum.lines += block[index] == '\n';
            sum.words += !space && !in_word;
            in_word = !space;
        }
    }
    if (ferror(file) || length > 0) {
        fclose(file);
        return -1;
    }
    fclose(file);
    *counts = sum;
    return 0;
}

void kind_of(const char *path, char kind[KIND_BYTES_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t length = 0;

    if (dot != NULL && dot > name) {
        for (const char *at = dot + 1; *at != '\0'; at++) {
            char letter = *at;

            if (letter >= 'A' && letter <= 'Z')
                letter = (char)(letter - 'A' + 'a');
            if (length + 1 == KIND_BYTES_MAX || !((letter >= 'a' && letter <= 'z') ||
                                                  (letter >= '0' && letter <= '9'))) {
                length = 0;
                break;
            }
            kind[length++] = letter;
        }
    }
    if (length == 0) {
        strcpy(kind, "none");
        return;
    }
    kind[length] = '\0';
}

/* S7.9: 1 to 128 ASCII letters, digits and marks. */
static int is_id(const char *path, size_t length)
{
    if (length >= ID_BYTES_MAX)
        return 0;
    for (size_t index = 0; index < length; index++)
        if (path[index] < '!' || path[index] > '~')
            return 0;
    return 1;
}

void deduplication_of(const char *path, char id[ID_BYTES_MAX])
{
    const size_t length = strlen(path);
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, 64 bits */

    if (is_id(path, length)) {
        memcpy(id, path, length + 1);
        return;
    }
    for (size_t index = 0; index < length; index++)
        hash = (hash ^ (unsigned char)path[index]) * 0x100000001b3u;
    snprintf(id, ID_BYTES_MAX, "%08lx%08lx-%lu", (unsigned long)(hash >> 32),
             (unsigned long)(hash & 0xffffffffu), (unsigned long)length);
}

void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, forebay_last_error());
    exit(1);
}

uint64_t syncs_of(const forebay_store *store)
{
    forebay_statistics statistics;

    if (forebay_store_statistics(store, &statistics, sizeof statistics) != FOREBAY_STATUS_OK)
        fail("statistics");
    return statistics.syncs;
}
