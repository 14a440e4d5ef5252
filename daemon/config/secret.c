#include "config/secret.h"

#include "file/file.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <string.h>

enum { SECRET_LENGTH_MAX = 4096 };

static int secret_take(const struct setting *setting, const char *path, const char *text,
                       size_t length, char **ret)
{
    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (length == 0)
        return setting_refuse(setting, "the file '%s' is empty", path);
    if (memchr(text, '\0', length) || memchr(text, '\n', length))
        return setting_refuse(setting, "the file '%s' holds more than one line", path);
    char *secret = memory_new(length + 1);
    memcpy(secret, text, length);
    *ret = secret;
    return 0;
}

int secret_parse(const struct setting *setting, void *target)
{
    const char *name = setting->node->text;
    struct aro_error error;
    char *text;
    size_t length;

    if (setting->node->kind != DOCUMENT_TEXT || *name == '\0')
        return setting_expected(setting, setting->node, "the path of a file with the secret");
    CLEANUP(freep) char *path = setting_path(setting->folders->secrets, name);
    if (file_read_secret(path, SECRET_LENGTH_MAX, &text, &length, &error) < 0)
        return setting_refuse(setting, "%s", error.message);
    setting_keep_file(setting->folders, path);
    int r = secret_take(setting, path, text, length, target);
    explicit_bzero(text, length);
    free(text);
    return r;
}

void secret_free(void *target)
{
    char *secret = *(char **)target;
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
