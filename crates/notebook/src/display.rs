//! Rich outputs: shown at once, in order with what is printed, and updated in place.
//!
//! ```
//! use notebook::display::{display, Html};
//!
//! let counter = display(&Html::new("<b>0</b>"));
//! counter.update(&Html::new("<b>1</b>"));
//! ```
//!
//! A type of your own shows itself as a cell's result once it implements [`RichDisplay`].
//! On a stock evcxr kernel outputs are printed in the form that evcxr understands.
//!
//! # Layout
//! - `types.rs`: content of one kind. `embed.rs`: sound and other pages. `files.rs`: content from files.
//! - `updates.rs`: not more updates than can be seen.

use crate::{current, link};
use channel::{CellNumber, Display, DisplayKind, MimeValue, WorkerFrame};
use std::sync::atomic::{AtomicU64, Ordering};

mod embed;
mod files;
mod types;
mod updates;

pub(crate) use updates::flush as flush_updates;

pub use crate::text::escape;
pub use embed::{Audio, IFrame};
pub use types::{Html, Jpeg, Json, Latex, Markdown, Png, Svg};

pub(crate) use embed::with_alt;

/// The same content in several forms; the front end shows the richest that it can.
///
/// ```
/// use notebook::display::MimeBundle;
///
/// let bundle = MimeBundle::new().with("text/html", "<b>7</b>").with("text/plain", "7");
/// assert_eq!(bundle.text("text/plain"), Some("7"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MimeBundle {
    data: Vec<(String, MimeValue)>,
    metadata: Vec<(String, String)>,
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

    /// Adds what a front end should know about the content of a MIME type, such as
    /// `json!({"alt": "a red disc", "width": 200})` for `image/png`. A second call for the same
    /// type replaces the first. Front ends give a picture no text alternative, even if the metadata has one:
    /// so one with an `alt` is also shown as HTML that has it.
    #[must_use]
    pub fn with_metadata(
        mut self,
        mime_type: impl Into<String>,
        metadata: &serde_json::Value,
    ) -> MimeBundle {
        let mime_type = mime_type.into();
        self.metadata.retain(|(known, _)| *known != mime_type);
        self.metadata.push((mime_type, metadata.to_string()));
        self
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
///
/// To implement it is all that a type needs in order to show itself, as a cell's last expression or
/// by [`display()`].
///
/// ```
/// use notebook::display::{display, MimeBundle, RichDisplay};
///
/// struct Swatch(&'static str);
///
/// impl RichDisplay for Swatch {
///     fn mime_bundle(&self) -> MimeBundle {
///         MimeBundle::new()
///             .with("text/html", format!("<span style='background:{0}'>{0}</span>", self.0))
///             .with("text/plain", self.0)
///     }
/// }
///
/// display(&Swatch("orange"));
/// ```
pub trait RichDisplay {
    /// The forms in which it can be shown. `text/plain` should be among them.
    fn mime_bundle(&self) -> MimeBundle;

    /// Shows the value as a cell's result. evcxr calls it, under this name, for the cell's last
    /// expression; you need neither call nor write it.
    fn evcxr_display(&self) {
        show_result(self.mime_bundle());
    }
}

impl RichDisplay for MimeBundle {
    fn mime_bundle(&self) -> MimeBundle {
        self.clone()
    }
}

/// An output that is on the page and can be replaced there, also by tasks, threads and later cells.
///
/// ```
/// use notebook::display::{display, Html};
///
/// let shown = display(&Html::new("counting …"));
/// std::thread::spawn(move || shown.update(&Html::new("done"))).join().unwrap();
/// ```
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
            updates::update(
                &self.display_id,
                current::current_cell(),
                value.mime_bundle(),
            );
        }
    }

    /// The name by which Jupyter knows this output.
    #[must_use]
    pub fn display_id(&self) -> &str {
        &self.display_id
    }
}

/// Shows a value now, below what was printed before it.
///
/// ```
/// use notebook::display::{Html, display};
///
/// let shown = display(&Html::new("<b>1</b> page"));
/// shown.update(&Html::new("<b>2</b> pages"));
/// ```
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

/// Gives types that are [`RichDisplay`] the method by which evcxr shows them, for kernels and cells that do
/// not have the trait in scope.
macro_rules! shows_itself {
    ($($shown:ty),* $(,)?) => {$(
        impl $shown {
            /// Shows it as a cell's result; evcxr calls it for the last expression.
            #[doc(hidden)]
            pub fn evcxr_display(&self) {
                $crate::display::RichDisplay::evcxr_display(self);
            }
        }
    )*};
}
pub(crate) use shows_itself;

/// Shows a bundle as the cell's result.
pub(crate) fn show_result(bundle: MimeBundle) {
    send(DisplayKind::Result, bundle);
}

/// Empties the cell's output; with `wait`, only when the next output comes, so that nothing
/// flickers.
///
/// ```
/// use notebook::display::clear_output;
///
/// for number in 1..=3 {
///     clear_output(true);
///     println!("{number} of 3");
/// }
/// ```
pub fn clear_output(wait: bool) {
    link::send(&WorkerFrame::ClearOutput {
        cell: current::current_cell(),
        wait,
    });
}

fn send(kind: DisplayKind, bundle: MimeBundle) {
    let bundle = embed::with_alt_of_metadata(bundle);
    if link::worker().is_none() {
        return std::print!("{}", for_stock_evcxr(&bundle));
    }
    link::send(&WorkerFrame::Display(Display {
        cell: current::current_cell(),
        kind,
        data: bundle.data,
        metadata: bundle.metadata,
    }));
}

fn send_update(display_id: &str, (cell, bundle): (CellNumber, MimeBundle)) {
    let bundle = embed::with_alt_of_metadata(bundle);
    link::send(&WorkerFrame::Display(Display {
        cell,
        kind: DisplayKind::Update {
            display_id: display_id.to_owned(),
        },
        data: bundle.data,
        metadata: bundle.metadata,
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
