//! The standard library's source as the analyser reads it: without the instructions of each processor, which are half of
//! its 52 MB, without portable SIMD, which only a nightly compiler has, and without what cells seldom name. What names them
//! compiles all the same; to read them takes one and a half seconds and 160 MB.

use anyhow::Context;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// The variable by which rust-analyzer finds a source of the standard library, unless it is told of one.
pub const VARIABLE: &str = "RUST_SRC_PATH";

/// What is left empty: the instructions of each processor, what only a nightly compiler gives, and what stands behind
/// panics and macros. The file stands for the whole folder.
const LEFT_OUT: &[&str] = &[
    "backtrace/src/lib.rs",
    "portable-simd/crates/core_simd/src/mod.rs",
    "portable-simd/crates/std_float/src/lib.rs",
    "proc_macro/src/lib.rs",
    "std_detect/src/lib.rs",
    "stdarch/crates/core_arch/src/mod.rs",
    "test/src/lib.rs",
];

/// Where it stands, the analyser has cargo describe the library, and reads the crates that stand behind it as well.
const WORKSPACE: &str = "Cargo.toml";

/// Makes a folder of links to the compiler's source of the standard library, but for what is left out.
/// Where the compiler has no source there is no folder, and the analyser says what it misses.
///
/// # Errors
/// When the compiler cannot be asked, or the folder not be written.
pub fn place(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("an earlier folder could not be removed")?;
    }
    let answer = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .context("rustc could not be asked where its library is")?;
    let root = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    let source = Path::new(&root).join("lib/rustlib/src/rust/library");
    if !source.join("core").is_dir() {
        return Ok(());
    }
    let left_out: Vec<&Path> = LEFT_OUT.iter().map(Path::new).collect();
    link_all(&source, folder, &left_out)
        .and_then(|()| fs::remove_file(folder.join(WORKSPACE)))
        .with_context(|| format!("{} could not be written", folder.display()))
}

/// Links everything in `source`, and on the way to a file that is `left_out` makes folders instead; where its own folder
/// would be, there is the file alone, and empty.
fn link_all(source: &Path, folder: &Path, left_out: &[&Path]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    if let [file] = left_out
        && file.components().count() == 1
    {
        return fs::write(folder.join(file), "");
    }
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let target = folder.join(entry.file_name());
        let inside: Vec<&Path> = left_out
            .iter()
            .filter_map(|way| way.strip_prefix(entry.file_name()).ok())
            .collect();
        if inside.is_empty() {
            symlink(entry.path(), target)?;
        } else {
            link_all(&entry.path(), &target, &inside)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_linked_but_what_is_left_out() {
        let root = tempfile::tempdir().expect("a folder");
        let source = root.path().join("source");
        for file in [
            "core/a.rs",
            "arch/inner/x86.rs",
            "arch/other.rs",
            "simd/lib.rs",
        ] {
            let file = source.join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, "text").expect("a file");
        }
        let folder = root.path().join("links");
        let left_out = [Path::new("arch/inner/mod.rs"), Path::new("simd/lib.rs")];
        link_all(&source, &folder, &left_out).expect("links");
        let text = |file: &str| fs::read_to_string(folder.join(file)).ok();
        assert_eq!(text("core/a.rs").as_deref(), Some("text"));
        assert_eq!(text("arch/other.rs").as_deref(), Some("text"));
        assert_eq!(text("arch/inner/x86.rs"), None);
        assert_eq!(text("arch/inner/mod.rs").as_deref(), Some(""));
        assert_eq!(text("simd/lib.rs").as_deref(), Some(""));
    }
}
