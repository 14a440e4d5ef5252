/* What the thread sanitizer has to know about librdkafka, in builds with it.
 *
 * librdkafka starts its threads with C11's thrd_create(), which this compiler's sanitizer does not
 * watch: a thread that it has not seen start crashes at the first call it does watch, and a lock
 * that it has not seen taken orders nothing. So here are C11's functions by way of POSIX's: the C
 * library's types are the same underneath, and where a program has these functions the dynamic
 * linker gives them to librdkafka as well. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "a mutex is a mutex");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "a condition is a condition");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "a once is a once");

/* It counts references by atomics that are not watched either, so what it calls directly is not
 * looked at. Its locks and conditions, called from here, order what they guard; but how the memory
 * of a lock itself came from the thread that made it to the one that takes it is by such an atomic
 * too. Nobody but librdkafka calls these functions. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:librdkafka.so.1\n"
           "race:^mtx_\n"
           "race:^cnd_\n";
}

struct start {
    thrd_start_t function;
    void *argument;
};

static int result_of(int error)
{
    switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    case ENOMEM: return thrd_nomem;
    default: return thrd_error;
    }
}

static void *run(void *context)
{
    struct start start = *(struct start *)context;
    free(context);
    return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return thrd_nomem;
    *start = (struct start){ .function = function, .argument = argument };
    int result = result_of(pthread_create(thread, NULL, run, start));
    if (result != thrd_success)
        free(start);
    return result;
}

int thrd_join(thrd_t thread, int *ret)
{
    void *value;
    int result = result_of(pthread_join(thread, &value));
    if (result == thrd_success && ret)
        *ret = (int)(intptr_t)value;
    return result;
}

int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    int result = result_of(pthread_mutex_init((pthread_mutex_t *)mutex, &attributes));
    pthread_mutexattr_destroy(&attributes);
    return result;
}

/* Holds nothing; and that nobody uses it any more librdkafka knows from a counter, that the
 * sanitizer does not see. */
void mtx_destroy(mtx_t *mutex)
{
    (void)mutex;
}

int mtx_lock(mtx_t *mutex)
{
    return result_of(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
    return result_of(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

int cnd_init(cnd_t *condition)
{
    return result_of(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy((pthread_cond_t *)condition);
}

int cnd_signal(cnd_t *condition)
{
    return result_of(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
    return result_of(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return result_of(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    return result_of(
        pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}

void call_once(once_flag *flag, void (*function)(void))
{
    pthread_once((pthread_once_t *)flag, function);
}
