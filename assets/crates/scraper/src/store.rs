//! What has been done, on disk: the pages, and a journal of one line for each address.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// A line of the journal: an address that is done with, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    pub url: String,
    pub depth: usize,
    pub outcome: Outcome,
    pub links: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    Saved { file: String, bytes: usize },
    Moved,
    NotHtml,
    Forbidden,
    Failed(String),
}

/// A folder with a journal, open for one scraper at a time.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    journal: File,
    pub entries: Vec<Entry>,
}

impl Store {
    /// Opens the folder, or makes it, and reads what an earlier run has done.
    pub fn open(folder: &Path) -> anyhow::Result<Store> {
        fs::create_dir_all(folder.join("pages"))?;
        let path = folder.join("journal.jsonl");
        let journal = OpenOptions::new().append(true).create(true).open(&path)?;
        journal.try_lock().context("another scraper is at work in this folder")?;
        let bytes = fs::read(&path)?;
        // A line without its end was being written when the scraper was killed.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        journal.set_len(whole as u64)?;
        let lines = bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let entries: Result<Vec<Entry>, _> = lines.map(serde_json::from_slice).collect();
        Ok(Store {
            folder: folder.to_owned(),
            journal,
            entries: entries.with_context(|| format!("{} is damaged", path.display()))?,
        })
    }
}

impl Store {
    /// Saves a page, and then the journal's line: in this order, so that the line is never wrong.
    pub async fn add(&mut self, mut entry: Entry, page: Option<String>) -> anyhow::Result<()> {
        if let Some(page) = page {
            let file = format!("pages/{:05}.html", self.entries.len() + 1);
            let unfinished = self.folder.join("unfinished");
            tokio::fs::write(&unfinished, &page).await?;
            tokio::fs::rename(&unfinished, self.folder.join(&file)).await?;
            entry.outcome = Outcome::Saved { file, bytes: page.len() };
        }
        let line = serde_json::to_string(&entry)? + "\n";
        self.journal.write_all(line.as_bytes())?;
        self.entries.push(entry);
        Ok(())
    }
}
