//! What cargo says of the package: to evcxr, when it checks a new dependency, and to the analyser.

use super::build::Build;
use crate::session::dependencies;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::process::Output;

/// The package that evcxr makes up to check a new dependency.
const CHECKED_PACKAGE: &str = "evcxr_dummy_validate_dep";

/// Whether evcxr only wants to have a new dependency checked.
pub fn is_check(build: &Build<'_>) -> bool {
    build.manifest().contains(CHECKED_PACKAGE)
}

/// Checks the dependency that evcxr has written into the manifest, without touching the lock file. `None` for one
/// that is there from the start.
///
/// # Errors
/// When cargo cannot be started.
pub fn check(build: &Build<'_>, arguments: &[OsString]) -> std::io::Result<Option<Output>> {
    let manifest = build.manifest();
    let mut dependency = manifest
        .lines()
        .skip_while(|line| line.trim() != "[dependencies]")
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.is_empty());
    if dependency.next().is_some_and(dependencies::is_known) {
        return Ok(None);
    }
    let lock_file = build.package.join("Cargo.lock");
    let lock = fs::read(&lock_file).ok();
    let output = build.run(build.command("cargo").args(arguments), |_| {});
    if let Some(lock) = lock {
        fs::write(lock_file, lock)?;
    }
    output.map(Some)
}

/// Describes the package to the analyser, which reads every crate that it is told of: some 260 stand
/// behind `notebook`, and it would take several seconds and a gigabyte for them. It is told of those
/// that cells meet, and evcxr's own, which nobody asks, of none.
///
/// # Errors
/// When cargo cannot be started.
pub fn describe(
    build: &Build<'_>,
    arguments: &[OsString],
    is_ours: bool,
) -> std::io::Result<Output> {
    let mut command = build.command("cargo");
    command.args(arguments);
    if !is_ours {
        command.arg("--no-deps");
    }
    let mut output = build.run(&mut command, |_| {})?;
    let shortened = serde_json::from_slice(&output.stdout)
        .ok()
        .and_then(|mut metadata: Value| {
            shorten(&mut metadata)?;
            serde_json::to_vec(&metadata).ok()
        });
    if let Some(shortened) = shortened {
        output.stdout = shortened;
    }
    Ok(output)
}

/// Takes away the crates that cells do not meet: those that only macros use while they run, and, where nothing
/// but `notebook` and what it depends on leads to them, all that it does not name as shown in its manifest
/// (`package.metadata.analyser.shown`). `None` when there is nothing to take away.
fn shorten(metadata: &mut Value) -> Option<()> {
    let packages: BTreeMap<&str, &Value> = metadata["packages"]
        .as_array()?
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()?
        .iter()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let library = packages
        .iter()
        .find(|(_, package)| package["name"] == "notebook")?;
    let shown: BTreeSet<&str> = library.1["metadata"]["analyser"]["shown"]
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let dependencies = |id: &str| -> Vec<&str> {
        if packages.get(id).is_some_and(|package| is_macro(package)) {
            return Vec::new();
        }
        let dependencies = nodes.get(id).map(|node| &node["deps"]);
        dependencies
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|dependency| is_linked(dependency))
            .filter_map(|dependency| dependency["pkg"].as_str())
            .collect()
    };
    let is_hidden = |id: &str| {
        let name = packages.get(id).and_then(|it| it["name"].as_str());
        name.is_some_and(|name| !shown.contains(name))
    };

    let root = metadata["resolve"]["root"].as_str()?;
    let of_library = reached(library.0, dependencies);
    let seen = reached(root, |id| {
        let mut next = dependencies(id);
        next.retain(|next| !(of_library.contains(id) && is_hidden(next)));
        next
    });
    let seen: BTreeSet<String> = seen.into_iter().map(str::to_owned).collect();

    let is_seen = |id: &Value| id.as_str().is_some_and(|id| seen.contains(id));
    retain(&mut metadata["packages"], |package| is_seen(&package["id"]));
    retain(&mut metadata["resolve"]["nodes"], |node| {
        is_seen(&node["id"])
    });
    for node in metadata["resolve"]["nodes"].as_array_mut()? {
        retain(&mut node["deps"], |dependency| is_seen(&dependency["pkg"]));
        retain(&mut node["dependencies"], is_seen);
    }
    Some(())
}

/// Every package that a package leads to, itself among them.
fn reached<'m>(
    first: &'m str,
    dependencies: impl Fn(&'m str) -> Vec<&'m str>,
) -> BTreeSet<&'m str> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![first];
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(dependencies(id));
        }
    }
    seen
}

/// Whether a package is a procedural macro: the analyser does not run it.
fn is_macro(package: &Value) -> bool {
    let targets = package["targets"].as_array().into_iter().flatten();
    targets
        .filter_map(|target| target["kind"].as_array())
        .flatten()
        .any(|kind| kind == "proc-macro")
}

/// Whether a dependency is part of the program, rather than of its tests or its build script.
fn is_linked(dependency: &Value) -> bool {
    let kinds = dependency["dep_kinds"].as_array();
    kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

fn retain(list: &mut Value, keep: impl FnMut(&Value) -> bool) {
    if let Some(list) = list.as_array_mut() {
        list.retain(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(id: &str, kind: &str, shown: &[&str]) -> Value {
        json!({
            "id": id,
            "name": id,
            "targets": [{"kind": [kind]}],
            "metadata": {"analyser": {"shown": shown}},
        })
    }

    fn node(id: &str, dependencies: &[&str]) -> Value {
        let deps: Vec<Value> = dependencies
            .iter()
            .map(|id| json!({"pkg": id, "dep_kinds": [{"kind": null}]}))
            .collect();
        json!({"id": id, "deps": deps, "dependencies": dependencies})
    }

    fn names(list: &Value) -> Vec<&str> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|entry| entry["id"].as_str()).collect()
    }

    #[test]
    fn what_is_not_shown_is_seen_only_through_other_dependencies() {
        let mut metadata = json!({
            "packages": [
                package("ctx", "cdylib", &[]),
                package("notebook", "lib", &["tokio", "derive"]),
                package("tokio", "lib", &[]),
                package("mio", "lib", &[]),
                package("ring", "lib", &[]),
                package("libc", "lib", &[]),
                package("rand", "lib", &[]),
                package("derive", "proc-macro", &[]),
                package("syn", "lib", &[]),
                package("dice", "lib", &[]),
            ],
            "resolve": {"root": "ctx", "nodes": [
                node("ctx", &["tokio", "notebook", "dice"]),
                node("notebook", &["tokio", "ring", "rand", "derive"]),
                node("tokio", &["mio"]),
                node("mio", &[]),
                node("ring", &["libc"]),
                node("libc", &[]),
                node("rand", &[]),
                node("derive", &["syn"]),
                node("syn", &[]),
                node("dice", &["rand"]),
            ]},
        });
        shorten(&mut metadata).expect("a description");
        assert_eq!(
            names(&metadata["packages"]),
            ["ctx", "notebook", "tokio", "rand", "derive", "dice"],
            "ring and mio are not shown, libc only ring needs, syn is used by a macro, rand by dice"
        );
        let nodes = &metadata["resolve"]["nodes"];
        assert_eq!(names(nodes), names(&metadata["packages"]));
        assert_eq!(nodes[1]["dependencies"], json!(["tokio", "rand", "derive"]));
    }

    #[test]
    fn what_says_nothing_of_the_library_stays_as_it_is() {
        let mut metadata = json!({"packages": [package("ctx", "lib", &[])], "resolve": {"root": "ctx", "nodes": []}});
        let before = metadata.clone();
        assert!(shorten(&mut metadata).is_none());
        assert_eq!(metadata, before);
    }
}
