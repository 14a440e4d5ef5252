/* seccomp: which system calls the kernel answers to a process from now on.
 *
 * What is not on the list fails as if the kernel did not know it (ENOSYS), which libraries are
 * written to get over: a call that a newer one tries does no harm. What no library of ours calls
 * and whoever breaks into a process does, such as starting a program, ends the process (SIGSYS):
 * one that is no longer ours has no business with appeals. */
#ifndef APPEAL_ROUTERD_CONFINEMENT_SYSTEM_CALLS_H
#define APPEAL_ROUTERD_CONFINEMENT_SYSTEM_CALLS_H

/* For all threads. A negative errno where the kernel does not take the filter. */
int system_calls_restrict(void);

#endif
