// Swarm cannot set no-new-privileges for a service in Docker 20.10, so the process does it to itself.
import CLinux
import Glibc

/// Gives up, for good, all ways to gain privileges through a program that is started. The kernel notes that by thread,
/// and by now there are several: so the program begins anew, as the one thread that took the note along.
package func noNewPrivileges() {
    guard muster_has_no_new_privileges() == 0, muster_no_new_privileges() == 0 else { return }
    _ = execv("/proc/self/exe", CommandLine.unsafeArgv)
}
