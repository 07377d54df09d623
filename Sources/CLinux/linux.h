// Calls that Swift cannot import from the C library because they take a variable number of arguments.
#pragma once
#include <sys/prctl.h>

// No program that this process starts can gain privileges; 0 when the kernel took it.
static inline int muster_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

// 1 when the calling thread has given them up.
static inline int muster_has_no_new_privileges(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }
