//! Sees to it that the library which is loaded is not built anew under the running cells.
//!
//! A dependency may ask for a feature of a crate that `notebook` contains. Cargo then builds the
//! library again, under the same name, while the old one is loaded with all tasks and variables in
//! it: the next cell would not load, and the process would end. The same happens when somebody has
//! edited the library's source meanwhile, has set other flags, or has another compiler. So, before cargo
//! builds, its plan for the library's crates is compared with what the library was built from.

use super::build::Build;
use super::fingerprint::hash_of;
use crate::environment::Variables;
use crate::session::{dependencies, prebuilt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;

/// What the loaded library was built from, in the package.
const PLAN_FILE: &str = ".library.json";
/// Names the refusal among the compiler's errors.
pub const REFUSAL: &str = "library_rebuild";

/// What a library is built from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    /// Packages and their features.
    packages: BTreeMap<String, BTreeSet<String>>,
    /// A number for the library's own source.
    source: u64,
    /// What the compiler says of itself.
    compiler: String,
    /// Its flags, by the variable that sets them.
    flags: BTreeMap<String, String>,
}

/// The error, as one of the compiler's in its JSON, when a build would replace the loaded library.
pub fn refusal(build: &Build<'_>) -> Option<String> {
    let built: Plan =
        serde_json::from_slice(&fs::read(build.package.join(PLAN_FILE)).ok()?).ok()?;
    let changes = differences(&built, &current_plan(build)?);
    if changes.is_empty() {
        return None;
    }
    let message = format!(
        "this would rebuild the library that all cells share, which is loaded, since {}",
        changes.join(", ")
    );
    let error = json!({
        "message": message,
        "code": {"code": REFUSAL, "explanation": null},
        "level": "error",
        "spans": [],
        "children": [],
        "rendered": message,
    });
    Some(error.to_string())
}

/// Notes what the library is built from now.
pub fn note(build: &Build<'_>) {
    if !dependencies::has_library(&build.manifest()) {
        return;
    }
    let file = build.package.join(PLAN_FILE);
    let plan = current_plan(build).and_then(|plan| serde_json::to_vec(&plan).ok());
    let _ = match plan {
        Some(plan) => fs::write(file, plan),
        None => fs::remove_file(file),
    };
}

/// What cargo would build the library from, as it stands.
fn current_plan(build: &Build<'_>) -> Option<Plan> {
    if !dependencies::has_library(&build.manifest()) {
        return None;
    }
    let mut cargo = build.command("cargo");
    let output = build
        .run(cargo.args(["metadata", "--format-version", "1"]), |_| {})
        .ok()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
    let compiler = build.variables.get(OsStr::new("RUSTC"));
    let compiler = compiler.map_or(OsStr::new("rustc"), |compiler| compiler);
    let version = build.run(build.command(compiler).arg("-vV"), |_| {}).ok()?;
    Some(Plan {
        packages: packages_of(&metadata)?,
        source: hash_of(&prebuilt::stamp_of_library().ok()?),
        compiler: String::from_utf8_lossy(&version.stdout).into_owned(),
        flags: flags_of(&build.variables),
    })
}

fn flags_of(variables: &Variables) -> BTreeMap<String, String> {
    let variables = variables
        .iter()
        .map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()));
    variables
        .filter(|(name, _)| name.ends_with("RUSTFLAGS"))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

fn packages_of(metadata: &Value) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let root = metadata["packages"]
        .as_array()?
        .iter()
        .find(|package| package["name"] == "notebook")?["id"]
        .as_str()?;
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()?
        .iter()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let mut packages = BTreeMap::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        let Some(node) = nodes.get(id).filter(|_| !packages.contains_key(id)) else {
            continue;
        };
        let features = node["features"].as_array().into_iter().flatten();
        packages.insert(
            id.to_owned(),
            features
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        );
        let dependencies = node["dependencies"].as_array().into_iter().flatten();
        waiting.extend(dependencies.filter_map(Value::as_str));
    }
    Some(packages)
}

/// Why the library would be built anew: each reason a part of a sentence.
fn differences(built: &Plan, planned: &Plan) -> Vec<String> {
    let mut needed = Vec::new();
    for (id, features) in &planned.packages {
        let name = short_name(id);
        match built.packages.get(id) {
            None => needed.push(format!("`{name}`")),
            Some(known) if known != features => {
                let more: Vec<_> = features.difference(known).map(String::as_str).collect();
                needed.push(format!("`{name}` with the features {}", more.join(", ")));
            }
            Some(_) => {}
        }
    }
    let mut changes = Vec::new();
    if !needed.is_empty() {
        changes.push(format!("it needs {}", needed.join(", ")));
    }
    if built.source != planned.source {
        changes.push("its source has been edited".to_owned());
    }
    if built.compiler != planned.compiler {
        changes.push("the compiler is another one".to_owned());
    }
    if built.flags != planned.flags {
        changes.push("the compiler's flags are others".to_owned());
    }
    changes
}

/// `registry+https://…#tokio@1.54.1` is `tokio 1.54.1` to a reader.
fn short_name(id: &str) -> String {
    id.rsplit_once('#')
        .map_or(id, |(_, name)| name)
        .replace('@', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(features: &[&str]) -> Value {
        json!({
            "packages": [{"name": "notebook", "id": "path+file:///n#notebook@0.1.0"}],
            "resolve": {"nodes": [
                {"id": "path+file:///n#notebook@0.1.0", "features": [], "dependencies": ["r#tokio@1.54.1"]},
                {"id": "r#tokio@1.54.1", "features": features, "dependencies": []},
                {"id": "r#rand@0.9.0", "features": ["std"], "dependencies": []},
            ]},
        })
    }

    #[test]
    fn only_what_the_library_is_built_from_counts() {
        let plan = |features: &[&str], source| Plan {
            packages: packages_of(&metadata(features)).expect("packages"),
            source,
            compiler: "rustc 1.95.0".to_owned(),
            flags: BTreeMap::new(),
        };
        let built = plan(&["rt"], 1);
        assert_eq!(built.packages.len(), 2, "rand is not part of the library");
        assert!(differences(&built, &built).is_empty());
        assert_eq!(
            differences(&built, &plan(&["rt", "test-util"], 1)),
            ["it needs `tokio 1.54.1` with the features test-util"]
        );
        assert_eq!(
            differences(&built, &plan(&["rt"], 2)),
            ["its source has been edited"]
        );
        let other_compiler = Plan {
            compiler: "rustc 1.96.0".to_owned(),
            ..plan(&["rt"], 1)
        };
        assert_eq!(
            differences(&built, &other_compiler),
            ["the compiler is another one"]
        );
        let variables = [("RUSTFLAGS", "-g"), ("RUST_LOG", "info")];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let other_flags = Plan {
            flags: flags_of(&variables.into()),
            ..plan(&["rt"], 1)
        };
        assert_eq!(
            differences(&built, &other_flags),
            ["the compiler's flags are others"]
        );
    }
}
