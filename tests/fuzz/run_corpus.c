/* Runs a fuzz target over a folder of inputs and mutations of each: the same ones every time, so
 * that a failure can be had again. */
#include "fuzz_target.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_SIZE_MAX = 1 << 20, MUTATIONS = 4000, EDITS_MAX = 6 };

/* A file being fed, with room to grow. */
struct input {
    uint8_t *data;
    size_t size, capacity;
};

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64*, Vigna 2016. */
static uint64_t next_random(uint64_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(0x2545f4914f6cdd1d) % limit;
}

static struct input input_new(size_t capacity)
{
    struct input input = { .data = malloc(capacity), .capacity = capacity };
    assert(input.data);
    return input;
}

static struct input input_read(const char *path)
{
    struct input input = input_new(INPUT_SIZE_MAX);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    input.size = fread(input.data, 1, input.capacity, file);
    fclose(file);
    return input;
}

static void insert_bytes(struct input *input, size_t at, const void *bytes, size_t count)
{
    if (input->size + count > input->capacity)
        return;
    memmove(input->data + at + count, input->data + at, input->size - at);
    memcpy(input->data + at, bytes, count);
    input->size += count;
}

static void remove_bytes(struct input *input, size_t at, size_t count)
{
    memmove(input->data + at, input->data + at + count, input->size - at - count);
    input->size -= count;
}

/* What readers of JSON have stumbled over. */
static void insert_token(struct input *input, size_t at)
{
    static const char *const tokens[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u0000",
        "\\ud83d",
        "\\ude00",
        "null",
        "true",
        "-",
        "0",
        "1e400",
        "-0",
        "1.0",
        "\xef\xbb\xbf",
        "\xc0\xaf",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "9223372036854775808",
        "\"a\":1,",
        "\xe2\x82\xac",
        " ",
        "\n",
    };
    const char *token = tokens[next_random(sizeof tokens / sizeof *tokens)];
    insert_bytes(input, at, token, strlen(token));
}

/* Repeats a piece of the input somewhere else in it. */
static void repeat_piece(struct input *input, size_t at)
{
    uint8_t piece[64];
    size_t from = next_random(input->size), count = 1 + next_random(sizeof piece);
    if (count > input->size - from)
        count = input->size - from;
    memcpy(piece, input->data + from, count);
    insert_bytes(input, at, piece, count);
}

static void edit(struct input *input)
{
    if (input->size == 0)
        return;
    size_t at = next_random(input->size);
    switch (next_random(5)) {
    case 0: input->data[at] ^= (uint8_t)(1u << next_random(8)); break;
    case 1: input->data[at] = (uint8_t)next_random(256); break;
    case 2:
        remove_bytes(input, at, 1 + next_random(input->size - at < 8 ? input->size - at : 8));
        break;
    case 3: insert_token(input, at); break;
    case 4: repeat_piece(input, at); break;
    }
}

/* Each input lies in memory of exactly its size, so that a sanitizer sees one byte too many. */
static void feed(const struct input *input)
{
    uint8_t *exact = malloc(input->size ? input->size : 1);
    assert(exact);
    memcpy(exact, input->data, input->size);
    LLVMFuzzerTestOneInput(exact, input->size);
    free(exact);
}

static void feed_mutations(const struct input *original)
{
    struct input input = input_new(original->size + 4096);
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(input.data, original->data, original->size);
        input.size = original->size;
        for (uint64_t edits = 1 + next_random(EDITS_MAX); edits > 0; edits--)
            edit(&input);
        feed(&input);
    }
    free(input.data);
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    int count = scandir(argv[1], &entries, is_input, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no inputs\n", argv[1]);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        struct input input = input_read(path);
        feed(&input);
        feed_mutations(&input);
        free(input.data);
        free(entries[i]);
    }
    free(entries);
    printf("%d inputs and %d mutations of each\n", count, MUTATIONS);
    return 0;
}
