//! The binary `services`.

use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::{get, limited};

fn services(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_services"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[cfg(unix)]
#[tokio::test]
async fn it_prints_its_address_and_runs_until_interrupted() {
    limited(async {
        let mut command = services(&["pages", "--size", "700", "--latency-ms", "1"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let address = stdout
            .lines()
            .next_line()
            .await
            .unwrap()
            .expect("an address");
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");
        let page = get(format!("{address}pages/1")).await;
        assert_eq!(page.bytes().await.unwrap().len(), 700);

        let id = child.id().expect("still running").to_string();
        let sent = Command::new("kill")
            .args(["-INT", &id])
            .status()
            .await
            .unwrap();
        assert!(sent.success());
        assert!(child.wait().await.unwrap().success());
    })
    .await;
}

#[tokio::test]
async fn a_setting_outside_its_limits_ends_it_with_a_sentence() {
    limited(async {
        let Output { status, stderr, .. } =
            services(&["pages", "--size", "5"]).output().await.unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(
            stderr.starts_with("error: the setting `size` is 5 bytes"),
            "{stderr}"
        );
    })
    .await;
}
