//! Messages as lines that a person can read in a test's failure.

use jupyter_protocol::{JupyterMessage, JupyterMessageContent as Content, Media, MediaType, Stdio};

/// The most messages that a listing shows.
const MOST: usize = 40;

/// The longest text that a line of a listing shows, in characters.
const LONGEST: usize = 200;

/// One message as one line: its type, and what matters of its content.
pub fn line(message: &JupyterMessage) -> String {
    let detail = match &message.content {
        Content::Status(status) => status.execution_state.as_str().to_owned(),
        Content::StreamContent(stream) => {
            let name = match stream.name {
                Stdio::Stdout => "stdout",
                Stdio::Stderr => "stderr",
            };
            format!("{name} {}", quoted(&stream.text))
        }
        Content::ExecuteInput(input) => {
            format!("[{}] {}", input.execution_count.0, quoted(&input.code))
        }
        Content::ExecuteResult(result) => {
            format!("[{}] {}", result.execution_count.0, media(&result.data))
        }
        Content::DisplayData(display) => media(&display.data),
        Content::UpdateDisplayData(update) => media(&update.data),
        Content::ErrorOutput(error) => format!("{}: {}", error.ename, quoted(&error.evalue)),
        Content::ExecuteReply(reply) => {
            let error = match &reply.error {
                Some(error) => format!(" {}: {}", error.ename, quoted(&error.evalue)),
                None => String::new(),
            };
            format!("{:?} [{}]{error}", reply.status, reply.execution_count.0)
        }
        other => quoted(&serde_json::to_string(other).unwrap_or_default()),
    };
    format!("{} {detail}", message.header.msg_type)
}

/// Several messages, a line each, indented, the middle left out when there are many; `(nothing)` when there are none.
pub fn lines(messages: &[JupyterMessage]) -> String {
    let all = |messages: &[JupyterMessage]| -> String {
        let lines = messages.iter().map(|it| format!("    {}\n", line(it)));
        lines.collect()
    };
    if messages.is_empty() {
        return "    (nothing)\n".to_owned();
    }
    if messages.len() <= MOST {
        return all(messages);
    }
    let (head, rest) = messages.split_at(MOST / 2);
    let (middle, tail) = rest.split_at(rest.len() - MOST / 2);
    let left_out = middle.len();
    format!("{}    … {left_out} more …\n{}", all(head), all(tail))
}

/// Text in quotes with its control characters escaped, shortened in the middle when it is long.
pub fn quoted(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return format!("{text:?}");
    }
    let half = LONGEST / 2;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(count - half).collect();
    format!("{head:?} … {tail:?} ({count} characters)")
}

/// The text of one mime type in a bundle, if the bundle has it.
///
/// JSON values come as JSON text.
pub fn text_of(media: &Media, mime_type: &str) -> Option<String> {
    let entry = media
        .content
        .iter()
        .find(|entry| entry.mime_type() == mime_type)?;
    let value = match entry {
        MediaType::Other((_, value)) => value.clone(),
        entry => serde_json::to_value(entry).ok()?.get("data")?.clone(),
    };
    Some(match value {
        serde_json::Value::String(text) => text,
        value => value.to_string(),
    })
}

/// The texts of all mime types in a bundle, a line each, as `mime type: text`, in the order of the names.
pub fn all_texts(media: &Media) -> String {
    let entries = media.content.iter().map(|entry| {
        let mime_type = entry.mime_type();
        format!(
            "{mime_type}: {}",
            text_of(media, mime_type).unwrap_or_default()
        )
    });
    let mut entries: Vec<String> = entries.collect();
    entries.sort();
    entries.join("\n")
}

/// A bundle as `mime type "text"`, in the order of the names.
fn media(media: &Media) -> String {
    let mut entries: Vec<String> = media
        .content
        .iter()
        .map(|entry| {
            let mime_type = entry.mime_type();
            let text = text_of(media, mime_type).unwrap_or_default();
            format!("{mime_type} {}", quoted(&text))
        })
        .collect();
    entries.sort();
    format!("{{{}}}", entries.join(", "))
}

/// `text` without ANSI escape sequences (colours, cursor movements).
pub fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '\u{1b}' {
            plain.push(character);
        } else if rest.next_if_eq(&'[').is_some() {
            // A control sequence: parameters, then one letter that ends it.
            while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        }
    }
    plain
}
