#include "confinement/system_calls.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAME_SIZE = 32 }; /* of a system call */

/* By name, as another architecture has not all of them; those are passed over. */
static const char *const allowed[] = {
    /* memory */
    "brk madvise mremap munmap",
    /* threads */
    "exit exit_group futex futex_time64 get_robust_list gettid membarrier restart_syscall rseq "
    "sched_getaffinity sched_getparam sched_getscheduler sched_yield set_robust_list "
    "set_tid_address",
    /* signals, of our own process */
    "alarm rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn setitimer sigaltstack",
    /* time */
    "clock_getres clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 "
    "gettimeofday nanosleep time times",
    /* who and where we are */
    "getcpu getcwd getegid geteuid getgid getpid getppid getrandom getresgid getresuid getrlimit "
    "getrusage getuid sysinfo uname",
    /* files: Landlock says which */
    "access close faccessat faccessat2 fadvise64 fcntl fcntl64 fstat fstatat64 fstatfs getdents64 "
    "lseek lstat newfstatat open openat pread64 read readlink readlinkat readv stat statfs statx "
    "unlink unlinkat write writev",
    /* waiting */
    "epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 pipe2 poll ppoll "
    "ppoll_time64 pselect6 pselect6_time64 select",
    /* sockets, of the kinds below; nothing listens that did not before */
    "accept accept4 connect getpeername getsockname getsockopt recvfrom recvmmsg recvmsg sendmmsg "
    "sendmsg sendto setsockopt shutdown",
#ifdef ARO_SANITIZED
    /* The search for leaks stops every thread from a helper, as a debugger does. */
    "clone getdents kill mmap mprotect prctl prlimit64 ptrace rt_sigtimedwait wait4",
#endif
    NULL,
};

static const char *const deadly[] = {
    /* other programs, and other processes */
    "execve execveat pidfd_getfd process_vm_readv process_vm_writev userfaultfd",
#ifndef ARO_SANITIZED
    "ptrace",
#endif
    /* another user, another root */
    "capset chroot mount pivot_root setgid setgroups setns setregid setresgid setresuid setreuid "
    "setuid umount2 unshare",
    /* the kernel itself */
    "add_key bpf delete_module finit_module init_module kexec_file_load kexec_load keyctl "
    "open_by_handle_at perf_event_open reboot request_key",
    NULL,
};

/* A call that is allowed with some arguments only. */
struct exception {
    const char *name;
    struct scmp_arg_cmp argument;
};

#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

static const struct exception exceptions[] = {
    { "socket", { 0, SCMP_CMP_EQ, AF_UNIX } },
    { "socket", { 0, SCMP_CMP_EQ, AF_INET } },
    { "socket", { 0, SCMP_CMP_EQ, AF_INET6 } },
    { "ioctl", { 1, SCMP_CMP_EQ, FIONBIO } },
    { "ioctl", { 1, SCMP_CMP_EQ, FIONREAD } },
    { "ioctl", { 1, SCMP_CMP_EQ, TCGETS } },
#ifndef ARO_SANITIZED
    /* A thread, not a process. What tells clone3 from it lies in memory, which a filter cannot
     * read: glibc takes clone where there is no clone3. */
    { "clone", { CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD | NAMESPACES, CLONE_THREAD } },
    /* No memory is both written and run, and none that was written becomes code. */
    { "mmap", { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
    { "mmap", { 2, SCMP_CMP_MASKED_EQ, PROT_WRITE, 0 } },
    { "mprotect", { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
    { "prctl", { 0, SCMP_CMP_EQ, PR_SET_NAME } },
    { "prctl", { 0, SCMP_CMP_EQ, PR_GET_NAME } },
    { "prctl", { 0, SCMP_CMP_EQ, PR_SET_VMA } },
    { "prlimit64", { 2, SCMP_CMP_EQ, 0 } }, /* asks, and sets nothing */
#endif
};

/* 0 for a call that this architecture, or this libseccomp, does not know. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name,
               const struct scmp_arg_cmp *argument)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number < 0)
        return 0;
    return argument ? seccomp_rule_add_array(filter, action, number, 1, argument)
                    : seccomp_rule_add(filter, action, number, 0);
}

/* @groups of names with blanks between; NULL ends them. */
static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *groups)
{
    char name[NAME_SIZE];

    for (; *groups; groups++) {
        for (const char *word = *groups; *word; word += strspn(word, " ")) {
            size_t length = strcspn(word, " ");
            assert(length < sizeof name);
            memcpy(name, word, length);
            name[length] = '\0';
            word += length;
            int r = add(filter, action, name, NULL);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* glibc asks the kernel for its addresses by AF_NETLINK, and gets over this answer. */
static int refuse_other_families(scmp_filter_ctx filter)
{
    static const struct scmp_arg_cmp others[] = {
        { 0, SCMP_CMP_EQ, 0 }, { 0, SCMP_CMP_EQ, 3 }, { 0, SCMP_CMP_EQ, 4 },
        { 0, SCMP_CMP_EQ, 5 }, { 0, SCMP_CMP_EQ, 6 }, { 0, SCMP_CMP_EQ, 7 },
        { 0, SCMP_CMP_EQ, 8 }, { 0, SCMP_CMP_EQ, 9 }, { 0, SCMP_CMP_GT, AF_INET6 },
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        int r = add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", &others[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_exceptions(scmp_filter_ctx filter)
{
    /* abort() and its like, of our own process. */
    const struct exception own_signal = { "tgkill", { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid() } };
    int r = add(filter, SCMP_ACT_ALLOW, own_signal.name, &own_signal.argument);

    for (size_t i = 0; r == 0 && i < sizeof exceptions / sizeof *exceptions; i++)
        r = add(filter, SCMP_ACT_ALLOW, exceptions[i].name, &exceptions[i].argument);
    return r;
}

int system_calls_restrict(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return -ENOMEM;
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (r == 0)
        r = add_all(filter, SCMP_ACT_ALLOW, allowed);
    if (r == 0)
        r = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly);
    if (r == 0)
        r = add_exceptions(filter);
    if (r == 0)
        r = refuse_other_families(filter);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}
