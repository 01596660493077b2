//! The crates that the analyser reads.

use anyhow::{Context, anyhow};
use ra_ap_base_db::SourceRoot;
use ra_ap_hir::ChangeWithProcMacros;
use ra_ap_ide::AnalysisHost;
use ra_ap_paths::AbsPathBuf;
use ra_ap_project_model::{CargoConfig, ProjectManifest, ProjectWorkspace, RustLibSource};
use ra_ap_vfs::file_set::FileSetConfig;
use ra_ap_vfs::loader::{Config, Directories, Entry, Handle as _, LoadingProgress, Message};
use ra_ap_vfs::{Change, FileId, Vfs, VfsPath};
use ra_ap_vfs_notify::NotifyHandle;
use std::path::Path;

/// Set for what this analyser asks of cargo. evcxr's own, which nobody asks, is told of no crates.
pub const VARIABLE: &str = "ASYNC_NOTEBOOK_ANALYSER";

/// rust-analyzer with the crates of a package, and the file in which the cell's text comes.
///
/// # Errors
/// When cargo cannot describe the package.
pub fn load(package: &Path, standard_library: &Path) -> anyhow::Result<(AnalysisHost, FileId)> {
    let package = absolute(package)?;
    let manifest = ProjectManifest::from_manifest_file(package.join("Cargo.toml"))?;
    let mut config = CargoConfig {
        sysroot: Some(RustLibSource::Discover),
        sysroot_src: Some(absolute(standard_library)?),
        ..CargoConfig::default()
    };
    config
        .extra_env
        .insert(VARIABLE.to_owned(), Some("1".to_owned()));
    let workspace = ProjectWorkspace::load(manifest, &config, &|_| {})?;

    let mut files = Vfs::default();
    read(&workspace, &mut files);
    let folder = package.join("src");
    let cell: VfsPath = folder.join("lib.rs").into();
    files.set_file_contents(cell.clone(), Some(Vec::new()));
    let (cell, _) = files.file_id(&cell).context("the cell has no file")?;

    let mut change = ChangeWithProcMacros::default();
    let mut roots = FileSetConfig::builder();
    roots.add_file_set(vec![folder.into()]);
    let roots = roots.build().partition(&files).into_iter().enumerate();
    let root = |(index, files)| match index {
        0 => SourceRoot::new_local(files),
        _ => SourceRoot::new_library(files),
    };
    change.set_roots(roots.map(root).collect());
    let mut file_of = |path: &ra_ap_paths::AbsPath| {
        let (file, _) = files.file_id(&path.to_path_buf().into())?;
        Some(file)
    };
    let (crates, _) = workspace.to_crate_graph(&mut file_of, &Default::default());
    change.set_crate_graph(crates);
    for (file, changed) in files.take_changes() {
        if let Change::Create(bytes, _) | Change::Modify(bytes, _) = changed.change {
            change.change_file(file, String::from_utf8(bytes).ok());
        }
    }
    let mut host = AnalysisHost::default();
    host.apply_change(change);
    Ok((host, cell))
}

fn absolute(path: &Path) -> anyhow::Result<AbsPathBuf> {
    let path = path.to_str().context("its path is not UTF-8")?;
    AbsPathBuf::try_from(path).map_err(|path| anyhow!("{path} is relative"))
}

/// Reads every source of the workspace's crates.
fn read(workspace: &ProjectWorkspace, files: &mut Vfs) {
    let (sender, messages) = crossbeam_channel::unbounded();
    let mut loader = NotifyHandle::spawn(sender);
    let roots = workspace.to_roots().into_iter();
    let load = roots.map(|root| {
        Entry::Directories(Directories {
            extensions: vec!["rs".to_owned()],
            include: root.include,
            exclude: root.exclude,
        })
    });
    loader.set_config(Config {
        version: 1,
        load: load.collect(),
        watch: Vec::new(),
    });
    for message in messages {
        match message {
            Message::Progress {
                n_done: LoadingProgress::Finished,
                ..
            } => return,
            Message::Progress { .. } => {}
            Message::Loaded { files: read } | Message::Changed { files: read } => {
                for (path, content) in read {
                    files.set_file_contents(path.into(), content);
                }
            }
        }
    }
}
