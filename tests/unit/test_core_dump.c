#include "cmocka_headers.h"

#include "loop/core_dump.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a process of its own: what is forbidden stays so. */
static void test_nobody_gets_a_core_of_a_process_that_forbade_it(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = { 1, 1 };
        prctl(PR_SET_DUMPABLE, 1);
        core_dump_forbid();
        getrlimit(RLIMIT_CORE, &limit);
        _exit(prctl(PR_GET_DUMPABLE) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_gets_a_core_of_a_process_that_forbade_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
