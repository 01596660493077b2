//! Content of one kind, ready to be shown.

use super::{MimeBundle, RichDisplay, shows_itself};
use crate::text::count;

macro_rules! text_type {
    ($(#[$documentation:meta])* $name:ident, $bundle:expr) => {
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
        }

        impl RichDisplay for $name {
            fn mime_bundle(&self) -> MimeBundle {
                let bundle: fn(&str) -> MimeBundle = $bundle;
                bundle(&self.0)
            }
        }

        shows_itself!($name);
    };
}

text_type!(
    /// HTML. Text from elsewhere goes through [`escape`](super::escape()).
    ///
    /// ```
    /// use notebook::display::{display, escape, Html};
    ///
    /// let name = "<Ada & Ben>";
    /// let shown = Html::new(format!("<b>{}</b>", escape(name)));
    /// assert_eq!(shown.as_str(), "<b>&lt;Ada &amp; Ben&gt;</b>");
    /// display(&shown);
    /// ```
    Html,
    |text| MimeBundle::new().with("text/html", text).with("text/plain", text)
);
text_type!(
    /// Markdown: `Markdown::new("**bold**")`.
    Markdown,
    |text| MimeBundle::new().with("text/markdown", text).with("text/plain", text)
);
text_type!(
    /// A formula in LaTeX, with its dollar signs: `Latex::new("$a^2$")`.
    Latex,
    |text| MimeBundle::new().with("text/latex", text).with("text/plain", text)
);
text_type!(
    /// A picture in SVG; its `<title>`, where it has one, is also its text alternative.
    ///
    /// ```
    /// use notebook::display::{RichDisplay, Svg};
    ///
    /// let dot = Svg::new("<svg xmlns='http://www.w3.org/2000/svg'><title>a dot</title></svg>");
    /// assert_eq!(dot.mime_bundle().text("text/plain"), Some("a dot"));
    /// ```
    Svg,
    |svg| {
        let bundle = MimeBundle::new().with("image/svg+xml", svg);
        super::embed::with_alt(bundle, "image/svg+xml", svg.as_bytes(), &svg_title(svg))
    }
);

fn svg_title(svg: &str) -> String {
    let title = svg.split_once("<title>").and_then(|(_, rest)| {
        let (title, _) = rest.split_once("</title>")?;
        Some(
            title
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
        )
    });
    title.unwrap_or_else(|| "(a picture)".to_owned())
}

macro_rules! picture_type {
    ($(#[$documentation:meta])* $name:ident, $mime_type:literal, $called:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            bytes: Vec<u8>,
            alt: Option<String>,
        }

        impl $name {
            /// Takes the bytes of such a file.
            #[must_use]
            pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
                $name { bytes: bytes.into(), alt: None }
            }

            /// Says in words what is to be seen, for those who cannot see it.
            #[must_use]
            pub fn alt(mut self, description: impl Into<String>) -> Self {
                self.alt = Some(description.into());
                self
            }

            /// The bytes of the file.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.bytes
            }
        }

        impl RichDisplay for $name {
            fn mime_bundle(&self) -> MimeBundle {
                let size = count(self.bytes.len(), "byte", "bytes");
                let bundle = MimeBundle::new().with_bytes($mime_type, self.bytes.clone());
                match &self.alt {
                    Some(alt) => super::embed::with_alt(bundle, $mime_type, &self.bytes, alt),
                    None => bundle.with("text/plain", format!("({} of {size})", $called)),
                }
            }
        }

        shows_itself!($name);
    };
}

picture_type!(
    /// A picture in PNG, as bytes.
    ///
    /// ```
    /// use notebook::display::{Png, RichDisplay};
    ///
    /// let picture = Png::new(vec![0x89, b'P', b'N', b'G']).alt("a red disc");
    /// assert_eq!(picture.mime_bundle().text("text/plain"), Some("a red disc"));
    /// ```
    Png,
    "image/png",
    "a PNG picture"
);
picture_type!(
    /// A picture in JPEG, as bytes: `Jpeg::from_file("harbor.jpg")?.alt("the harbor at dawn")`.
    Jpeg,
    "image/jpeg",
    "a JPEG picture"
);

/// A JSON document, which JupyterLab shows as a tree that can be folded.
///
/// ```
/// use notebook::display::Json;
/// use notebook::serde_json::json;
///
/// let document = Json::new(json!({"name": "Ada", "ports": [80, 443]}));
/// # let _ = document;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Json(serde_json::Value);

impl Json {
    /// Takes a document; `serde_json::json!` makes one.
    #[must_use]
    pub fn new(document: serde_json::Value) -> Json {
        Json(document)
    }

    /// Takes anything that serde can write.
    ///
    /// # Errors
    /// When it cannot be JSON: a map whose keys are not text, for example.
    pub fn of(value: &impl serde::Serialize) -> serde_json::Result<Json> {
        serde_json::to_value(value).map(Json)
    }
}

impl RichDisplay for Json {
    fn mime_bundle(&self) -> MimeBundle {
        MimeBundle::new()
            .with_json("application/json", &self.0)
            .with("text/plain", format!("{:#}", self.0))
    }
}

shows_itself!(Json);
