//! What the operating system says of a thread: whether it computes, or sleeps in a call that blocks.

use std::path::{Path, PathBuf};

/// A thread, as Linux shows it in `/proc`. Elsewhere nothing is known of it.
#[derive(Debug)]
pub(super) struct OsThread(PathBuf);

impl OsThread {
    /// The thread that asks; `None` where the system does not say.
    pub(super) fn current() -> Option<OsThread> {
        let own = std::fs::read_link("/proc/thread-self").ok()?;
        Some(OsThread(Path::new("/proc").join(own).join("stat")))
    }

    /// Whether it sleeps, so that it neither computes nor wants to; `None` when nobody knows.
    pub(super) fn sleeps(&self) -> Option<bool> {
        let stat = std::fs::read_to_string(&self.0).ok()?;
        // The state stands behind the name, which is in parentheses and may hold anything.
        let (_name, rest) = stat.rsplit_once(')')?;
        rest.trim_start().chars().next().map(|state| state == 'S')
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::OsThread;
    use std::sync::mpsc;

    #[test]
    fn one_that_runs_does_not_sleep_and_one_that_waits_does() {
        assert_eq!(OsThread::current().unwrap().sleeps(), Some(false));
        let (tell, told) = mpsc::channel();
        let (end, wait) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            tell.send(OsThread::current().unwrap()).unwrap();
            let _ = wait.recv();
        });
        let other = told.recv().unwrap();
        while other.sleeps() != Some(true) {
            std::thread::yield_now();
        }
        drop(end);
        thread.join().unwrap();
    }
}
