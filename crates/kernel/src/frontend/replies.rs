//! What the kernel says of itself, and small replies.

use crate::event::{Answer, Failure};
use channel::MimeValue;
use jupyter_protocol::{
    CodeMirrorMode, CompleteReply, ConnectionInfo, ErrorOutput, HelpLink, InspectReply,
    KernelInfoReply, LanguageInfo, Media, ReplyError, ReplyStatus,
};
use serde_json::{Map, Value, json};

/// The Rust that cells are written in, as far as this binary knows.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// The reply to `kernel_info_request`.
pub fn kernel_info() -> KernelInfoReply {
    let link = |text: &str, url: &str| HelpLink {
        text: text.to_owned(),
        url: url.to_owned(),
    };
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.4".to_owned(),
        implementation: "async-notebook-kernel".to_owned(),
        implementation_version: env!("CARGO_PKG_VERSION").to_owned(),
        language_info: LanguageInfo {
            name: "rust".to_owned(),
            version: RUST_VERSION.to_owned(),
            mimetype: Some("text/rust".to_owned()),
            file_extension: Some(".rs".to_owned()),
            pygments_lexer: Some("rust".to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple("rust".to_owned())),
            nbconvert_exporter: Some("script".to_owned()),
        },
        banner: format!(
            "Async Rust in Jupyter, kernel {}. `:help` lists the commands.",
            env!("CARGO_PKG_VERSION")
        ),
        help_links: vec![
            link("The Rust book", "https://doc.rust-lang.org/book/"),
            link("The standard library", "https://doc.rust-lang.org/std/"),
            link("tokio", "https://docs.rs/tokio/"),
            link("The async book", "https://rust-lang.github.io/async-book/"),
        ],
        debugger: false,
        error: None,
    }
}

/// The reply to `connect_request`, a request that is deprecated: a client has the connection file.
pub fn ports(info: &ConnectionInfo) -> Value {
    json!({
        "status": "ok",
        "shell_port": info.shell_port,
        "iopub_port": info.iopub_port,
        "stdin_port": info.stdin_port,
        "control_port": info.control_port,
        "hb_port": info.hb_port,
    })
}

/// A failure in the form that replies carry it in.
pub fn reply_error(failure: &Failure) -> Option<Box<ReplyError>> {
    Some(Box::new(ReplyError {
        ename: failure.name.clone(),
        evalue: failure.value.clone(),
        traceback: failure.traceback.clone(),
    }))
}

/// A failure in the form in which it is published.
pub fn error_output(failure: &Failure) -> ErrorOutput {
    ErrorOutput {
        ename: failure.name.clone(),
        evalue: failure.value.clone(),
        traceback: failure.traceback.clone(),
    }
}

/// A rich output in Jupyter's form.
pub fn media(data: Vec<(String, MimeValue)>) -> Media {
    use base64::Engine;
    let bundle: Map<String, Value> = data
        .into_iter()
        .map(|(mime_type, value)| {
            let value = match value {
                MimeValue::Text(text) => Value::String(text),
                MimeValue::Json(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                MimeValue::Bytes(bytes) => {
                    Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
                }
            };
            (mime_type, value)
        })
        .collect();
    serde_json::from_value(Value::Object(bundle)).unwrap_or_default()
}

/// What front ends should know of the forms of a rich output, by MIME type.
pub fn metadata(metadata: Vec<(String, String)>) -> Map<String, Value> {
    let read =
        |(mime_type, json): (String, String)| Some((mime_type, serde_json::from_str(&json).ok()?));
    metadata.into_iter().filter_map(read).collect()
}

/// The reply to `complete_request`; offsets are characters there and bytes here.
pub fn complete(code: &str, cursor: usize, answer: Answer) -> CompleteReply {
    let Answer::Completions {
        matches,
        start,
        end,
    } = answer
    else {
        return CompleteReply {
            cursor_start: cursor,
            cursor_end: cursor,
            ..CompleteReply::default()
        };
    };
    let [start, end] = [start, end].map(|offset| characters_before(code, offset));
    let types: Vec<Value> = matches
        .iter()
        .map(|completion| {
            json!({
                "text": completion.text,
                "type": completion.kind,
                "signature": completion.label,
                "start": start,
                "end": end,
            })
        })
        .collect();
    let mut metadata = Map::new();
    metadata.insert(
        "_jupyter_types_experimental".to_owned(),
        Value::Array(types),
    );
    CompleteReply {
        matches: matches
            .into_iter()
            .map(|completion| completion.text)
            .collect(),
        cursor_start: start,
        cursor_end: end,
        metadata,
        ..CompleteReply::default()
    }
}

/// The reply to `inspect_request`.
pub fn inspect(answer: Answer) -> InspectReply {
    match answer {
        Answer::Documentation { plain, html } => {
            let text = |mime_type: &str, text| (mime_type.to_owned(), MimeValue::Text(text));
            InspectReply {
                found: true,
                data: media(vec![text("text/plain", plain), text("text/html", html)]),
                ..InspectReply::default()
            }
        }
        _ => InspectReply::default(),
    }
}

/// The byte at which the character number `position` begins; the end for one beyond it.
pub fn byte_offset(code: &str, position: usize) -> usize {
    code.char_indices()
        .nth(position)
        .map_or(code.len(), |(byte, _)| byte)
}

fn characters_before(code: &str, byte: usize) -> usize {
    code.char_indices()
        .take_while(|(index, _)| *index < byte)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_form_of_a_rich_output_is_what_jupyter_wants_of_it() {
        let owned = |(mime_type, value): (&str, MimeValue)| (mime_type.to_owned(), value);
        let data = [
            ("text/plain", MimeValue::Text("a".to_owned())),
            ("application/json", MimeValue::Json("[1]".to_owned())),
            (
                "application/geo+json",
                MimeValue::Json("no JSON".to_owned()),
            ),
            ("image/png", MimeValue::Bytes(vec![0, 1, 255])),
        ];
        let media = media(data.map(owned).into());
        let expected = json!({
            "text/plain": "a",
            "application/json": [1],
            "application/geo+json": "no JSON",
            "image/png": "AAH/",
        });
        assert_eq!(serde_json::to_value(media).expect("JSON"), expected);
        let told = [("image/png", r#"{"width":5}"#), ("text/plain", "no JSON")]
            .map(|(mime_type, json)| (mime_type.to_owned(), json.to_owned()));
        let expected = json!({ "image/png": { "width": 5 } });
        assert_eq!(Value::Object(metadata(told.into())), expected);
    }

    proptest! {
        #[test]
        fn characters_and_bytes_are_each_others_inverse(code in "\\PC{0,40}", position in 0usize..50) {
            let byte = byte_offset(&code, position);
            prop_assert!(code.is_char_boundary(byte));
            prop_assert_eq!(characters_before(&code, byte), position.min(code.chars().count()));
        }
    }
}
