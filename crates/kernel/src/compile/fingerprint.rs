//! How a cell was compiled by cargo: the compiler's command, and everything that it depends on.
//!
//! As long as all of that is as it was, the same command compiles the next cell, and cargo has nothing to add. Files
//! that a cell includes and variables that it reads at compile time need no note: such a cell is always compiled,
//! and never kept in the store. [`inputs`] is what it does depend on.

mod inputs;

use crate::cell::generate::MODULES;
use crate::environment::Variables;
use inputs::Inputs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const NOTHING_BUILT: &str = "nothing was built with this manifest";

/// Where the fingerprints are, in the package: one for each manifest, since `:dep` writes others.
const FOLDER: &str = ".fingerprints";

/// Stands for the package's folder in what is saved, so that it holds in a copy as well.
const PACKAGE: &str = "<package>";

/// The variables that evcxr sets when it calls cargo.
const SET_BY_EVCXR: [&str; 4] = [
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTFLAGS",
];

/// The crate that a cell is.
pub const CELL_CRATE: &str = "ctx";

/// The compiler's command for the cell's package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rustc {
    pub program: String,
    pub arguments: Vec<String>,
    /// What cargo sets for the compiler.
    pub variables: BTreeMap<String, String>,
}

/// The command and what it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub rustc: Rustc,
    /// Whether all that cells link to was built for every session, and not for this one.
    pub is_of_prebuilt: bool,
    inputs: Inputs,
}

impl Rustc {
    /// The command by which cargo compiles a crate, when that is the cell's.
    pub fn of_cell(
        program: &OsStr,
        arguments: &[OsString],
        variables: &Variables,
    ) -> Option<Rustc> {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| argument.to_str().map(str::to_owned))
            .collect::<Option<_>>()?;
        let is_cell = arguments
            .windows(2)
            .any(|pair| pair[0] == "--crate-name" && pair[1] == CELL_CRATE);
        let of_cargo = variables.iter().filter_map(|(name, value)| {
            let name = name.to_str().filter(|name| is_from_cargo(name))?;
            Some((name.to_owned(), value.to_str()?.to_owned()))
        });
        is_cell.then(|| Rustc {
            program: program.to_string_lossy().into_owned(),
            arguments,
            variables: of_cargo.collect(),
        })
    }

    /// The folder in which it puts its output.
    pub fn output_folder(&self, package: &Path) -> Option<PathBuf> {
        let mut arguments = self.arguments.iter();
        arguments.find(|argument| *argument == "--out-dir")?;
        Some(package.join(arguments.next()?))
    }
}

impl Fingerprint {
    /// The fingerprint of the package's latest build by cargo with this manifest.
    pub fn latest(package: &Path) -> Option<Fingerprint> {
        let text = fs::read_to_string(file(package)?).ok()?;
        serde_json::from_str(&text.replace(PACKAGE, &in_json(package))).ok()
    }

    /// The fingerprint, if all that it depends on is as it was.
    ///
    /// # Errors
    /// What is not as it was, in words.
    pub fn valid(package: &Path, variables: &Variables) -> Result<Fingerprint, String> {
        let latest = Fingerprint::latest(package).ok_or(NOTHING_BUILT)?;
        latest.checked(package, variables)
    }

    /// The fingerprint of a package that was copied from what set-up has built, if it fits this environment, and the
    /// variables to build with. `variables` are those of this process; what evcxr sets itself is as it was.
    ///
    /// # Errors
    /// What is not as it was, in words.
    pub fn of_prebuilt(
        package: &Path,
        variables: &Variables,
    ) -> Result<(Fingerprint, Variables), String> {
        let latest = Fingerprint::latest(package).ok_or(NOTHING_BUILT)?;
        let mut variables = variables.clone();
        for name in SET_BY_EVCXR {
            match latest.inputs.setting(name) {
                Some(value) => variables.insert(name.into(), value.into()),
                None => variables.remove(OsStr::new(name)),
            };
        }
        Ok((latest.checked(package, &variables)?, variables))
    }

    /// What is not as it was, in words; `None` when all that it depends on is.
    pub fn difference(&self, package: &Path, variables: &Variables) -> Option<String> {
        self.inputs.difference(package, variables)
    }

    /// A number for the sources, as they are now, that do not lie in the package.
    pub fn sources(&self, package: &Path) -> u64 {
        self.inputs.sources(package)
    }

    fn checked(self, package: &Path, variables: &Variables) -> Result<Fingerprint, String> {
        match self.difference(package, variables) {
            Some(difference) => Err(difference),
            None => Ok(self),
        }
    }

    /// Throws the fingerprint away: cargo is about to build.
    pub fn forget(package: &Path) {
        if let Some(file) = file(package) {
            let _ = fs::remove_file(file);
        }
    }

    /// Saves it, after cargo has built what stood there at this time. Without it, the next build is one by cargo, too.
    pub fn save(
        mut rustc: Rustc,
        package: &Path,
        variables: &Variables,
        is_of_prebuilt: bool,
        begun: SystemTime,
    ) {
        rustc.arguments.extend(handed_on(&rustc));
        let fingerprint = Fingerprint {
            inputs: Inputs::of(&rustc, package, variables).before(begun, package),
            rustc,
            is_of_prebuilt,
        };
        let save = || -> Option<()> {
            let text = serde_json::to_string(&fingerprint).ok()?;
            fs::create_dir_all(package.join(FOLDER)).ok()?;
            fs::write(file(package)?, text.replace(&in_json(package), PACKAGE)).ok()
        };
        if save().is_none() {
            Fingerprint::forget(package);
        }
    }

    /// All that decides what this command makes of a text, the same for every copy of the package.
    pub fn key(&self, package: &Path) -> Vec<u8> {
        let text = serde_json::to_string(&(&self.rustc, self.inputs.key(package)));
        let text = text.unwrap_or_default();
        text.replace(&in_json(package), PACKAGE).into_bytes()
    }
}

/// Arguments by which cells and programs find by `::name` what `notebook` hands on to cells, but for the crates that
/// the manifest names. Of several builds of a crate the latest counts.
fn handed_on(rustc: &Rustc) -> Vec<String> {
    let named: BTreeMap<&str, &str> = rustc
        .arguments
        .iter()
        .filter_map(|argument| argument.split_once('='))
        .collect();
    let folder = named
        .get("notebook")
        .and_then(|library| Path::new(library).parent());
    let Some(files) = folder.and_then(|folder| fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let mut latest = BTreeMap::new();
    for file in files.flatten() {
        let file_name = file.file_name();
        let name = file_name
            .to_str()
            .and_then(|name| name.strip_prefix("lib")?.strip_suffix(".rlib"))
            .and_then(|name| Some(name.rsplit_once('-')?.0));
        let Some(name) = MODULES.iter().find(|module| Some(**module) == name) else {
            continue;
        };
        if named.contains_key(name) {
            continue;
        }
        let built = file.metadata().and_then(|about| about.modified()).ok();
        let found = (built, file.path());
        let known = latest.entry(*name).or_insert_with(|| found.clone());
        *known = found.max(known.clone());
    }
    latest
        .into_iter()
        .filter_map(|(name, (_, library))| Some((name, library.to_str()?.to_owned())))
        .flat_map(|(name, library)| ["--extern".to_owned(), format!("{name}={library}")])
        .collect()
}

/// Where the fingerprint for the manifest as it is now is saved. evcxr names the dependencies in any order.
fn file(package: &Path) -> Option<PathBuf> {
    let manifest = fs::read_to_string(package.join("Cargo.toml")).ok()?;
    let mut lines: Vec<&str> = manifest.lines().collect();
    lines.sort_unstable();
    let name = format!("{:016x}.json", hash_of(&lines));
    Some(package.join(FOLDER).join(name))
}

/// A number for a value, the same in every process of this program.
pub fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A path as it stands in a JSON string.
fn in_json(path: &Path) -> String {
    let text = serde_json::Value::from(path.to_string_lossy()).to_string();
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or(&text).to_owned()
}

/// What cargo sets for the compiler, and does not just pass on.
fn is_from_cargo(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || [
            "CARGO",
            "CARGO_CRATE_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
            "CARGO_PRIMARY_PACKAGE",
            "LD_LIBRARY_PATH",
        ]
        .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::inputs::tests::build_in;
    use super::*;

    fn set(name: &str, value: &str) -> Variables {
        Variables::from([(name.into(), value.into())])
    }

    #[test]
    fn the_command_for_a_cell_is_noted_and_no_other() {
        let of = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let mut variables = set("CARGO_PKG_NAME", "ctx");
            variables.insert("RUSTFLAGS".into(), "-Dwarnings".into());
            Rustc::of_cell(OsStr::new("rustc"), &arguments, &variables)
        };
        let noted = of("--edition=2024 --crate-name ctx src/lib.rs").expect("it is the cell's");
        assert_eq!((&*noted.program, noted.arguments.len()), ("rustc", 4));
        let variables = BTreeMap::from([("CARGO_PKG_NAME".to_owned(), "ctx".to_owned())]);
        assert_eq!(noted.variables, variables);
        for line in ["--crate-name tiny ctx", "ctx --crate-name x", "--name ctx"] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn what_was_saved_holds_for_its_manifest_and_in_a_copy() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, rustc) = build_in(root.path());
        let manifest = |text: &str| fs::write(package.join("Cargo.toml"), text).expect("a file");
        manifest("[dependencies]\na = 1\nb = 2");
        let nothing = Variables::new();
        let latest = |package: &Path| Fingerprint::valid(package, &nothing);
        assert_eq!(latest(&package), Err(NOTHING_BUILT.to_owned()));
        Fingerprint::save(rustc.clone(), &package, &nothing, true, SystemTime::now());
        manifest("[dependencies]\nb = 2\na = 1");
        let saved = latest(&package).expect("the same dependencies");
        assert_eq!((&saved.rustc, saved.is_of_prebuilt), (&rustc, true));
        manifest("[dependencies]\nc = 3");
        assert_eq!(latest(&package), Err(NOTHING_BUILT.to_owned()));
        manifest("[dependencies]\nb = 2\na = 1");
        let said = Fingerprint::valid(&package, &set("RUSTFLAGS", "-O")).expect_err("a setting");
        assert!(said.contains("RUSTFLAGS"), "{said}");

        let copy = root.path().join("a \"copy\"");
        fs::rename(&package, &copy).expect("it can be renamed");
        let copied = Fingerprint::latest(&copy).expect("it was copied, too");
        let library = copied.rustc.output_folder(&copy).expect("a folder");
        assert!(library.starts_with(&copy) && library.exists());
        assert_eq!(copied.key(&copy), saved.key(&package));
        let mut other = copied.clone();
        other.rustc.arguments.push("-O".to_owned());
        assert_ne!(other.key(&copy), saved.key(&package));
        fs::write(copy.join("Cargo.lock"), "other versions").expect("a file");
        Fingerprint::save(
            copied.rustc.clone(),
            &copy,
            &nothing,
            true,
            SystemTime::now(),
        );
        let rebuilt = latest(&copy).expect("it was built");
        assert_ne!(rebuilt.key(&copy), saved.key(&package));
        Fingerprint::forget(&copy);
        assert_eq!(Fingerprint::latest(&copy), None);
    }

    #[test]
    fn what_was_prebuilt_is_built_with_as_evcxr_had_it_set() {
        let root = tempfile::tempdir().expect("a folder");
        let (package, rustc) = build_in(root.path());
        fs::write(package.join("Cargo.toml"), "[package]").expect("a file");
        Fingerprint::save(
            rustc,
            &package,
            &set("RUSTFLAGS", "-O"),
            true,
            SystemTime::now(),
        );
        let mut now = set("RUSTFLAGS", "-g");
        now.insert("CARGO_TARGET_DIR".into(), "/tmp".into());
        now.insert("LANG".into(), "C".into());
        let (_, variables) = Fingerprint::of_prebuilt(&package, &now).expect("nothing has changed");
        let expected = [set("LANG", "C"), set("RUSTFLAGS", "-O")];
        assert_eq!(variables, expected.into_iter().flatten().collect());
    }

    #[test]
    fn cells_are_handed_the_latest_build_of_each_crate_but_not_what_the_manifest_names() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |name: &str, day: u64| {
            let path = root.path().join(name);
            let file = fs::File::create(&path).expect("a file");
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(day * 86_400);
            file.set_modified(time).expect("a time");
            path.display().to_string()
        };
        let library = write("libnotebook.so", 1);
        let latest = write("libtokio-2.rlib", 3);
        for (name, day) in [
            ("libtokio-1.rlib", 2),
            ("libtokio-3.rlib", 1),
            ("libfutures-1.rlib", 1),
            ("libnobody-1.rlib", 1),
            ("tokio-9.rlib", 9),
        ] {
            write(name, day);
        }
        let mut rustc = Rustc {
            program: "rustc".to_owned(),
            arguments: vec!["futures=x".to_owned()],
            variables: BTreeMap::new(),
        };
        assert!(handed_on(&rustc).is_empty());
        rustc.arguments.push(format!("notebook={library}"));
        assert_eq!(
            handed_on(&rustc),
            ["--extern".to_owned(), format!("tokio={latest}")]
        );
    }
}
