//! The kernel's process. It is in a process group of its own and never outlives the test.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// How many lines of the kernel's own output a failing test shows.
const SHOWN_LINES: usize = 60;

/// A running kernel. Dropping it kills the kernel and everything in its process group. On Linux the end of the thread
/// that started it kills the kernel as well.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own, with stdout and stderr written to the file `log`.
    ///
    /// # Errors
    /// The log cannot be written, or the program cannot be started.
    pub fn start(mut command: Command, log: &Path) -> io::Result<Self> {
        die_with_parent(&mut command);
        let output = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// The process id, which is also the id of its process group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the kernel ended, or `None` while it runs.
    pub fn ended(&self) -> Option<ExitStatus> {
        // Look without taking: the process id, and with it the group's, stays reserved until the drop.
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: an all-zero `siginfo_t` is a valid one; `waitid` fills it in or leaves it.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let id: libc::id_t = self.child.id();
        // SAFETY: the pointer is to a local of the right type.
        let answer = unsafe { libc::waitid(libc::P_PID, id, &raw mut info, flags) };
        // SAFETY: both fields are there in what `waitid` fills in, and zero in what it leaves.
        let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
        if answer != 0 || pid == 0 {
            return None;
        }
        Some(ExitStatus::from_raw(match info.si_code {
            libc::CLD_EXITED => status << 8,
            // Killed by a signal; whether it dumped core does not matter here.
            _ => status,
        }))
    }

    /// Sends a signal to the kernel alone, not to its children.
    pub fn signal(&self, signal: i32) {
        send(self.pid(), signal);
    }

    /// The most memory that it has had at a time, in bytes. Linux only: elsewhere 0.
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// The memory that it has now, in bytes. Linux only: elsewhere 0.
    pub fn current_memory(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()));
        let found = status.unwrap_or_default().lines().find_map(|line| {
            let kilobytes = line.strip_prefix(name)?.trim().strip_suffix("kB")?;
            kilobytes.trim().parse::<u64>().ok()
        });
        found.unwrap_or_default() * 1024
    }

    /// The end of what the kernel wrote to its own stdout and stderr.
    pub fn log(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(SHOWN_LINES);
        lines[from..].join("\n")
    }

    fn pid(&self) -> i32 {
        // A process id fits: the kernel's own type for it is an i32.
        i32::try_from(self.child.id()).unwrap_or(i32::MAX)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group first: the kernel's id is reserved until `wait`, so the group's id cannot be somebody else's.
        send(-self.pid(), libc::SIGKILL);
        if let Err(error) = self.child.wait() {
            eprintln!("the kernel's process could not be waited for: {error}");
        }
    }
}

/// A test that is killed, as nextest does when its time is up, drops nothing: let the system end the kernel then.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let set = || {
        // SAFETY: `prctl` with these arguments takes plain numbers, and may be called between fork and exec.
        match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: `set` only makes a system call; it takes no lock and allocates nothing.
    unsafe { command.pre_exec(set) };
}

/// Other systems have no such thing.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}

/// Whether there is a process with this id that has not ended. One that nobody has waited for yet counts as ended.
pub fn exists(pid: i32) -> bool {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        // Without /proc (macOS): signal 0 only asks.
        // SAFETY: as in `send`.
        return !Path::new("/proc/self").exists() && unsafe { libc::kill(pid, 0) } == 0;
    };
    // The state follows the name, which is in parentheses and may contain anything.
    let state = text
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// Ends a process at once, as a person or the system would: with SIGKILL.
pub fn kill(pid: i32) {
    send(pid, libc::SIGKILL);
}

/// Lets a running process take only so many bytes of memory beyond what it has now. Linux only.
///
/// # Panics
/// There is no such process, or it may not be limited.
#[cfg(target_os = "linux")]
pub fn limit_memory(pid: i32, bytes: u64) {
    let pages = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok();
    let pages = pages.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    // SAFETY: `sysconf` takes a plain number and touches no memory.
    let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    let most = pages.expect("the process runs") * page + bytes;
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: the limit is a local that outlives the call, and the old one is not asked for.
    let done =
        unsafe { libc::prlimit(pid, libc::RLIMIT_AS, &raw const limit, std::ptr::null_mut()) };
    assert_eq!(done, 0, "prlimit: {}", io::Error::last_os_error());
}

/// The processes that this one has started, and those that they have started: the id and the program's name of each.
/// They are read from /proc, so there are none on other systems than Linux.
pub fn below(ancestor: u32) -> Vec<(i32, String)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<(i32, String, i32)> = entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // As in `exists`: the name may contain anything, the state and the parent follow it.
            let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
            let parent = rest.split(' ').nth(1)?.parse().ok()?;
            Some((pid, name.to_owned(), parent))
        })
        .collect();
    let mut parents: Vec<i32> = i32::try_from(ancestor).into_iter().collect();
    let mut found = Vec::new();
    while let Some(parent) = parents.pop() {
        for (pid, name, _) in all.iter().filter(|it| it.2 == parent) {
            parents.push(*pid);
            found.push((*pid, name.clone()));
        }
    }
    found
}

fn send(pid: i32, signal: i32) {
    // SAFETY: `kill` takes plain numbers and touches no memory of ours. A process that has ended is no error here.
    unsafe { libc::kill(pid, signal) };
}
