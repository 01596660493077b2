//! What came of it all, in a few lines.

use std::fmt;

use crate::store::{Entry, Outcome};

/// The outcomes of a crawl, counted.
#[derive(Debug, Default)]
pub struct Report {
    pub saved: usize,
    pub bytes: usize,
    pub moved: usize,
    pub not_html: usize,
    pub forbidden: usize,
    pub failed: Vec<(String, String)>,
}

impl Report {
    pub fn of(entries: &[Entry]) -> Report {
        let mut report = Report::default();
        for entry in entries {
            match &entry.outcome {
                Outcome::Saved { bytes, .. } => {
                    report.saved += 1;
                    report.bytes += bytes;
                }
                Outcome::Moved => report.moved += 1,
                Outcome::NotHtml => report.not_html += 1,
                Outcome::Forbidden => report.forbidden += 1,
                Outcome::Failed(why) => report.failed.push((entry.url.clone(), why.clone())),
            }
        }
        report
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} pages saved, {} bytes", self.saved, self.bytes)?;
        writeln!(f, "{} moved, {} not HTML", self.moved, self.not_html)?;
        writeln!(f, "{} forbidden by robots.txt, {} failed:", self.forbidden, self.failed.len())?;
        for (url, why) in &self.failed {
            writeln!(f, "  {url}: {why}")?;
        }
        Ok(())
    }
}
