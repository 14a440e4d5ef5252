/* Preloaded into a program: while the file $SCARCE_FILE is there, the program starts no thread, as
 * where the host or the unit allows no more. Its libraries do. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

static bool is_scarce(void)
{
    const char *path = getenv("SCARCE_FILE");
    return path && access(path, F_OK) == 0;
}

/* Does @code belong to the program itself? Its entry does. */
static bool is_of_program(const void *code)
{
    Dl_info caller, program;
    return dladdr(code, &caller) && dladdr((void *)getauxval(AT_ENTRY), &program) &&
           caller.dli_fbase == program.dli_fbase;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument);
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
        (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(
            RTLD_NEXT, "pthread_create");

    if (is_scarce() && is_of_program(__builtin_return_address(0)))
        return EAGAIN;
    return next(thread, attributes, start, argument);
}
