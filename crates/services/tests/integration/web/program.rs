//! The web service in a process of its own, whose memory and descriptors nobody shares.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    child: Child,
    folder: String,
}

impl Program {
    pub(crate) async fn start() -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_services"))
            .args(["web", "--supervised", "--port", "0", "--run-ms", "10"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = { lines }
            .next_line()
            .await
            .expect("a line")
            .expect("a line");
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        Program {
            address: line["address"]
                .as_str()
                .expect("text")
                .parse()
                .expect("an address"),
            folder: format!("/proc/{}", child.id().expect("running")),
            child,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub(crate) fn ws_url(&self, path: &str) -> String {
        format!("ws://{}/{path}", self.address)
    }

    /// How many files and connections it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("{}/fd", self.folder))
            .expect("Linux")
            .count()
    }

    pub(crate) async fn until_descriptors(&self, holds: impl Fn(usize) -> bool) {
        while !holds(self.descriptors()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Its resident memory.
    pub(crate) fn memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("{}/status", self.folder)).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.and_then(|text| text.split_whitespace().next()?.parse().ok());
        figure.expect("a figure")
    }

    /// Closes its standard input, which ends it.
    pub(crate) async fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().await.expect("its end").success());
    }
}
