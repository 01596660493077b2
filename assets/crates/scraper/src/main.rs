//! A polite scraper: follows the links of a site, saves its pages, and goes on where it was
//! stopped.
//!
//! # Layout
//! `crawl.rs` is the loop; it asks `host.rs` for a turn, `fetch.rs` for a page, `links.rs` for the
//! way on, and notes in `store.rs` what is done. `robots.rs` has a host's rules, `report.rs` the
//! end.

mod crawl;
mod fetch;
mod host;
mod links;
mod report;
mod robots;
mod store;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Url;
use tokio_util::sync::CancellationToken;

/// Saves the pages of web sites, politely. Run it again to go on where it was stopped.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The folder for the pages and the journal.
    folder: PathBuf,
    /// Where to begin. Only links on the same hosts are followed.
    #[arg(required = true)]
    urls: Vec<Url>,
    /// Requests at once to one host.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    per_host: u16,
    /// Milliseconds between two requests to one host; its robots.txt may ask for more.
    #[arg(long, default_value_t = 250)]
    delay_ms: u64,
    /// Milliseconds that a page may take.
    #[arg(long, default_value_t = 10_000)]
    timeout_ms: u64,
    /// Bytes that a page may have.
    #[arg(long, default_value_t = 2_000_000)]
    max_bytes: usize,
    /// Attempts for a page that fails.
    #[arg(long, default_value_t = 3)]
    attempts: u32,
    /// Links to follow from where it begins.
    #[arg(long, default_value_t = 12)]
    depth: usize,
    /// Pages in all.
    #[arg(long, default_value_t = 1_000)]
    pages: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Which cryptography https uses. An error would mean that one is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = settings(&arguments);
    let mut store = store::Store::open(&arguments.folder)?;
    let stop = CancellationToken::new();
    tokio::spawn(stop_at_ctrl_c(stop.clone()));
    let style = ProgressStyle::with_template("{pos} of {len} addresses known so far, {elapsed}")?;
    let bar = ProgressBar::new(0).with_style(style);
    crawl::crawl(&arguments.urls, &settings, &mut store, &stop, &bar).await?;
    bar.finish();
    if stop.is_cancelled() {
        println!("Stopped. Run the same command again to go on.");
    }
    print!("{}", report::Report::of(&store.entries));
    Ok(())
}

/// The first Ctrl-C lets the requests under way end, the second one doesn't.
async fn stop_at_ctrl_c(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.cancel();
        let _ = tokio::signal::ctrl_c().await;
        std::process::exit(130);
    }
}

fn settings(arguments: &Arguments) -> crawl::Settings {
    crawl::Settings {
        agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
        per_host: arguments.per_host.into(),
        delay: Duration::from_millis(arguments.delay_ms),
        depth: arguments.depth,
        most_pages: arguments.pages,
        limits: fetch::Limits {
            time: Duration::from_millis(arguments.timeout_ms),
            bytes: arguments.max_bytes,
            attempts: arguments.attempts,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(30),
        },
    }
}
