//! A table of cells that break kernels: bad input, odd output, faults.
//!
//! Each case runs its cells in a session that goes on from case to case. Afterwards `1 + 1` must work, and what the
//! case says is kept must be kept. The same table can be run on other kernels, to set them side by side: they are
//! started leniently, and their failures are counted instead of ending the test.
//!
//! # Layout
//! - [`cases`]: the table.
//! - [`run`]: running a table on one kernel, and what is printed.

mod cases;
mod run;

use client::Launch;

use self::run::{Language, report, run};

/// Our kernel passes everything.
#[tokio::test]
#[ignore = "it takes minutes: ask for it with --ignored"]
async fn every_case_on_this_kernel() {
    let outcomes = run(Launch::kernel(), Language::Rust).await;
    let table = report(&outcomes);
    println!("{table}");
    let failed = outcomes
        .iter()
        .filter(|it| it.fault.is_some() || it.breach.is_some())
        .count();
    assert_eq!(failed, 0, "\n{table}");
}

/// Prints the table of another kernel. It is for comparison: nothing is asserted.
///
/// `TORTURE_RUST_KERNEL` holds the argv of a Rust kernel's kernelspec, `TORTURE_PYTHON_KERNEL` that of ipykernel, words
/// separated by blanks: `evcxr_jupyter --control_file {connection_file}`.
#[tokio::test]
#[ignore = "for comparing kernels: set TORTURE_RUST_KERNEL or TORTURE_PYTHON_KERNEL"]
async fn every_case_on_other_kernels() {
    let kernels = [
        ("TORTURE_RUST_KERNEL", Language::Rust),
        ("TORTURE_PYTHON_KERNEL", Language::Python),
    ];
    for (variable, language) in kernels {
        let Ok(argv) = std::env::var(variable) else {
            println!("skipped: {variable} is not set");
            continue;
        };
        let launch = Launch::command(argv.split_whitespace());
        let outcomes = run(launch, language).await;
        println!("{argv}\n{}", report(&outcomes));
    }
}
