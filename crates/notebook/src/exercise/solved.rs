//! What has been solved so far, in a small file next to the notebooks.
//!
//! The file is the learner's: it can be deleted at any time, and one that cannot be read counts as
//! empty. The environment variable `ASYNC_NOTEBOOK_PROGRESS` names another file, or, as `off`, none.

use super::lock;
use crate::display::{MimeBundle, RichDisplay, shows_itself};
use crate::plot::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

const FILE: &str = ".progress.json";
const VARIABLE: &str = "ASYNC_NOTEBOOK_PROGRESS";

static KEPT: AtomicBool = AtomicBool::new(true);

/// One change at a time, by this process.
static CHANGING: Mutex<()> = Mutex::new(());

/// What a learner makes progress in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Exercise,
    Question,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(default)]
    title: String,
    #[serde(default)]
    solved: bool,
}

/// How many of the exercises and questions are solved. Those are known whose notebooks have been run
/// here. A cell shows it as a table with bars.
///
/// ```
/// let progress = notebook::exercise::progress();
/// let (solved, known) = progress.exercises();
/// assert!(solved <= known);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    #[serde(default)]
    exercises: BTreeMap<String, Entry>,
    #[serde(default)]
    questions: BTreeMap<String, Entry>,
}

/// The progress that is kept in the kernel's working directory.
///
/// ```
/// let (solved, known) = notebook::exercise::progress().exercises();
/// println!("{solved} of {known} exercises are solved");
/// ```
#[must_use]
pub fn progress() -> Progress {
    path().map_or_else(Progress::default, |path| read(&path))
}

/// From here on, this process doesn't write down any progress: for tests, and for an instructor who
/// shows a lesson.
///
/// ```
/// notebook::exercise::keep_no_progress();
/// ```
pub fn keep_no_progress() {
    KEPT.store(false, Ordering::Relaxed);
}

/// Writes down that there is such an exercise or question, and whether it is solved. What has been
/// solved once stays so.
pub(crate) fn note(kind: Kind, id: &str, title: &str, solved: bool) {
    if !KEPT.load(Ordering::Relaxed) {
        return;
    }
    let Some(path) = path() else { return };
    let _one_at_a_time = lock(&CHANGING);
    // Read again each time: the kernel of another notebook writes the same file.
    let mut progress = read(&path);
    if progress.note(kind, id, title, solved)
        && let Err(error) = write(&path, &progress)
    {
        tracing::warn!(%error, path = %path.display(), "the progress could not be written");
    }
}

fn path() -> Option<PathBuf> {
    match std::env::var_os(VARIABLE) {
        Some(value) if value == "off" => None,
        Some(value) if !value.is_empty() => Some(PathBuf::from(value)),
        _ => Some(std::env::current_dir().ok()?.join(FILE)),
    }
}

fn read(path: &Path) -> Progress {
    let text = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Writes a new file and puts it in the old one's place, so that nobody reads half of it.
fn write(path: &Path, progress: &Progress) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(progress)?;
    let new = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&new, text + "\n")?;
    std::fs::rename(&new, path)
}

impl Progress {
    /// Says whether this changes anything.
    fn note(&mut self, kind: Kind, id: &str, title: &str, solved: bool) -> bool {
        let entries = match kind {
            Kind::Exercise => &mut self.exercises,
            Kind::Question => &mut self.questions,
        };
        let before = entries.get(id);
        let after = Entry {
            title: title.to_owned(),
            solved: solved || before.is_some_and(|entry| entry.solved),
        };
        if before == Some(&after) {
            return false;
        }
        entries.insert(id.to_owned(), after);
        true
    }

    /// How many exercises are solved, and how many are known so far.
    #[must_use]
    pub fn exercises(&self) -> (usize, usize) {
        solved_of(self.exercises.values())
    }

    /// How many questions are answered, and how many are known so far.
    #[must_use]
    pub fn questions(&self) -> (usize, usize) {
        solved_of(self.questions.values())
    }

    fn table(&self) -> Table {
        let mut lessons: Vec<&str> = self
            .exercises
            .keys()
            .chain(self.questions.keys())
            .map(|id| lesson(id))
            .collect();
        lessons.sort_unstable();
        lessons.dedup();
        let mut table = Table::new(["lesson", "exercises solved", "", "questions answered", ""]);
        for name in lessons {
            let exercises = of_lesson(&self.exercises, name);
            let questions = of_lesson(&self.questions, name);
            table = row(table, name, exercises, questions);
        }
        row(table, "all", self.exercises(), self.questions())
    }
}

shows_itself!(Progress);

impl RichDisplay for Progress {
    fn mime_bundle(&self) -> MimeBundle {
        if self.exercises.is_empty() && self.questions.is_empty() {
            let text = "No exercises or questions so far: each one counts from the first time \
                        its cell runs.";
            return MimeBundle::new()
                .with("text/html", format!("<p>{text}</p>"))
                .with("text/plain", text);
        }
        self.table().mime_bundle()
    }
}

fn row(table: Table, name: &str, exercises: (usize, usize), questions: (usize, usize)) -> Table {
    let said = |(solved, known): (usize, usize)| format!("{solved} of {known}");
    table.row([
        name.to_owned(),
        said(exercises),
        bar(exercises),
        said(questions),
        bar(questions),
    ])
}

/// Ten blocks, with this share of them full.
fn bar((solved, known): (usize, usize)) -> String {
    let full = (solved * 10).checked_div(known).unwrap_or(0);
    format!("{}{}", "█".repeat(full), "░".repeat(10 - full))
}

fn lesson(id: &str) -> &str {
    id.split_once('-').map_or(id, |(lesson, _)| lesson)
}

fn of_lesson(entries: &BTreeMap<String, Entry>, name: &str) -> (usize, usize) {
    solved_of(
        entries
            .iter()
            .filter(|(id, _)| lesson(id) == name)
            .map(|(_, entry)| entry),
    )
}

fn solved_of<'a>(entries: impl Iterator<Item = &'a Entry>) -> (usize, usize) {
    entries.fold((0, 0), |(solved, known), entry| {
        (solved + usize::from(entry.solved), known + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, Progress, read, write};
    use crate::display::RichDisplay;

    fn some() -> Progress {
        let mut progress = Progress::default();
        assert!(progress.note(Kind::Exercise, "04-1", "Both at once", false));
        assert!(progress.note(Kind::Exercise, "04-1", "Both at once", true));
        assert!(progress.note(Kind::Exercise, "04-2", "As completed", false));
        assert!(progress.note(Kind::Question, "02-1", "Lazy?", true));
        progress
    }

    #[test]
    fn what_was_solved_once_stays_so() {
        let mut progress = some();
        assert!(!progress.note(Kind::Exercise, "04-1", "Both at once", false));
        assert_eq!(progress.exercises(), (1, 2));
        assert_eq!(progress.questions(), (1, 1));
    }

    #[test]
    fn bars_are_also_numbers() {
        let text = some().mime_bundle().text("text/plain").map(str::to_owned);
        let text = text.unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].starts_with("02") && lines[1].contains("0 of 0"),
            "{text}"
        );
        assert!(
            lines[2].starts_with("04") && lines[2].contains("1 of 2  █████░░░░░"),
            "{text}"
        );
        assert!(lines[3].starts_with("all"), "{text}");
        let nothing = Progress::default().mime_bundle();
        assert!(
            nothing
                .text("text/plain")
                .is_some_and(|text| text.starts_with("No exercises"))
        );
    }

    #[test]
    fn the_file_is_read_back_and_a_damaged_one_counts_as_empty() {
        let folder = std::env::temp_dir().join(format!("progress-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(".progress.json");
        assert_eq!(read(&path), Progress::default());
        write(&path, &some()).unwrap();
        assert_eq!(read(&path), some());
        for damaged in ["", "{", "[]", "\u{0}", r#"{"exercises": 7}"#] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(read(&path), Progress::default(), "{damaged:?}");
        }
        std::fs::write(
            &path,
            r#"{"exercises": {"04-1": {"solved": true, "more": 1}}, "new": 0}"#,
        )
        .unwrap();
        assert_eq!(read(&path).exercises(), (1, 1));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
