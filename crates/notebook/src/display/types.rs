//! Content of one kind, ready to be shown.

use super::{MimeBundle, RichDisplay, show_result};
use crate::plot::count;

macro_rules! text_type {
    ($(#[$documentation:meta])* $name:ident, $mime_type:literal, $plain:expr) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Takes the content as it is.
            #[must_use]
            pub fn new(content: impl Into<String>) -> Self {
                $name(content.into())
            }

            /// The content.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Shows it as the cell's result; called for a cell's last expression.
            pub fn evcxr_display(&self) {
                show_result(self.mime_bundle());
            }
        }

        impl RichDisplay for $name {
            fn mime_bundle(&self) -> MimeBundle {
                let plain: fn(&str) -> String = $plain;
                MimeBundle::new()
                    .with($mime_type, self.0.clone())
                    .with("text/plain", plain(&self.0))
            }
        }
    };
}

text_type!(
    /// HTML.
    Html,
    "text/html",
    str::to_owned
);
text_type!(
    /// Markdown.
    Markdown,
    "text/markdown",
    str::to_owned
);
text_type!(
    /// A formula in LaTeX, with its dollar signs.
    Latex,
    "text/latex",
    str::to_owned
);
text_type!(
    /// A picture in SVG; its `<title>`, where it has one, is also its plain text.
    Svg,
    "image/svg+xml",
    svg_title
);

fn svg_title(svg: &str) -> String {
    svg.split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map_or_else(|| "(a picture)".to_owned(), |(title, _)| title.to_owned())
}

/// A picture in PNG, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png(Vec<u8>);

impl Png {
    /// Takes the bytes of a PNG file.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Png {
        Png(bytes.into())
    }

    /// Shows it as the cell's result; called for a cell's last expression.
    pub fn evcxr_display(&self) {
        show_result(self.mime_bundle());
    }
}

impl RichDisplay for Png {
    fn mime_bundle(&self) -> MimeBundle {
        MimeBundle::new()
            .with_bytes("image/png", self.0.clone())
            .with(
                "text/plain",
                format!(
                    "(a PNG picture of {})",
                    count(self.0.len(), "byte", "bytes")
                ),
            )
    }
}

/// A JSON document, which JupyterLab shows as a tree that can be folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(serde_json::Value);

impl Json {
    /// Takes a document; `serde_json::json!` makes one.
    #[must_use]
    pub fn new(document: serde_json::Value) -> Json {
        Json(document)
    }

    /// Shows it as the cell's result; called for a cell's last expression.
    pub fn evcxr_display(&self) {
        show_result(self.mime_bundle());
    }
}

impl RichDisplay for Json {
    fn mime_bundle(&self) -> MimeBundle {
        MimeBundle::new()
            .with_json("application/json", &self.0)
            .with("text/plain", format!("{:#}", self.0))
    }
}
