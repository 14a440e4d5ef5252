#include "config/rulebook_file.h"

#include "file/file.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <stdlib.h>

enum { RULEBOOK_LENGTH_MAX = 64 * 1024 * 1024 };

int rulebook_file_load(const char *path, struct aro_languages *languages,
                       struct rulebook_file **ret, struct aro_error *reterr)
{
    CLEANUP(freep) char *text = NULL;
    struct aro_rulebook *rulebook;
    struct aro_error error = { 0 };
    size_t length;

    int r = file_read(path, RULEBOOK_LENGTH_MAX, &text, &length, reterr);
    if (r < 0)
        return r;
    r = aro_rulebook_parse(text, length, languages, &rulebook, &error);
    if (r < 0)
        return aro_error_set_at(reterr, r, error.line, error.column, "%s:%u:%u: %.400s", path,
                                error.line, error.column, error.message);
    struct rulebook_file *file = memory_new(sizeof *file);
    *file = (struct rulebook_file){ .rulebook = rulebook, .reference_count = 1 };
    *ret = file;
    return 0;
}

struct rulebook_file *rulebook_file_ref(struct rulebook_file *file)
{
    file->reference_count++;
    return file;
}

void rulebook_file_unref(struct rulebook_file *file)
{
    if (!file || --file->reference_count > 0)
        return;
    if (file->on_unused)
        file->on_unused(file, file->on_unused_context);
    else
        rulebook_file_free(file);
}

void rulebook_file_free(struct rulebook_file *file)
{
    aro_rulebook_free(file->rulebook);
    free(file);
}
