// The lab's shell scripts, compiled into the binary from the files beside this one: someone who knows no Swift can
// change how a host boots, and a copied `muster` still carries all that it needs.

/// The scripts of `loadtest/lab`, by file name.
package let labScripts: [String: [UInt8]] = [
    "create.sh": PackageResources.create_sh,
    "enter.sh": PackageResources.enter_sh,
    "fault.sh": PackageResources.fault_sh,
    "inside.sh": PackageResources.inside_sh,
    "machine.sh": PackageResources.machine_sh,
    "prepare.sh": PackageResources.prepare_sh,
    "region.sh": PackageResources.region_sh,
    "start.sh": PackageResources.start_sh,
]
