//! What the machine has to spare for work that nobody waits for.

use std::fs;

/// Compiling takes about 200 MB; with less than this much to spare (in bytes) it is left.
const MEMORY: u64 = 600 << 20;

/// Whether there is memory for a compiler on the side, and no battery is being emptied.
pub fn is_enough() -> bool {
    has_memory() && !is_on_battery()
}

fn has_memory() -> bool {
    let available = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| field(&text, "MemAvailable:").map(|kilobytes| kilobytes * 1024));
    let of_group = (|| {
        let limit: u64 = read_number("/sys/fs/cgroup/memory.max")?;
        let used: u64 = read_number("/sys/fs/cgroup/memory.current")?;
        // What was read from files and not lately: the system takes it away where memory is needed.
        let details = fs::read_to_string("/sys/fs/cgroup/memory.stat").ok()?;
        let of_files = field(&details, "inactive_file ").unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(of_files)))
    })();
    [available, of_group]
        .into_iter()
        .flatten()
        .all(|bytes| bytes >= MEMORY)
}

fn read_number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
}

fn is_on_battery() -> bool {
    let Ok(supplies) = fs::read_dir("/sys/class/power_supply") else {
        return false;
    };
    supplies.flatten().any(|supply| {
        fs::read_to_string(supply.path().join("status"))
            .is_ok_and(|status| status.trim() == "Discharging")
    })
}
