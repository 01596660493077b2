//! The standard library's source as the analyser reads it: without the instructions of each processor,
//! which are half of its 52 MB. No lesson names them, and to read them takes half a second and 100 MB.

use anyhow::Context;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// The variable by which the analyser finds a source of the standard library.
pub const VARIABLE: &str = "RUST_SRC_PATH";

/// What is left empty: the module of the processors' instructions.
const LEFT_OUT: &str = "stdarch/crates/core_arch/src";
const EMPTY_FILE: &str = "mod.rs";

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
    link_all(&source, folder, Path::new(LEFT_OUT))
        .with_context(|| format!("{} could not be written", folder.display()))
}

/// Links everything in `source`, and on the way to `left_out` makes folders instead.
fn link_all(source: &Path, folder: &Path, left_out: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut way = left_out.components();
    let Some(next) = way.next() else {
        return fs::write(folder.join(EMPTY_FILE), "");
    };
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let target = folder.join(entry.file_name());
        if entry.file_name() == next.as_os_str() {
            link_all(&entry.path(), &target, way.as_path())?;
        } else {
            symlink(entry.path(), target)?;
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
        for file in ["core/a.rs", "arch/inner/x86.rs", "arch/other.rs"] {
            let file = source.join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, "text").expect("a file");
        }
        let folder = root.path().join("links");
        link_all(&source, &folder, Path::new("arch/inner")).expect("links");
        let text = |file: &str| fs::read_to_string(folder.join(file)).ok();
        assert_eq!(text("core/a.rs").as_deref(), Some("text"));
        assert_eq!(text("arch/other.rs").as_deref(), Some("text"));
        assert_eq!(text("arch/inner/x86.rs"), None);
        assert_eq!(text("arch/inner/mod.rs").as_deref(), Some(""));
    }
}
