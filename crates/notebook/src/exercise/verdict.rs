//! What the learner is told: what holds, what doesn't yet, a hint, and in the end what a good answer looks like.

use super::definition::Plan;
use super::words::{count, inline};
use crate::display::{MimeBundle, RichDisplay, shows_itself};
use std::fmt;

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Holds,
    Fails,
    Remark,
}

/// One thing that a check found: a sentence, in which pieces between backticks are shown as code.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # notebook::exercise::keep_no_progress();
/// use notebook::exercise::{self, Exercise};
///
/// Exercise::<u32>::new("doc-4", "An answer").gives(42).define();
/// let verdict = exercise::check("doc-4", |_| async { 41_u32 }).await;
/// let finding = &verdict.findings()[0];
/// assert_eq!(finding.to_string(), "It returned `41`; it should return `42`.");
/// assert!(!finding.holds());
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    mark: Mark,
    sentence: String,
}

impl Finding {
    pub(super) fn holds_that(sentence: &str) -> Finding {
        Finding {
            mark: Mark::Holds,
            sentence: sentence.to_owned(),
        }
    }

    pub(super) fn fails(sentence: &str) -> Finding {
        Finding {
            mark: Mark::Fails,
            sentence: sentence.to_owned(),
        }
    }

    /// Something worth knowing that is neither right nor wrong.
    pub(super) fn remark(sentence: &str) -> Finding {
        Finding {
            mark: Mark::Remark,
            sentence: sentence.to_owned(),
        }
    }

    pub(super) fn either(holds: bool, if_so: impl AsRef<str>, if_not: impl AsRef<str>) -> Finding {
        if holds {
            Finding::holds_that(if_so.as_ref())
        } else {
            Finding::fails(if_not.as_ref())
        }
    }

    /// Whether the exercise can count as solved with it: `false` for what is not right yet.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.mark != Mark::Fails
    }

    /// The mark, and what it means for somebody who can't see it.
    fn sign(&self) -> (&'static str, &'static str) {
        match self.mark {
            Mark::Holds => ("✔", "holds"),
            Mark::Fails => ("✘", "not yet"),
            Mark::Remark => ("•", "note"),
        }
    }
}

/// The sentence.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

/// The result of a check. A cell shows it; it is never an error.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let verdict = notebook::exercise::check("doc-5", |_| async {}).await;
/// assert!(!verdict.is_solved(), "no exercise has this id");
/// println!("{verdict}");
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a verdict is there to be shown: make it the last line of the cell"]
pub struct Verdict {
    name: String,
    findings: Vec<Finding>,
    /// The hint that is due: its number, the number of hints, its text.
    hint: Option<(usize, usize, String)>,
    /// What a good answer looks like, once it's solved.
    good_answer: Option<String>,
}

impl Verdict {
    pub(super) fn new(plan: &Plan, findings: Vec<Finding>, hint: Option<usize>) -> Verdict {
        let solved = findings.iter().all(Finding::holds);
        Verdict {
            name: format!("Exercise {}, {}", plan.id, plan.title),
            findings,
            hint: hint.map(|index| (index + 1, plan.hints.len(), plan.hints[index].clone())),
            good_answer: plan.good_answer.clone().filter(|_| solved),
        }
    }

    pub(super) fn not_defined(id: &str) -> Verdict {
        let sentence = "The cell that says what to check has not run yet. It's the folded one above the \
                     exercise: run it (or all cells above), then this one again.";
        Verdict {
            name: format!("Exercise {id}"),
            findings: vec![Finding::fails(sentence)],
            hint: None,
            good_answer: None,
        }
    }

    /// Whether everything holds.
    #[must_use]
    pub fn is_solved(&self) -> bool {
        self.findings.iter().all(Finding::holds)
    }

    /// What was found, in the order of the exercise's definition.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The hint to show now.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_ref().map(|(_, _, text)| text.as_str())
    }

    fn headline(&self) -> String {
        if self.is_solved() {
            return format!("{}: solved.", self.name);
        }
        let counted = self
            .findings
            .iter()
            .filter(|finding| finding.mark != Mark::Remark)
            .count();
        let holding = self
            .findings
            .iter()
            .filter(|finding| finding.mark == Mark::Holds)
            .count();
        if counted > 1 {
            format!(
                "{}: not yet. {holding} of {} hold.",
                self.name,
                count(counted, "statement")
            )
        } else {
            format!("{}: not yet.", self.name)
        }
    }

    /// The verdict in HTML, without colors of its own, so that it follows the notebook's theme.
    #[must_use]
    pub fn html(&self) -> String {
        let mut html = format!("<p><strong>{}</strong></p>", inline(&self.headline()));
        html.push_str("<ul style=\"list-style:none;padding-left:1em\">");
        for finding in &self.findings {
            let (sign, meaning) = finding.sign();
            html.push_str(&format!(
                "<li>{sign} <em>{meaning}:</em> {}</li>",
                inline(&finding.sentence)
            ));
        }
        html.push_str("</ul>");
        if let Some((number, of, text)) = &self.hint {
            html.push_str(&format!(
                "<details><summary>Hint {number} of {of}</summary><p>{}</p></details>",
                inline(text)
            ));
        }
        if let Some(text) = &self.good_answer {
            html.push_str(&format!("<p><em>A good answer:</em> {}</p>", inline(text)));
        }
        html
    }
}

/// The verdict as text.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.headline())?;
        for finding in &self.findings {
            let (sign, meaning) = finding.sign();
            let sentence = finding.sentence.replace('\n', "\n    ");
            write!(formatter, "\n  {sign} {meaning}: {sentence}")?;
        }
        if let Some((number, of, text)) = &self.hint {
            write!(formatter, "\nHint {number} of {of}: {text}")?;
        }
        if let Some(text) = &self.good_answer {
            write!(formatter, "\nA good answer: {text}")?;
        }
        Ok(())
    }
}

shows_itself!(Verdict);

impl RichDisplay for Verdict {
    fn mime_bundle(&self) -> MimeBundle {
        MimeBundle::new()
            .with("text/html", self.html())
            .with("text/plain", self.to_string())
    }
}
