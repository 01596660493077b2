//! How a question is shown.

use super::{Asked, Choice, Question};
use crate::display::{MimeBundle, RichDisplay, show_result};
use crate::exercise::{escape, inline};

/// For tests: the question as data, so that they can run its code.
const DATA: &str = "application/vnd.async-notebook.quiz+json";

impl RichDisplay for Question {
    fn mime_bundle(&self) -> MimeBundle {
        let bundle = MimeBundle::new()
            .with("text/html", self.html())
            .with("text/plain", self.plain());
        match self.asked {
            Asked::Question => bundle,
            _ if self.only_result => bundle,
            Asked::Prints(_) | Asked::Compiles(_) => bundle.with_json(DATA, &self.data()),
        }
    }

    fn evcxr_display(&self) {
        self.remember();
        show_result(self.mime_bundle());
    }
}

impl Question {
    fn code(&self) -> Option<&str> {
        match &self.asked {
            Asked::Question => None,
            Asked::Prints(code) | Asked::Compiles(code) => Some(code.trim_matches('\n')),
        }
    }

    /// The choices are what is printed: shown as such, not as prose.
    fn choices_are_output(&self) -> bool {
        matches!(self.asked, Asked::Prints(_))
    }

    fn lettered(&self) -> impl Iterator<Item = (char, &Choice)> {
        ('a'..='z').zip(&self.choices)
    }

    /// What the learner has picked, in words; nothing when nothing is picked.
    fn result(&self) -> Option<(String, &str)> {
        let letter = self.picked?;
        let last = ('a'..='z')
            .nth(self.choices.len().saturating_sub(1))
            .unwrap_or('z');
        Some(match self.picked_choice() {
            Some(choice) if choice.right => (format!("✔ Yes, {letter}."), &choice.why),
            Some(choice) => (format!("✘ Not {letter}."), &choice.why),
            None if self.choices.is_empty() => (
                "This question has not been shown yet: run its cell first, then this one."
                    .to_owned(),
                "",
            ),
            None => (
                format!("There is no choice {letter}: pick one from a to {last}."),
                "",
            ),
        })
    }

    fn how_to_answer(&self) -> String {
        format!(
            "To answer, run `quiz::pick(\"{}\", 'a')` in a cell below, with your letter.",
            self.id
        )
    }

    fn html(&self) -> String {
        if let (true, Some((said, why))) = (self.only_result, self.result()) {
            let id = escape(&self.id);
            return format!(
                "<p>Question {id}: <strong>{said}</strong> {}</p>",
                inline(why)
            );
        }
        let mut html = format!(
            "<p><strong>Question {}.</strong> {}</p>",
            escape(&self.id),
            inline(&self.text)
        );
        if let Some(code) = self.code() {
            html.push_str(&format!("<pre><code>{}</code></pre>", escape(code)));
        }
        for (letter, choice) in self.lettered() {
            let text = if self.choices_are_output() {
                // A block of its own, so that its lines stand below each other.
                format!(
                    "<code style=\"display:inline-block;vertical-align:top;margin-bottom:.2em\">{}</code>",
                    escape(&choice.text).replace('\n', "<br>")
                )
            } else {
                inline(&choice.text)
            };
            let verdict = if choice.right {
                "✔ Right."
            } else {
                "✘ Wrong."
            };
            html.push_str(&format!(
                "<details><summary><strong>{letter})</strong> {text}</summary><p>{verdict} {}</p></details>",
                inline(&choice.why)
            ));
        }
        match self.result() {
            Some((said, why)) => {
                html.push_str(&format!("<p><strong>{said}</strong> {}</p>", inline(why)));
            }
            None => {
                html.push_str(&format!(
                    "<p><em>{}</em></p>",
                    inline(&format!(
                        "{} Or click a choice to see its feedback.",
                        self.how_to_answer()
                    ))
                ));
            }
        }
        html
    }

    fn plain(&self) -> String {
        if let (true, Some((said, why))) = (self.only_result, self.result()) {
            return format!("Question {}: {said} {why}", self.id)
                .trim_end()
                .to_owned();
        }
        let mut lines = vec![format!("Question {}. {}", self.id, self.text)];
        if let Some(code) = self.code() {
            lines.push(String::new());
            lines.extend(code.lines().map(|line| format!("    {line}")));
            lines.push(String::new());
        }
        for (letter, choice) in self.lettered() {
            lines.push(format!(
                "  {letter}) {}",
                choice.text.replace('\n', "\n     ")
            ));
        }
        match self.result() {
            Some((said, why)) => lines.push(format!("{said} {why}").trim_end().to_owned()),
            None => lines.push(self.how_to_answer().replace('`', "")),
        }
        lines.join("\n")
    }

    pub(super) fn data(&self) -> serde_json::Value {
        let right = self.choices.iter().find(|choice| choice.right);
        serde_json::json!({
            "id": self.id,
            "kind": match self.asked {
                Asked::Question => "question",
                Asked::Prints(_) => "what prints",
                Asked::Compiles(_) => "does it compile",
            },
            "code": self.code(),
            "answer": right.map(|choice| &choice.text),
            "error": right.and_then(|choice| choice.error.as_ref()),
        })
    }
}
