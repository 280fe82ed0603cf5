/* What the C programs of the demo share. ../src/count.rs states the same rules in Rust. */
#ifndef DEMO_COMMON_H
#define DEMO_COMMON_H

#include <stddef.h>
#include <stdint.h>

#define QUEUE_TASKS "tasks"
#define QUEUE_RESULTS "results.fifo"

/* Messages of one send or receive. */
#define BATCH_MAX 10
/* Longest path with its NUL, bytes. */
#define PATH_BYTES_MAX 4096
/* Longer files are left out: counting one could outlast the visibility timeout. */
#define FILE_BYTES_MAX (64LL << 20)
/* Longest file type with its NUL. */
#define KIND_BYTES_MAX 13
/* Longest deduplication id with its NUL. */
#define ID_BYTES_MAX 129

struct counts {
    uint64_t words; /* longest runs of bytes that are not white space */
    uint64_t lines; /* newline bytes */
    uint64_t bytes;
};

/* Counts a file. Returns 0, or -1 for what cannot be read or is marked as poison. */
int count_file(const char *path, struct counts *counts);

/* The type of a file: its extension in lower case, or "none". */
void kind_of(const char *path, char kind[KIND_BYTES_MAX]);

/* The deduplication id of a file's result: its path where that is one, else a hash of it. */
void deduplication_of(const char *path, char id[ID_BYTES_MAX]);

/* Prints what failed and why, and ends the process. */
void fail(const char *what);

/* How often this process waited for the disk. */
struct forebay_store;
uint64_t syncs_of(const struct forebay_store *store);

#endif
