//! Everything that a build by cargo depends on, besides the cell: files and settings.

use super::{Rustc, hash_of, is_from_cargo};
use crate::environment::Variables;
use crate::paths;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// How all of it was when cargo built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Files by path, or `None` where there must be no file.
    files: BTreeMap<PathBuf, Option<Mark>>,
    /// What evcxr and the user set for builds.
    settings: BTreeMap<String, String>,
    /// The source of a build script that only cargo can decide about.
    build_script: Option<String>,
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

impl Inputs {
    /// What a build of `package` by this command depends on, as it is now.
    pub fn of(rustc: &Rustc, package: &Path, variables: &Variables) -> Inputs {
        let files = depended_on(rustc, package, variables).into_iter();
        Inputs {
            files: files
                .map(|path| {
                    let mark = mark_of(&package.join(&path));
                    (path, mark)
                })
                .collect(),
            settings: settings(variables),
            build_script: local_build_script(rustc, package, variables),
        }
    }

    /// The same, but that what was edited since is known as it cannot be now: who built from then on may have read what
    /// stood there before.
    pub fn before(mut self, begun: SystemTime, package: &Path) -> Inputs {
        let begun = begun.duration_since(UNIX_EPOCH).unwrap_or_default();
        let begun = i64::try_from(begun.as_nanos()).unwrap_or(i64::MAX);
        // What lies in the package was made by the build.
        let sources = self.files.iter_mut();
        for (_, mark) in
            sources.filter(|(path, _)| path.is_absolute() && !path.starts_with(package))
        {
            if let Some(Mark::Time(_, time)) = mark {
                *time = begun.min(*time);
            }
        }
        self
    }

    /// What is not as it was, in words; `None` when everything is.
    pub fn difference(&self, package: &Path, variables: &Variables) -> Option<String> {
        if let Some(script) = &self.build_script {
            return Some(format!("the build script {script} may watch anything"));
        }
        let settings = settings(variables);
        if self.settings != settings {
            let names = changed(&self.settings, &settings).join(", ");
            return Some(format!("another value is set for {names}"));
        }
        self.files
            .iter()
            .find(|(path, mark)| !is_same(mark_of(&package.join(path)).as_ref(), mark.as_ref()))
            .map(|(path, _)| format!("{} has changed", path.display()))
    }

    /// A number for the sources, as they are now, that do not lie in the package; 0 where there are none. Manifests and
    /// settings are written again and again, and are none.
    pub fn sources(&self, package: &Path) -> u64 {
        let is_source = |path: &&PathBuf| {
            path.extension() == Some(OsStr::new("rs")) && !path.starts_with(package)
        };
        let sources = self.files.keys().filter(is_source);
        let marks: Vec<_> = sources
            .map(|path| match mark_of(path) {
                Some(Mark::Time(size, time)) => (path, Some((size, time))),
                _ => (path, None),
            })
            .collect();
        match marks.is_empty() {
            true => 0,
            false => hash_of(&marks),
        }
    }

    /// What a variable was set to.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// What decides what the compiler makes of a text. In the package's own folder, where libraries are copied or
    /// linked with their times, a copy's key is the original's.
    pub fn key(&self, package: &Path) -> impl Serialize {
        // What cargo made of files that are not there, and of settings, stands in the command.
        let files = self.files.iter().filter(|(_, mark)| mark.is_some());
        files
            .map(|(path, mark)| (path.strip_prefix(package).unwrap_or(path), mark))
            .map(|(path, mark)| (path.to_owned(), mark.clone()))
            // In the order of these names: that of the whole paths depends on where the package is.
            .collect::<BTreeMap<_, _>>()
    }
}

/// An image of a container keeps times by the second.
fn is_same(now: Option<&Mark>, before: Option<&Mark>) -> bool {
    const SECOND: i64 = 1_000_000_000;
    match (now, before) {
        (Some(Mark::Time(size, time)), Some(Mark::Time(size_before, time_before))) => {
            let is_cut = time % SECOND == 0 && *time == time_before - time_before % SECOND;
            size == size_before && (time == time_before || is_cut)
        }
        _ => now == before,
    }
}

/// The variables that change how cargo builds. The compiler itself and cargo's own settings files are
/// among the files, so it does not matter by which variable (or none) they were found.
fn settings(variables: &Variables) -> BTreeMap<String, String> {
    let is_setting = |name: &str| {
        let of_toolchain = name.starts_with("RUSTUP_") || name == "CARGO_HOME";
        // How much is done at once is no matter of what comes of it: an image is built with more than a session has.
        let of_run = ["RUST_LOG", "RUST_BACKTRACE", "CARGO_BUILD_JOBS"].contains(&name);
        (name.starts_with("CARGO") || name.starts_with("RUST"))
            && !of_toolchain
            && !of_run
            && !is_from_cargo(name)
    };
    let texts = variables
        .iter()
        .map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()));
    texts
        .filter(|(name, _)| is_setting(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
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
fn depended_on(rustc: &Rustc, package: &Path, variables: &Variables) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from(&rustc.program)];
    if rustc
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
    let cargo_home = cargo_home(variables);
    if let Some(cargo_home) = &cargo_home {
        paths.push(cargo_home.join("config.toml"));
        paths.push(cargo_home.join("config"));
    }
    let mut arguments = rustc.arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--extern"
            && let Some((_, path)) = arguments.next().and_then(|value| value.split_once('='))
        {
            paths.push(PathBuf::from(path));
        }
    }
    let is_local = is_local(package, cargo_home.as_deref());
    for note in dep_infos(&rustc.output_folder(package).unwrap_or_default()) {
        for source in sources_in(&note).into_iter().filter(&is_local) {
            paths.extend(manifests_of(&source));
            paths.push(source);
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// The package of a folder of this machine that has a build script, if one is linked: what that reads and watches
/// nobody else can know.
fn local_build_script(rustc: &Rustc, package: &Path, variables: &Variables) -> Option<String> {
    let cargo_home = cargo_home(variables);
    let is_local = is_local(package, cargo_home.as_deref());
    let output = rustc.output_folder(package)?;
    let scripts = folders_in(&target_folder(&output)?.join("debug/build"));
    let notes = scripts.iter().flat_map(|folder| dep_infos_in(folder));
    let source = notes.flat_map(|note| sources_in(&note)).find(is_local);
    Some(source?.display().to_string())
}

/// Where cargo keeps what it downloads.
fn cargo_home(variables: &Variables) -> Option<PathBuf> {
    let folder = |name: &str| variables.get(OsStr::new(name)).map(PathBuf::from);
    folder("CARGO_HOME").or_else(|| Some(folder("HOME")?.join(".cargo")))
}

/// Whether a source is one that people edit: not a registry's, which never change, and neither in the package's own
/// folder nor in the library's, which was copied: sessions that run go on with what they have.
fn is_local(package: &Path, cargo_home: Option<&Path>) -> impl Fn(&PathBuf) -> bool {
    let library = paths::sources_of_library();
    let package = package.to_owned();
    let registries = cargo_home.map(|home| [home.join("registry"), home.join("git")]);
    move |source| {
        source.is_absolute()
            && !source.starts_with(&package)
            && !library.iter().any(|folder| source.starts_with(folder))
            && !registries
                .iter()
                .flatten()
                .any(|registry| source.starts_with(registry))
    }
}

/// cargo's notes of what the linked crates, and the macros and build scripts behind them, were built from.
fn dep_infos(output: &Path) -> Vec<PathBuf> {
    let mut notes = dep_infos_in(output);
    if let Some(target) = target_folder(output) {
        notes.extend(dep_infos_in(&target.join("debug/deps")));
    }
    notes
}

/// The folder `target` of an output folder `target/<triple>/debug/deps`.
fn target_folder(output: &Path) -> Option<&Path> {
    output.ancestors().nth(3)
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn dep_infos_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = folders_in(folder);
    files.retain(|file| file.extension() == Some(OsStr::new("d")));
    files
}

/// The sources in a note, whose lines are such as `/target/libx.so: /a/src/lib.rs /a/src/b.rs`.
fn sources_in(note: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(note).unwrap_or_default();
    let lists = text.lines().filter_map(|line| line.split_once(": "));
    lists
        .flat_map(|(_, sources)| split_unescaped(sources))
        .map(PathBuf::from)
        .collect()
}

/// The manifests above a source: its package's and its workspace's.
fn manifests_of(source: &Path) -> Vec<PathBuf> {
    source
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"))
        .filter(|manifest| manifest.exists())
        .collect()
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
pub(super) mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_with_spaces_stay_whole() {
        assert_eq!(
            split_unescaped("/a/b.rs /c\\ d/e.rs"),
            ["/a/b.rs", "/c d/e.rs"]
        );
        assert!(split_unescaped("").is_empty());
    }

    /// A package, a dependency in another folder, and the compiler's command for the package.
    pub fn build_in(root: &Path) -> (PathBuf, Rustc) {
        let write = |file: &str, text: &str| {
            let file = root.join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(&file, text).expect("a file");
            file
        };
        let library = write("package/target/x/debug/deps/libtiny.rlib", "compiled");
        write("package/Cargo.lock", "versions");
        write("package/.cargo/config.toml", "[net]");
        write("work/Cargo.toml", "[workspace]");
        for (name, folder) in [("tiny", "x/debug/deps"), ("derive", "debug/deps")] {
            write(&format!("work/{name}/Cargo.toml"), "[package]");
            let source = write(&format!("work/{name}/src/lib.rs"), "pub fn answer() {}");
            write(
                &format!("package/target/{folder}/{name}.d"),
                &format!("/target/lib{name}.so: {}\n", source.display()),
            );
        }
        let deps = library.parent().expect("a folder").display();
        let rustc = Rustc {
            program: write("bin/rustc", "a program").display().to_string(),
            arguments: vec![
                "--out-dir".into(),
                deps.to_string(),
                "--extern".into(),
                format!("tiny={}", library.display()),
            ],
            variables: BTreeMap::new(),
        };
        (root.join("package"), rustc)
    }

    #[test]
    fn every_file_that_a_build_depends_on_counts() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path();
        let (package, rustc) = build_in(root);
        let before = Inputs::of(&rustc, &package, &Variables::new());
        assert_eq!(before.difference(&package, &Variables::new()), None);
        let files = [
            ("bin/rustc", "another toolchain"),
            ("package/Cargo.lock", "other versions"),
            ("package/.cargo/config.toml", "[build]"),
            // Cut short, as after a full disk.
            ("package/target/x/debug/deps/libtiny.rlib", "comp"),
            ("work/Cargo.toml", "[workspace.dependencies]"),
            ("work/tiny/Cargo.toml", "[lib]"),
            ("work/tiny/src/lib.rs", "pub fn answer() -> u8 { 1 }"),
            // A macro: it is built for the machine that compiles.
            ("work/derive/src/lib.rs", "pub fn answer() -> u8 { 1 }"),
        ];
        for (file, text) in files {
            let path = root.join(file);
            let before = Inputs::of(&rustc, &package, &Variables::new());
            fs::write(&path, text).expect("a file");
            let said = before.difference(&package, &Variables::new()).expect(file);
            assert!(
                path.ends_with(said.trim_end_matches(" has changed")),
                "{said}"
            );
            fs::remove_file(&path).expect("a file");
            assert!(
                before.difference(&package, &Variables::new()).is_some(),
                "{file} was deleted"
            );
            fs::write(&path, text).expect("a file");
        }
        // A file that was not there, and now overrides.
        let before = Inputs::of(&rustc, &package, &Variables::new());
        fs::create_dir(root.join(".cargo")).expect("a folder");
        fs::write(root.join(".cargo/config.toml"), "[profile]").expect("a file");
        assert!(before.difference(&package, &Variables::new()).is_some());
    }

    #[test]
    fn what_was_edited_during_the_build_counts_as_changed() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, rustc) = build_in(root.path());
        let nothing = Variables::new();
        let source = fs::metadata(root.path().join("work/tiny/src/lib.rs")).expect("a source");
        let edited = source.modified().expect("a time");
        let of_build = |begun| {
            let inputs = Inputs::of(&rustc, &package, &nothing).before(begun, &package);
            inputs.difference(&package, &nothing)
        };
        let said = of_build(edited - Duration::from_secs(1)).expect("it was edited since");
        assert!(said.ends_with(" has changed"), "{said}");
        assert_eq!(of_build(edited + Duration::from_secs(1)), None);
    }

    #[test]
    fn the_same_text_written_again_is_no_change() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, rustc) = build_in(root.path());
        let before = Inputs::of(&rustc, &package, &Variables::new());
        fs::remove_file(package.join("Cargo.lock")).expect("a file");
        fs::write(package.join("Cargo.lock"), "versions").expect("a file");
        assert_eq!(before.difference(&package, &Variables::new()), None);
    }

    #[test]
    fn without_dependencies_the_lock_file_is_no_matter() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, mut rustc) = build_in(root.path());
        rustc.arguments.truncate(2);
        let before = Inputs::of(&rustc, &package, &Variables::new());
        fs::write(package.join("Cargo.lock"), "other versions").expect("a file");
        assert_eq!(before.difference(&package, &Variables::new()), None);
    }

    #[test]
    fn sources_that_people_edit_are_local_and_others_are_not() {
        let variables = |name: &str, value: &str| Variables::from([(name.into(), value.into())]);
        let home = cargo_home(&variables("HOME", "/home/me"));
        assert_eq!(home, Some(PathBuf::from("/home/me/.cargo")));
        let mut both = variables("HOME", "/home/me");
        both.insert("CARGO_HOME".into(), "/cargo".into());
        assert_eq!(cargo_home(&both), Some(PathBuf::from("/cargo")));
        let is_local = is_local(Path::new("/session/crate"), Some(Path::new("/cargo")));
        assert!(is_local(&PathBuf::from("/work/tiny/src/lib.rs")));
        let library = paths::sources_of_library().into_iter().next();
        for source in [
            "src/lib.rs",
            "/session/crate/src/lib.rs",
            "/cargo/registry/src/a/lib.rs",
            "/cargo/git/checkouts/a/lib.rs",
        ]
        .map(PathBuf::from)
        .into_iter()
        .chain(library.map(|folder| folder.join("lib.rs")))
        {
            assert!(!is_local(&source), "{}", source.display());
        }
    }

    #[test]
    fn a_build_script_of_a_folder_is_cargos_to_decide_about() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, rustc) = build_in(root.path());
        let script = root.path().join("work/tiny/build.rs");
        let folder = package.join("target/debug/build/tiny-1");
        fs::create_dir_all(&folder).expect("a folder");
        let note = format!("/target/build_script: {}\n", script.display());
        fs::write(folder.join("build_script.d"), note).expect("a file");
        let inputs = Inputs::of(&rustc, &package, &Variables::new());
        let said = inputs.difference(&package, &Variables::new());
        assert!(said.expect("cargo").contains("build.rs"));
    }

    #[test]
    fn times_by_the_second_are_those_of_an_image() {
        let times = [
            (5_000_000_007, 5_000_000_000),
            (5_000_000_007, 5_000_000_008),
            (5_000_000_007, 6_000_000_000),
        ];
        let same = times
            .map(|(before, now)| is_same(Some(&Mark::Time(1, now)), Some(&Mark::Time(1, before))));
        assert_eq!(same, [true, false, false]);
    }

    #[test]
    fn settings_of_builds_count_and_others_do_not() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, rustc) = build_in(root.path());
        let before = Inputs::of(&rustc, &package, &Variables::new());
        let given = |name: &str| Variables::from([(name.into(), "x".into())]);
        for name in [
            "RUSTFLAGS",
            "RUSTC",
            "CARGO_INCREMENTAL",
            "CARGO_PROFILE_DEV_DEBUG",
        ] {
            let said = before.difference(&package, &given(name)).expect(name);
            assert!(said.contains(name), "{said}");
        }
        for name in [
            "CARGO_BUILD_JOBS",
            "RUST_LOG",
            "RUST_BACKTRACE",
            "RUSTUP_HOME",
            "CARGO_PKG_NAME",
        ] {
            assert_eq!(before.difference(&package, &given(name)), None, "{name}");
        }
    }
}
