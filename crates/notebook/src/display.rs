//! Rich outputs: shown at once, in order with what is printed, and updated in place.
//!
//! ```text
//! use notebook::display::{display, Html};
//! let counter = display(&Html::new("<b>0</b>"));
//! counter.update(&Html::new("<b>1</b>"));
//! ```
//!
//! On a stock evcxr kernel they are printed in the form that evcxr understands.

use crate::{link, tasks};
use channel::{CellNumber, Display, DisplayKind, MimeValue, WorkerFrame};
use std::sync::atomic::{AtomicU64, Ordering};

mod types;
mod updates;

pub(crate) use updates::flush as flush_updates;

// In a cell `use notebook::display::{self, display}` names one thing twice, and evcxr keeps the last:
// so the last brings both the function and the module.
#[doc(hidden)]
pub use crate::display::{self};
pub use types::{Html, Json, Latex, Markdown, Png, Svg};

/// The same content in several forms; the front end shows the richest that it can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MimeBundle {
    data: Vec<(String, MimeValue)>,
}

impl MimeBundle {
    /// An empty bundle.
    #[must_use]
    pub fn new() -> MimeBundle {
        MimeBundle::default()
    }

    /// Adds text of a MIME type, such as `text/plain` or `image/svg+xml`.
    #[must_use]
    pub fn with(self, mime_type: impl Into<String>, text: impl Into<String>) -> MimeBundle {
        self.and(mime_type, MimeValue::Text(text.into()))
    }

    /// Adds bytes of a MIME type, such as `image/png`.
    #[must_use]
    pub fn with_bytes(self, mime_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> MimeBundle {
        self.and(mime_type, MimeValue::Bytes(bytes.into()))
    }

    /// Adds a JSON document of a MIME type, such as `application/json`.
    #[must_use]
    pub fn with_json(self, mime_type: impl Into<String>, json: &serde_json::Value) -> MimeBundle {
        self.and(mime_type, MimeValue::Json(json.to_string()))
    }

    fn and(mut self, mime_type: impl Into<String>, value: MimeValue) -> MimeBundle {
        let mime_type = mime_type.into();
        self.data.retain(|(known, _)| *known != mime_type);
        self.data.push((mime_type, value));
        self
    }

    /// The text of a MIME type, if the bundle has it as text.
    #[must_use]
    pub fn text(&self, mime_type: &str) -> Option<&str> {
        self.data.iter().find_map(|(known, value)| match value {
            MimeValue::Text(text) | MimeValue::Json(text) if known == mime_type => {
                Some(text.as_str())
            }
            _ => None,
        })
    }
}

/// A value that can show itself in more than plain text.
pub trait RichDisplay {
    /// The forms in which it can be shown. `text/plain` should be among them.
    fn mime_bundle(&self) -> MimeBundle;
}

impl RichDisplay for MimeBundle {
    fn mime_bundle(&self) -> MimeBundle {
        self.clone()
    }
}

/// An output that is on the page and can be replaced there.
#[derive(Debug, Clone)]
pub struct DisplayHandle {
    display_id: String,
}

impl DisplayHandle {
    /// Replaces what is shown, wherever it is shown, from any task, thread or later cell.
    ///
    /// Any number of updates a second is fine: the page is sent about twenty of them, and always the
    /// last one. On a stock evcxr kernel, which knows no updates, nothing happens.
    pub fn update(&self, value: &impl RichDisplay) {
        if link::worker().is_some() {
            updates::update(&self.display_id, tasks::current_cell(), value.mime_bundle());
        }
    }

    /// The name by which Jupyter knows this output.
    #[must_use]
    pub fn display_id(&self) -> &str {
        &self.display_id
    }
}

/// Shows a value now, below what was printed before it.
pub fn display(value: &impl RichDisplay) -> DisplayHandle {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // The process id keeps names apart when a session's worker was replaced by a new one.
    let display_id = format!(
        "display-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    send(
        DisplayKind::New {
            display_id: Some(display_id.clone()),
        },
        value.mime_bundle(),
    );
    DisplayHandle { display_id }
}

/// Shows a bundle as the cell's result. Types call it in their `evcxr_display`.
pub fn show_result(bundle: MimeBundle) {
    send(DisplayKind::Result, bundle);
}

/// Empties the cell's output; with `wait`, only when the next output comes, so that nothing
/// flickers.
pub fn clear_output(wait: bool) {
    link::send(&WorkerFrame::ClearOutput {
        cell: tasks::current_cell(),
        wait,
    });
}

fn send(kind: DisplayKind, bundle: MimeBundle) {
    if link::worker().is_none() {
        return std::print!("{}", for_stock_evcxr(&bundle));
    }
    link::send(&WorkerFrame::Display(Display {
        cell: tasks::current_cell(),
        kind,
        data: bundle.data,
    }));
}

fn send_update(display_id: &str, (cell, bundle): (CellNumber, MimeBundle)) {
    link::send(&WorkerFrame::Display(Display {
        cell,
        kind: DisplayKind::Update {
            display_id: display_id.to_owned(),
        },
        data: bundle.data,
    }));
}

/// evcxr reads outputs from stdout, between two marks.
fn for_stock_evcxr(bundle: &MimeBundle) -> String {
    use base64::Engine;
    use std::fmt::Write;
    let mut text = String::new();
    for (mime_type, value) in &bundle.data {
        let content = match value {
            MimeValue::Text(text) | MimeValue::Json(text) => text.clone(),
            MimeValue::Bytes(bytes) => base64::engine::general_purpose::STANDARD.encode(bytes),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "EVCXR_BEGIN_CONTENT {mime_type}\n{content}\nEVCXR_END_CONTENT\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stock_kernel_gets_outputs_in_its_own_form() {
        assert!(link::worker().is_none(), "tests have no kernel");
        let page = Html::new("<b>two\nlines</b>");
        let expected = "EVCXR_BEGIN_CONTENT text/html\n<b>two\nlines</b>\nEVCXR_END_CONTENT\n\
            EVCXR_BEGIN_CONTENT text/plain\n<b>two\nlines</b>\nEVCXR_END_CONTENT\n";
        assert_eq!(for_stock_evcxr(&page.mime_bundle()), expected);
        let picture = for_stock_evcxr(&Png::new(vec![1, 2, 3]).mime_bundle());
        assert!(picture.starts_with("EVCXR_BEGIN_CONTENT image/png\nAQID\nEVCXR_END_CONTENT\n"));
        // What it cannot do does nothing, and does not fail.
        let shown = display(&page);
        shown.update(&Html::new("later"));
        clear_output(true);
        updates::flush();
        crate::progress::bar(3).inc(1);
    }
}
