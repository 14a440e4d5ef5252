/* A rulebook as loaded from its file, shared by those who still route by it. */
#ifndef APPEAL_ROUTERD_CONFIG_RULEBOOK_FILE_H
#define APPEAL_ROUTERD_CONFIG_RULEBOOK_FILE_H

#include <aro/error.h>
#include <aro/language.h>
#include <aro/rulebook.h>

struct rulebook_file {
    struct aro_rulebook *rulebook;
    unsigned reference_count;
    /* Told of the last reference's end, and frees the file; NULL: it is freed then and there. */
    void (*on_unused)(struct rulebook_file *file, void *context);
    void *on_unused_context;
    struct rulebook_file *next_unused; /* of use to whoever was told */
};

/* On success the caller holds one reference. @reterr's message begins with the file's name. */
int rulebook_file_load(const char *path, struct aro_languages *languages,
                       struct rulebook_file **ret, struct aro_error *reterr);
struct rulebook_file *rulebook_file_ref(struct rulebook_file *file);
void rulebook_file_unref(struct rulebook_file *file);
/* Frees what nobody refers to. A large rulebook takes a while. */
void rulebook_file_free(struct rulebook_file *file);

#endif
