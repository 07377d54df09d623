// The far side of an upload, as one POSIX script: what is there is looked at first, and the old file stays until the
// new one is whole (F15).

enum UploadScript {
    /// Exit statuses of the script, in the range that sysexits(3) leaves to programs.
    enum Status {
        static let unchanged: Int32 = 0
        static let written: Int32 = 10
        static let adjusted: Int32 = 11
    }

    /// Arguments: step, schema, target, mode, owner (may be empty), sha256, marker, size.
    ///
    /// What has arrived is counted, not hashed: SSH has authenticated every byte on the way, this machine has seen
    /// that it read the file that it measured, and a hash of what the page cache holds says nothing about the disk.
    /// Only an end that came too early is left, and that the size tells. Hashing it took a third of the host's time.
    ///
    /// The braces make the shell read all of it before it runs any of it: from the marker on, standard input is the
    /// file. `mv -T`, so that a folder in the target's place is an error and not a place to move into.
    static let text = """
        {
        set -u
        umask 077
        target=$3 mode=$4 owner=$5 want=$6 marker=$7 size=$8 part=
        stop() { [ -z "$part" ] || rm -f -- "$part"; printf '%s\\n' "$2" >&2; exit "$1"; }
        sum() { s=$(sha256sum 2>/dev/null <"$1") && printf '%s' "${s%% *}"; }
        dress() { chmod -- "$mode" "$1" && { [ -z "$owner" ] || chown -- "$owner" "$1"; }; }
        look() { stat -c '%a %U:%G %u:%g' -- "$1"; }
        command -v sha256sum >/dev/null 2>&1 || stop 69 'sha256sum is missing'
        [ ! -d "$target" ] || stop 73 'a folder is in its place'
        if [ -f "$target" ] && [ ! -L "$target" ] && [ "$(sum "$target")" = "$want" ]; then
            before=$(look "$target")
            dress "$target" || stop 77 'cannot set mode and owner'
            [ "$before" = "$(look "$target")" ] && exit 0
            exit 11
        fi
        case $target in */*) folder=${target%/*} ;; *) folder=. ;; esac
        folder=${folder:-/}
        [ -d "$folder" ] || stop 72 "the folder $folder is missing"
        find "$folder" -maxdepth 1 -name '.muster-upload.*' -type f -mmin +60 -exec rm -f -- {} + 2>/dev/null
        part=$(mktemp -- "$folder/.muster-upload.XXXXXX") || { part=; stop 73 "cannot write in $folder"; }
        trap 'stop 70 "interrupted"' HUP INT TERM
        printf '%s\\n' "$marker"
        cat >"$part" || stop 74 "cannot write $part"
        [ "$(stat -c %s -- "$part")" = "$size" ] || stop 65 'fewer bytes arrived than were sent'
        dress "$part" || stop 77 'cannot set mode and owner'
        sync -- "$part" 2>/dev/null || sync
        mv -fT -- "$part" "$target" || stop 73 "cannot move it to $target"
        exit 10
        }

        """
}
