//! Cells compiled without cargo, or before they are run, give what cargo would give.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::store::{until_kept, with_store};
use client::{Cell, Kernel, process};

/// Another build by cargo may take as long.
const BUILD: Duration = Duration::from_secs(60);

/// The folder of the package that evcxr generates.
async fn package_of(kernel: &mut Kernel) -> PathBuf {
    let transcript = kernel
        .execute(":last_compile_dir")
        .await
        .ok()
        .into_transcript();
    let text = transcript.result_text().unwrap_or_default();
    PathBuf::from(text.trim())
}

/// Runs a cell that cargo may have to build.
async fn value_of(kernel: &mut Kernel, code: &str) -> String {
    let cell = Cell::new(code).within(BUILD);
    let transcript = kernel.execute(cell).await.ok().into_transcript();
    transcript.result_text().unwrap_or_default()
}

#[tokio::test]
async fn what_a_cell_depends_on_is_seen_when_it_changes() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 7;").await.ok();

    // A file that the cell includes.
    let text = kernel.folder().join("included.txt");
    let code = format!("include_str!({:?})", text.display().to_string());
    for content in ["one", "two"] {
        fs::write(&text, content).expect("the test's folder can be written");
        assert_eq!(value_of(&mut kernel, &code).await, format!("{content:?}"));
    }

    // A variable that is read at compile time.
    for colour in ["red", "blue"] {
        let cell = format!(":build_env COLOUR={colour}");
        kernel.execute(cell.as_str()).await.ok().into_transcript();
        assert_eq!(
            value_of(&mut kernel, "option_env!(\"COLOUR\")").await,
            format!("Some({colour:?})")
        );
    }

    // A dependency in a folder, its manifest, and then its source.
    let folder = kernel.folder().join("tiny");
    write_crate(&folder, 1);
    let dependency = format!(
        ":dep tiny = {{ path = {:?} }}\ntiny::answer()",
        folder.display().to_string()
    );
    assert_eq!(value_of(&mut kernel, &dependency).await, "1");
    write_crate(&folder, 22);
    assert_eq!(value_of(&mut kernel, "tiny::answer()").await, "22");

    // A library that was deleted.
    let package = package_of(&mut kernel).await;
    fs::remove_file(library(&package, "libtiny-")).expect("the library can be removed");
    assert_eq!(value_of(&mut kernel, "tiny::answer() + 1").await, "23");
    kernel.execute("kept").await.ok().result("7");
}

fn write_crate(folder: &Path, answer: u8) {
    let write = |name: &str, text: String| fs::write(folder.join(name), text);
    fs::create_dir_all(folder.join("src"))
        .and_then(|()| {
            write(
                "Cargo.toml",
                "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n".into(),
            )
        })
        .and_then(|()| {
            write(
                "src/lib.rs",
                format!("pub fn answer() -> u8 {{ {answer} }}\n"),
            )
        })
        .expect("the test's folder can be written");
}

/// The file of a library that cells link to.
fn library(package: &Path, name: &str) -> PathBuf {
    let targets = fs::read_dir(package.join("target")).expect("something was built");
    let mut libraries = targets.flatten().flat_map(|target| {
        let entries = fs::read_dir(target.path().join("debug/deps"));
        entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    });
    let is_it = |path: &PathBuf| {
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        file.starts_with(name) && file.ends_with(".rlib")
    };
    libraries.find(is_it).expect("the library was built")
}

/// The compilers that the kernel has started.
fn compilers(kernel: &Kernel) -> Vec<i32> {
    let below = process::below(kernel.process().id()).into_iter();
    below
        .filter(|(_, name)| name == "rustc")
        .map(|(pid, _)| pid)
        .collect()
}

/// Waits until there are compilers, or none any more.
async fn until_compilers(kernel: &Kernel, are_there: bool) -> Vec<i32> {
    let begin = Instant::now();
    loop {
        let found = compilers(kernel);
        if found.is_empty() != are_there {
            return found;
        }
        assert!(begin.elapsed() < BUILD, "compilers: {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_next_compiler_waits_for_the_next_cell() {
    if std::thread::available_parallelism().is_ok_and(|count| count.get() == 1) {
        // None is started there.
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut kernel = with_store(folder.path())
        .env("RUST_LOG", "off,async_notebook_kernel=debug")
        .start()
        .await;
    let used = |kernel: &Kernel| kernel.process().log().matches("on standby").count();
    // The analyser has started then, and how cells are built does not change any more.
    kernel.execute("let kept = 7;").await.ok();
    kernel.complete("kept.", 5).await;

    kernel.execute("kept + 1").await.ok().result("8");
    until_compilers(&kernel, true).await;
    let before = used(&kernel);
    kernel.execute("kept + 2").await.ok().result("9");
    assert_eq!(used(&kernel), before + 1);

    // An error is the cell's, in its line; a file that a cell includes is the cell's, too.
    kernel
        .execute("let a = 1;\nkept.no_such_method()")
        .await
        .error("E0599", "no_such_method")
        .traceback_contains(":2:6");
    let text = kernel.folder().join("included.txt");
    fs::write(&text, "one").expect("the test's folder can be written");
    let code = format!("include_str!({:?})", text.display().to_string());
    assert_eq!(value_of(&mut kernel, &code).await, "\"one\"");

    // One that somebody kills is not missed.
    kernel.execute("kept + 3").await.ok().result("10");
    for compiler in until_compilers(&kernel, true).await {
        process::kill(compiler);
    }
    kernel.execute("kept + 4").await.ok().result("11");

    // One that is not wanted ends.
    until_compilers(&kernel, false).await;
    kernel.execute("kept + 5").await.ok().result("12");
}

/// A path dependency with what only cargo knows of: a build script, a macro of its own, its workspace's manifest.
#[tokio::test]
async fn what_stands_behind_a_dependency_is_seen_when_it_changes() {
    let mut kernel = Kernel::start().await;
    let root = kernel.folder().join("workspace");
    let write = |file: &str, text: &str| {
        let file = root.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("the test's folder can be written");
    };
    let workspace = |version: &str| {
        format!(
            "[workspace]\nmembers = [\"tiny\", \"derive\"]\n[workspace.package]\nversion = \"{version}\"\n"
        )
    };
    let derive = |answer: u8| {
        format!(
            "#[proc_macro]\npub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream {{ \"{answer}u8\".parse().unwrap() }}\n"
        )
    };
    write("Cargo.toml", &workspace("0.1.1"));
    write(
        "derive/Cargo.toml",
        "[package]\nname = \"derive\"\nedition = \"2024\"\n[lib]\nproc-macro = true\n",
    );
    write("derive/src/lib.rs", &derive(1));
    write(
        "tiny/Cargo.toml",
        "[package]\nname = \"tiny\"\nversion.workspace = true\nedition = \"2024\"\n[dependencies]\nderive = { path = \"../derive\" }\n",
    );
    write(
        "tiny/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=watched\");\n    println!(\"cargo::rustc-env=WATCHED={}\", std::fs::read_to_string(\"watched\").unwrap());\n}\n",
    );
    write("tiny/watched", "one");
    write(
        "tiny/src/lib.rs",
        "pub fn all() -> String { format!(\"{} {} {}\", derive::answer!(), env!(\"WATCHED\"), env!(\"CARGO_PKG_VERSION\")) }\n",
    );

    let dependency = format!(
        ":dep tiny = {{ path = {:?} }}\ntiny::all()",
        root.join("tiny").display().to_string()
    );
    assert_eq!(value_of(&mut kernel, &dependency).await, r#""1 one 0.1.1""#);
    // cargo goes by times, and file systems know them by some milliseconds.
    let later = Duration::from_millis(50);
    tokio::time::sleep(later).await;
    write("tiny/watched", "two");
    assert_eq!(
        value_of(&mut kernel, "tiny::all()").await,
        r#""1 two 0.1.1""#
    );
    tokio::time::sleep(later).await;
    write("derive/src/lib.rs", &derive(22));
    assert_eq!(
        value_of(&mut kernel, "tiny::all()").await,
        r#""22 two 0.1.1""#
    );
    tokio::time::sleep(later).await;
    write("Cargo.toml", &workspace("0.1.2"));
    assert_eq!(
        value_of(&mut kernel, "tiny::all()").await,
        r#""22 two 0.1.2""#
    );
}

#[tokio::test]
async fn a_cell_compiled_ahead_runs_as_it_stands_and_not_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let (notebook, proof) = (
        folder.path().join("lesson.ipynb"),
        folder.path().join("proof"),
    );
    let second = format!("std::fs::write({proof:?}, \"ran\")?;\nstep + 1");
    fs::write(
        &notebook,
        notebook_with(["let step = 1;", &second, "step + 20"]),
    )
    .expect("the notebook is written");
    let launch = with_store(folder.path()).env("JPY_SESSION_NAME", &notebook);
    let mut kernel = launch.start().await;

    kernel
        .execute(Cell::new("let step = 1;").with_id("cell-0"))
        .await
        .ok();
    until_kept(folder.path(), "\"ran\"").await;
    assert!(!proof.exists(), "what is compiled ahead must not run");
    kernel
        .execute(Cell::new(second.as_str()).with_id("cell-1"))
        .await
        .ok()
        .result("2");
    assert!(proof.exists());

    // The third cell was compiled ahead as it is saved; it runs as the user has it now.
    until_kept(folder.path(), "step + 20").await;
    kernel
        .execute(Cell::new("step + 300").with_id("cell-2"))
        .await
        .ok()
        .result("301");
}

/// evcxr notices the end of the process while it compiles ahead, when there is no cell to say so.
#[tokio::test]
async fn a_process_that_ends_during_that_is_told_with_the_next_cell() {
    let folder = tempfile::tempdir().expect("a folder");
    let notebook = folder.path().join("lesson.ipynb");
    let first = "let lost = 1;
std::thread::spawn(|| {
    std::thread::sleep(std::time::Duration::from_millis(50));
    std::process::exit(3);
});";
    let slow = "#[allow(long_running_const_eval)]
const STEPS: u64 = { let mut steps = 0; while steps < 300_000 { steps += 1; } steps };";
    fs::write(&notebook, notebook_with([first, slow, ""])).expect("the notebook is written");
    let launch = with_store(folder.path()).env("JPY_SESSION_NAME", &notebook);
    let mut kernel = launch.start().await;
    kernel
        .execute(Cell::new(first).with_id("cell-0"))
        .await
        .ok();
    until_kept(folder.path(), "STEPS").await;
    kernel
        .execute("lost")
        .await
        .error("ProcessEnded", "status 3")
        .traceback_contains("lost");
    kernel.execute("1 + 1").await.ok().result("2");
}

fn notebook_with(cells: [&str; 3]) -> String {
    let cells: Vec<_> = cells
        .iter()
        .enumerate()
        .map(|(index, source)| {
            serde_json::json!({
                "cell_type": "code", "id": format!("cell-{index}"), "source": source,
                "metadata": {}, "outputs": [], "execution_count": null,
            })
        })
        .collect();
    serde_json::json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        .to_string()
}

/// The analyser reads the crates of a new dependency, too.
#[tokio::test]
async fn a_dependency_stays_whatever_becomes_of_its_cell() {
    let mut kernel = Kernel::start().await;
    let package = kernel.folder().join("greeting");
    fs::create_dir_all(package.join("src")).expect("a folder");
    for (file, text) in [
        (
            "Cargo.toml",
            "[package]\nname = \"greeting\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        ),
        (
            "src/lib.rs",
            "pub struct Greeting { pub words: Vec<u8> }\npub fn greet() -> Greeting { Greeting { words: vec![7] } }\n",
        ),
    ] {
        fs::write(package.join(file), text).expect("the test's folder can be written");
    }
    let path = package.display().to_string();
    let code = format!(":dep greeting = {{ path = {path:?} }}\nlet number: u8 = \"seven\";");
    let cell = Cell::new(code.as_str()).within(BUILD);
    let refused = kernel
        .execute(cell)
        .await
        .error("E0308", "mismatched types");
    refused.into_transcript();
    kernel.execute("let hello = greeting::greet();").await.ok();
    assert_eq!(value_of(&mut kernel, "hello.words").await, "[7]");
    let found = kernel.complete("hello.wor", 9).await;
    assert!(found.matches.contains(&"words".to_owned()), "{found:?}");
}
