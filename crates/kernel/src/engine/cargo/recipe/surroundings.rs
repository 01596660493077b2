//! Everything that a build by cargo depends on, besides the cell: files and settings.

use super::{Compiler, hash_of, is_from_cargo};
use crate::paths;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How all of it was when cargo built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Files by path, or `None` where there must be no file.
    files: BTreeMap<PathBuf, Option<Mark>>,
    /// What evcxr and the person set for builds.
    settings: BTreeMap<String, String>,
}

/// By what a file is known to be as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Mark {
    /// Its size in bytes and the time of its change in nanoseconds.
    Time(u64, i64),
    /// A number for its text: manifests, lock files and settings are written again and again, with the
    /// same text.
    Text(u64),
}

impl Surroundings {
    /// What a build of `package` by this command depends on, as it is now.
    pub fn of(compiler: &Compiler, package: &Path) -> Surroundings {
        let files = depended_on(compiler, package).into_iter();
        Surroundings {
            files: files
                .map(|path| {
                    let mark = mark_of(&package.join(&path));
                    (path, mark)
                })
                .collect(),
            settings: settings(std::env::vars()),
        }
    }

    /// What is not as it was, in words; `None` when everything is.
    pub fn difference(&self, package: &Path) -> Option<String> {
        self.difference_with(&settings(std::env::vars()), package)
    }

    fn difference_with(
        &self,
        settings: &BTreeMap<String, String>,
        package: &Path,
    ) -> Option<String> {
        if self.settings != *settings {
            let names = changed(&self.settings, settings).join(", ");
            return Some(format!("another value is set for {names}"));
        }
        self.files
            .iter()
            .find(|(path, mark)| mark_of(&package.join(path)) != **mark)
            .map(|(path, _)| format!("{} has changed", path.display()))
    }
}

/// The variables that change how cargo builds. The compiler itself and cargo's own settings files are
/// among the files, so it does not matter by which variable (or none) they were found.
fn settings(variables: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let is_setting = |name: &str| {
        let of_toolchain = name.starts_with("RUSTUP_") || name == "CARGO_HOME";
        let of_run = ["RUST_LOG", "RUST_BACKTRACE"].contains(&name);
        (name.starts_with("CARGO") || name.starts_with("RUST"))
            && !of_toolchain
            && !of_run
            && !is_from_cargo(name)
    };
    variables.filter(|(name, _)| is_setting(name)).collect()
}

/// The names of what differs.
fn changed<'s>(
    before: &'s BTreeMap<String, String>,
    now: &'s BTreeMap<String, String>,
) -> Vec<&'s str> {
    let mut names: Vec<&str> = before
        .iter()
        .chain(now)
        .filter(|(name, _)| before.get(*name) != now.get(*name))
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn mark_of(path: &Path) -> Option<Mark> {
    let is_text = [Some(OsStr::new("toml")), Some(OsStr::new("lock"))].contains(&path.extension())
        || path.ends_with(".cargo/config");
    if is_text {
        return Some(Mark::Text(hash_of(&fs::read(path).ok()?)));
    }
    let metadata = fs::metadata(path).ok()?;
    let time = metadata
        .mtime()
        .wrapping_mul(1_000_000_000)
        .wrapping_add(metadata.mtime_nsec());
    Some(Mark::Time(metadata.len(), time))
}

/// Every file whose change has to bring cargo back: lock and settings files, the compiler, the libraries
/// that are linked, and the sources of those that stand in folders of this machine.
fn depended_on(compiler: &Compiler, package: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from(&compiler.program)];
    if compiler
        .arguments
        .iter()
        .any(|argument| argument == "--extern")
    {
        paths.push(PathBuf::from("Cargo.lock"));
    }
    for ancestor in package.ancestors() {
        paths.push(ancestor.join(".cargo/config.toml"));
        paths.push(ancestor.join(".cargo/config"));
    }
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    if let Some(cargo_home) = &cargo_home {
        paths.push(cargo_home.join("config.toml"));
        paths.push(cargo_home.join("config"));
    }
    let mut arguments = compiler.arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--extern"
            && let Some((_, path)) = arguments.next().and_then(|value| value.split_once('='))
        {
            let path = PathBuf::from(path);
            let registry = cargo_home.as_ref().map(|home| home.join("registry"));
            paths.extend(sources_of(&path, package, registry.as_deref()));
            paths.push(path);
        }
    }
    paths
}

/// The sources that a library was built from, where they are not a registry's, which never change:
/// those of the library itself and of the libraries beside it that cargo built from folders.
fn sources_of(library: &Path, package: &Path, registry: Option<&Path>) -> Vec<PathBuf> {
    let Some(folder) = library.parent() else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let library = paths::sources_of_library();
    let mut sources = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension() != Some(OsStr::new("d")) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        // Lines such as `/target/libx.so: /a/src/lib.rs /a/src/b.rs`; spaces in names are escaped.
        for source in text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .flat_map(|(_, sources)| split_unescaped(sources))
        {
            let source = PathBuf::from(source);
            // In the package's own folder are the cell and what cargo has built. The library was
            // copied from its own folder: sessions that run go on with what they have.
            let is_local = source.is_absolute()
                && !source.starts_with(package)
                && !library.iter().any(|folder| source.starts_with(folder))
                && registry.is_none_or(|registry| !source.starts_with(registry));
            if is_local {
                if let Some(manifest) = manifest_of(&source) {
                    sources.push(manifest);
                }
                sources.push(source);
            }
        }
    }
    sources.sort();
    sources.dedup();
    sources
}

fn manifest_of(source: &Path) -> Option<PathBuf> {
    source
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"))
        .find(|manifest| manifest.exists())
}

fn split_unescaped(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                if let Some(escaped) = characters.next()
                    && let Some(name) = names.last_mut()
                {
                    name.push(escaped);
                }
            }
            ' ' => names.push(String::new()),
            other => {
                if let Some(name) = names.last_mut() {
                    name.push(other);
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_stay_whole() {
        assert_eq!(
            split_unescaped("/a/b.rs /c\\ d/e.rs"),
            ["/a/b.rs", "/c d/e.rs"]
        );
        assert!(split_unescaped("").is_empty());
    }

    /// A package, a dependency in another folder, and the compiler's command for the package.
    fn build_in(root: &Path) -> (PathBuf, Compiler) {
        let write = |file: &str, text: &str| {
            let file = root.join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(&file, text).expect("a file");
            file
        };
        let library = write("package/target/deps/libtiny.rlib", "compiled");
        write("package/Cargo.lock", "versions");
        write("package/.cargo/config.toml", "[net]");
        write("tiny/Cargo.toml", "[package]");
        let source = write("tiny/src/lib.rs", "pub fn answer() {}");
        write(
            "package/target/deps/tiny.d",
            &format!("{}: {}\n", library.display(), source.display()),
        );
        let compiler = Compiler {
            program: write("bin/rustc", "a program").display().to_string(),
            arguments: vec!["--extern".into(), format!("tiny={}", library.display())],
            environment: BTreeMap::new(),
        };
        (root.join("package"), compiler)
    }

    #[test]
    fn every_file_that_a_build_depends_on_counts() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path();
        let (package, compiler) = build_in(root);
        let before = Surroundings::of(&compiler, &package);
        assert_eq!(before.difference(&package), None);
        let files = [
            ("bin/rustc", "another toolchain"),
            ("package/Cargo.lock", "other versions"),
            ("package/.cargo/config.toml", "[build]"),
            // Cut short, as after a full disk.
            ("package/target/deps/libtiny.rlib", "comp"),
            ("tiny/Cargo.toml", "[lib]"),
            ("tiny/src/lib.rs", "pub fn answer() -> u8 { 1 }"),
        ];
        for (file, text) in files {
            let path = root.join(file);
            let before = Surroundings::of(&compiler, &package);
            fs::write(&path, text).expect("a file");
            let said = before.difference(&package).expect(file);
            assert!(
                path.ends_with(said.trim_end_matches(" has changed")),
                "{said}"
            );
            fs::remove_file(&path).expect("a file");
            assert!(before.difference(&package).is_some(), "{file} was deleted");
            fs::write(&path, text).expect("a file");
        }
        // A file that was not there, and now overrides.
        let before = Surroundings::of(&compiler, &package);
        fs::create_dir(root.join(".cargo")).expect("a folder");
        fs::write(root.join(".cargo/config.toml"), "[profile]").expect("a file");
        assert!(before.difference(&package).is_some());
    }

    #[test]
    fn the_same_text_written_again_is_no_change() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, compiler) = build_in(root.path());
        let before = Surroundings::of(&compiler, &package);
        fs::remove_file(package.join("Cargo.lock")).expect("a file");
        fs::write(package.join("Cargo.lock"), "versions").expect("a file");
        assert_eq!(before.difference(&package), None);
    }

    #[test]
    fn settings_of_builds_count_and_others_do_not() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, compiler) = build_in(root.path());
        let mut before = Surroundings::of(&compiler, &package);
        let given = |name: &str| settings([(name.to_owned(), "x".to_owned())].into_iter());
        before.settings = BTreeMap::new();
        for name in [
            "RUSTFLAGS",
            "RUSTC",
            "CARGO_BUILD_JOBS",
            "CARGO_PROFILE_DEV_DEBUG",
        ] {
            let said = before.difference_with(&given(name), &package).expect(name);
            assert!(said.contains(name), "{said}");
        }
        for name in [
            "HOME",
            "RUST_LOG",
            "RUST_BACKTRACE",
            "RUSTUP_HOME",
            "CARGO_PKG_NAME",
        ] {
            assert_eq!(
                before.difference_with(&given(name), &package),
                None,
                "{name}"
            );
        }
    }
}
