//! The memory of this process, by the kernel's files. Zero elsewhere than on Linux.

use std::fs;

/// The resident bytes now.
pub(crate) fn resident() -> u64 {
    field("VmRSS:")
}

/// The most resident bytes since [`forget_peak`].
pub(crate) fn peak() -> u64 {
    field("VmHWM:")
}

pub(crate) fn forget_peak() {
    drop(fs::write("/proc/self/clear_refs", "5"));
}

fn field(name: &str) -> u64 {
    of(&fs::read_to_string("/proc/self/status").unwrap_or_default(), name)
}

/// The resident bytes of another process.
pub(crate) fn resident_of(process: u32) -> u64 {
    of(&fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default(), "VmRSS:")
}

/// `VmRSS:     1234 kB`
fn of(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
