//! What is embedded into the page: sound, other pages, and pictures with words for those who cannot see them.

use super::{MimeBundle, RichDisplay, escape, shows_itself};
use base64::Engine;
use channel::MimeValue;

fn data_address(mime_type: &str, bytes: &[u8]) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("data:{mime_type};base64,{encoded}")
}

/// Adds a text alternative to a picture: as an `<img>` of our own, since front ends make one without any.
pub(crate) fn with_alt(bundle: MimeBundle, mime_type: &str, bytes: &[u8], alt: &str) -> MimeBundle {
    let html = format!(
        "<img src=\"{}\" alt=\"{}\" style=\"max-width:100%\">",
        data_address(mime_type, bytes),
        escape(alt)
    );
    bundle
        .with("text/html", html)
        .with("text/plain", alt)
        .with_metadata(mime_type, &serde_json::json!({ "alt": alt }))
}

/// The same bundle; where it has a picture whose metadata say what is to be seen, and no HTML, with an `<img>` that says
/// so, too.
pub(super) fn with_alt_of_metadata(bundle: MimeBundle) -> MimeBundle {
    if bundle.text("text/html").is_some() {
        return bundle;
    }
    let html = bundle.metadata.iter().find_map(|(mime_type, metadata)| {
        let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
        let alt = escape(metadata.get("alt")?.as_str()?);
        let bytes = bundle.data.iter().find_map(|(known, value)| match value {
            MimeValue::Bytes(bytes) if known == mime_type => Some(bytes),
            _ => None,
        })?;
        let side = |name: &str| {
            let pixels = metadata.get(name).and_then(serde_json::Value::as_u64);
            pixels.map_or(String::new(), |pixels| format!(" {name}=\"{pixels}\""))
        };
        let (address, size) = (
            data_address(mime_type, bytes),
            side("width") + &side("height"),
        );
        Some(format!("<img src=\"{address}\" alt=\"{alt}\"{size}>"))
    });
    match html {
        Some(html) => bundle.with("text/html", html),
        None => bundle,
    }
}

/// Sound, as the bytes of a file, with buttons to play it.
///
/// ```
/// use notebook::display::{Audio, RichDisplay};
///
/// let beep = Audio::new("audio/wav", vec![0; 44]);
/// let bundle = beep.mime_bundle();
/// assert!(bundle.text("text/html").is_some_and(|html| html.starts_with("<audio controls")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    mime_type: String,
    bytes: Vec<u8>,
}

impl Audio {
    /// Takes the bytes of a file of this MIME type, such as `audio/wav` or `audio/mpeg`.
    #[must_use]
    pub fn new(mime_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Audio {
        Audio {
            mime_type: mime_type.into(),
            bytes: bytes.into(),
        }
    }
}

impl RichDisplay for Audio {
    fn mime_bundle(&self) -> MimeBundle {
        let address = data_address(&escape(&self.mime_type), &self.bytes);
        let size = crate::text::count(self.bytes.len(), "byte", "bytes");
        MimeBundle::new()
            .with(
                "text/html",
                format!("<audio controls src=\"{address}\"></audio>"),
            )
            .with(
                "text/plain",
                format!("(a sound of {size}, {})", self.mime_type),
            )
    }
}

/// Another page, in a frame.
///
/// ```
/// use notebook::display::{IFrame, RichDisplay};
///
/// let page = IFrame::new("http://127.0.0.1:8000/").size(600, 300);
/// assert_eq!(page.mime_bundle().text("text/plain"), Some("(the page http://127.0.0.1:8000/)"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IFrame {
    address: String,
    size: (u32, u32),
}

impl IFrame {
    /// The page at this address, 640 by 400 pixels if not said otherwise.
    #[must_use]
    pub fn new(address: impl Into<String>) -> IFrame {
        IFrame {
            address: address.into(),
            size: (640, 400),
        }
    }

    /// How large the frame is, in CSS pixels.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> IFrame {
        self.size = (width, height);
        self
    }
}

impl RichDisplay for IFrame {
    fn mime_bundle(&self) -> MimeBundle {
        let ((width, height), address) = (self.size, escape(&self.address));
        // A page that sets no colors counts on a white ground: on a dark one its text would be lost.
        MimeBundle::new()
            .with(
                "text/html",
                format!(
                    "<iframe src=\"{address}\" title=\"{address}\" width=\"{width}\" height=\"{height}\" \
                     style=\"background:#fff\"></iframe>"
                ),
            )
            .with("text/plain", format!("(the page {})", self.address))
    }
}

shows_itself!(Audio, IFrame);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_whose_metadata_say_what_is_seen_is_html_that_says_it() {
        let metadata = serde_json::json!({"alt": "\"a\" disc", "width": 80});
        let picture = MimeBundle::new().with_bytes("image/png", [1, 2, 3]);
        let said = with_alt_of_metadata(picture.clone().with_metadata("image/png", &metadata));
        let html =
            "<img src=\"data:image/png;base64,AQID\" alt=\"&quot;a&quot; disc\" width=\"80\">";
        assert_eq!(said.text("text/html"), Some(html));
        assert_eq!(with_alt_of_metadata(picture.clone()), picture);
        let own = said.with("text/html", "<b>its own</b>");
        assert_eq!(with_alt_of_metadata(own.clone()), own);
    }
}
