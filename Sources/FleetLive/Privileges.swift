// Swarm cannot set no-new-privileges for a service in Docker 20.10, so the process does it to itself.
import CLinux

/// Gives up, for good, all ways to gain privileges through a program that is started.
package func noNewPrivileges() { _ = muster_no_new_privileges() }
