// Which of our direct children belong to a Child object, and what happens to the others. Private to this folder.
#pragma once

#include <sys/types.h>

namespace mlpipe {

void own_child(pid_t pid);
void disown_child(pid_t pid);

// Reaps dead children that no Child owns: orphans that we adopted. Nothing unless become_subreaper was called.
void reap_orphans();

}  // namespace mlpipe
