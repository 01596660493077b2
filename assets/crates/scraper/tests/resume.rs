//! The program, ended in the middle and started again: nothing is fetched twice, nothing is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use services::{SeenRequest, Site};

/// Longer than any wait here takes on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);
const PER_HOST: usize = 3;

async fn site() -> Site {
    let site = Site::builder().articles(60).latency(Duration::from_millis(20));
    site.crawl_delay(Duration::from_millis(10)).start().await.expect("a site")
}

fn start(site: &Site, folder: &Path) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_scraper"));
    program.arg(folder).arg(site.url("/")).args(["--per-host", &PER_HOST.to_string()]);
    program.args(["--delay-ms", "0", "--timeout-ms", "400", "--attempts", "3"]);
    program.env_remove("http_proxy").env_remove("HTTP_PROXY");
    program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// Waits for its end. It always ends: every page has a time limit, and there are at most 1000.
fn output_of(program: Child) -> String {
    let Output { status, stdout, stderr } = program.wait_with_output().expect("its output");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < TIME_LIMIT, "it did not come to that within {TIME_LIMIT:?}");
        sleep(Duration::from_millis(2));
    }
}

/// The journal's lines: the path of each address, and its outcome.
fn journal(site: &Site, folder: &Path) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(folder.join("journal.jsonl")).expect("a journal");
    // The last line may be unfinished, after a kill.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut paths = BTreeMap::new();
    for line in whole.lines() {
        let entry: Value = serde_json::from_str(line).expect("a line of JSON");
        let path = entry["url"].as_str().expect("an address").replace(&site.url("/"), "/");
        assert_eq!(
            paths.insert(path, entry["outcome"].clone()),
            None,
            "twice in the journal: {line}"
        );
    }
    paths
}

/// How often each article was asked for.
fn articles(requests: &[SeenRequest]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for seen in requests.iter().filter(|seen| seen.path.starts_with("/articles/")) {
        *counts.entry(seen.path.as_str()).or_default() += 1;
    }
    counts
}

fn everything_is_there(site: &Site, folder: &Path) {
    let journal = journal(site, folder);
    for number in 1..=60 {
        let outcome = &journal[&format!("/articles/{number}")];
        let file = outcome["Saved"]["file"].as_str().expect("a file");
        let page = fs::read_to_string(folder.join(file)).expect("a page");
        assert!(page.contains(&format!("<h1>Article {number}:")) && page.ends_with("</html>\n"));
    }
    for (path, expected) in [
        ("/", "Saved"),
        ("/flaky", "Saved"),
        ("/busy", "Saved"),
        ("/calendar/2026-2", "Saved"),
        ("/moved", "Moved"),
        ("/loop/a", "Moved"),
        ("/loop/b", "Moved"),
        ("/picture.png", "NotHtml"),
        ("/members/diary", "Forbidden"),
        ("/slow", "not complete after 400ms"),
        ("/endless", "not complete after 400ms"),
        ("/huge", "larger than 2000000 bytes"),
        ("/cut", "the connection broke"),
        ("/broken", "status 500 Internal Server Error"),
        ("/gone", "status 410 Gone"),
    ] {
        let outcome = journal[path].to_string();
        assert!(outcome.contains(expected), "{path}: {outcome}");
    }
    let pages = fs::read_dir(folder.join("pages")).expect("a folder").count();
    let saved = journal.values().filter(|outcome| outcome.get("Saved").is_some()).count();
    assert_eq!(pages, saved);
    assert!(!journal.contains_key("/articles/1/draft"));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_it_fetches_nothing_twice_that_it_had_saved() {
    let (site, folder) = (site().await, tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    let mut program = start(&site, folder);
    wait_until(|| site.requests().len() > 30);
    program.kill().expect("it was running");
    program.wait().expect("its end");
    let (first, done) = (site.requests(), journal(&site, folder));
    assert!(!done.is_empty() && done.len() < 60, "killed in the middle: {}", done.len());

    site.clear_requests();
    let report = output_of(start(&site, folder));
    let second = site.requests();
    let again: BTreeSet<&str> = second.iter().map(|seen| seen.path.as_str()).collect();
    let twice: Vec<_> = done.keys().filter(|path| again.contains(path.as_str())).collect();
    assert_eq!(twice, Vec::<&String>::new());
    everything_is_there(&site, folder);
    assert!(report.contains("1 forbidden by robots.txt, 6 failed:"), "{report}");

    let mut both = first;
    both.extend(second);
    // Only what was under way when it was killed had to be fetched again.
    let counts = articles(&both);
    assert_eq!(counts.len(), 60);
    assert!(counts.values().filter(|count| **count > 1).count() <= PER_HOST, "{counts:?}");
    assert!(counts.values().all(|count| *count <= 2), "{counts:?}");
    assert!(both.iter().all(|seen| seen.path != "/members/diary"));
    assert!(site.most_at_once() <= PER_HOST);

    // A third time there is nothing left to do but to ask for the rules.
    site.clear_requests();
    assert_eq!(output_of(start(&site, folder)), report);
    let paths: Vec<_> = site.requests().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/robots.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ctrl_c_it_ends_in_good_order_and_no_page_is_fetched_twice() {
    let (site, folder) = (site().await, tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    let program = start(&site, folder);
    wait_until(|| site.requests().len() > 30);
    let pid = program.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().expect("a signal");
    assert!(sent.success());
    let report = output_of(program);
    assert!(report.starts_with("Stopped."), "{report}");
    assert!(journal(&site, folder).len() < 60);

    output_of(start(&site, folder));
    everything_is_there(&site, folder);
    let requests = site.requests();
    let counts = articles(&requests);
    assert!(counts.len() == 60 && counts.values().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_in_one_folder_are_refused() {
    let (site, folder) = (site().await, tempfile::tempdir().expect("a folder"));
    let mut first = start(&site, folder.path());
    wait_until(|| folder.path().join("journal.jsonl").exists() && site.requests().len() > 3);
    let second = start(&site, folder.path()).wait_with_output().expect("its output");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("another scraper is at work in this folder"), "{said}");
    first.kill().expect("it was running");
    first.wait().expect("its end");
}
