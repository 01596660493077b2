//! What is said about the learner's code: what holds, what does not, and a hint.

use super::definition::Plan;
use super::words::{count, escape, inline};
use crate::display::{MimeBundle, RichDisplay, shows_itself};
use std::fmt;

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Holds,
    Fails,
    Remark,
}

/// One thing that a check found, in words. Pieces between backticks are shown as code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    mark: Mark,
    words: String,
}

impl Finding {
    pub(super) fn holds_that(words: &str) -> Finding {
        Finding {
            mark: Mark::Holds,
            words: words.to_owned(),
        }
    }

    pub(super) fn fails(words: &str) -> Finding {
        Finding {
            mark: Mark::Fails,
            words: words.to_owned(),
        }
    }

    /// Something worth knowing that is neither right nor wrong.
    pub(super) fn remark(words: &str) -> Finding {
        Finding {
            mark: Mark::Remark,
            words: words.to_owned(),
        }
    }

    pub(super) fn either(holds: bool, if_so: impl AsRef<str>, if_not: impl AsRef<str>) -> Finding {
        if holds {
            Finding::holds_that(if_so.as_ref())
        } else {
            Finding::fails(if_not.as_ref())
        }
    }

    /// Whether it stands in the way of the exercise being solved: `false` if so.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.mark != Mark::Fails
    }

    /// What was found.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The mark and what it means to somebody who does not see it.
    fn sign(&self) -> (&'static str, &'static str) {
        match self.mark {
            Mark::Holds => ("✔", "holds"),
            Mark::Fails => ("✘", "not yet"),
            Mark::Remark => ("•", "note"),
        }
    }
}

/// The result of a check. A cell shows it; it is never an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a verdict is there to be shown: make it the last line of the cell"]
pub struct Verdict {
    name: String,
    findings: Vec<Finding>,
    /// The hint that is due: its number, the number of hints, its text.
    hint: Option<(usize, usize, String)>,
}

impl Verdict {
    pub(super) fn new(plan: &Plan, findings: Vec<Finding>, hint: Option<usize>) -> Verdict {
        Verdict {
            name: format!("Exercise {}, {}", plan.id, plan.title),
            findings,
            hint: hint.map(|index| (index + 1, plan.hints.len(), plan.hints[index].clone())),
        }
    }

    pub(super) fn not_defined(id: &str) -> Verdict {
        let words = "This notebook's cell that says what is to be checked has not run. It is folded, \
                     above the exercise: run it (or all cells above), then this one again.";
        Verdict {
            name: format!("Exercise {id}"),
            findings: vec![Finding::fails(words)],
            hint: None,
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

    /// The hint that is due now.
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

    /// The verdict in HTML, without colours of its own, so that it follows the notebook's theme.
    #[must_use]
    pub fn html(&self) -> String {
        let mut html = format!("<p><strong>{}</strong></p>", escape(&self.headline()));
        html.push_str("<ul style=\"list-style:none;padding-left:1em\">");
        for finding in &self.findings {
            let (sign, meaning) = finding.sign();
            html.push_str(&format!(
                "<li>{sign} <em>{meaning}:</em> {}</li>",
                inline(&finding.words)
            ));
        }
        html.push_str("</ul>");
        if let Some((number, of, text)) = &self.hint {
            html.push_str(&format!(
                "<details><summary>Hint {number} of {of}</summary><p>{}</p></details>",
                inline(text)
            ));
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
            let words = finding.words.replace('\n', "\n    ");
            write!(formatter, "\n  {sign} {meaning}: {words}")?;
        }
        if let Some((number, of, text)) = &self.hint {
            write!(formatter, "\nHint {number} of {of}: {text}")?;
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
