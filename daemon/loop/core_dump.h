/* No core: the memory of the process holds passwords, and what appeals are about. */
#ifndef APPEAL_ROUTERD_LOOP_CORE_DUMP_H
#define APPEAL_ROUTERD_LOOP_CORE_DUMP_H

/* From here on a crash leaves no core, neither as a file nor with a program that takes them, and
 * only root may look into the process. Before any secret is read. */
void core_dump_forbid(void);

#endif
