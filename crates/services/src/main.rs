//! The binary `services`: runs one of the lessons' services from a terminal.
//!
//! # Layout
//! This file is the command line only; the services are in the library.

use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use services::{Pages, StartError};

/// Runs one of the small services that the lessons talk to, until Ctrl-C.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    service: Service,
}

#[derive(Subcommand)]
enum Service {
    /// Web pages of settable size and latency.
    Pages {
        /// The port to listen on, on 127.0.0.1; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Bytes in a page, 512 to 10000000.
        #[arg(long, default_value_t = 10_000)]
        size: usize,
        /// Milliseconds until a page is answered, at most 60000.
        #[arg(long, default_value_t = 100)]
        latency_ms: u64,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Service::Pages {
        port,
        size,
        latency_ms,
    } = Arguments::parse().service;
    let site = Pages::builder()
        .port(port)
        .size(size)
        .latency(Duration::from_millis(latency_ms));
    match run(site.start().await).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(started: Result<Pages, StartError>) -> Result<(), Box<dyn std::error::Error>> {
    let site = started?;
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    // Polled once before the address is printed, which is when it begins to listen: whoever reads the address may
    // press Ctrl-C at once.
    tokio::select! {
        biased;
        outcome = &mut interrupted => return Ok(outcome?),
        () = async { println!("{}", site.url("/")) } => {}
    }
    interrupted.await?;
    site.stop().await;
    Ok(())
}
