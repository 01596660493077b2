//! evcxr's list of commands (`:help`), with other commands in it.

/// What the table leaves for a name, in characters.
const NAME_WIDTH: usize = 17;

/// Whether a cell asks for the list of commands.
pub fn is_asked_for(code: &str) -> bool {
    code.lines().any(|line| line.trim() == ":help")
}

/// Puts commands, each with what it does, into the list, as text and as HTML, in the order of the alphabet. One of the
/// same name replaces evcxr's.
pub fn add(content: &mut [(String, String)], commands: &[(&str, &str)]) {
    for (mime_type, list) in content {
        let is_html = mime_type == "text/html";
        let row = |(name, help): &(&str, &str)| match is_html {
            true => format!("<tr><td>{name}</td><td>{help}</td></tr>"),
            false => format!("{name:<NAME_WIDTH$} {help}"),
        };
        let is_replaced = |line: &str| {
            commands.iter().any(|(name, _)| {
                let row = row(&(name, ""));
                line.starts_with(row.trim_end_matches("</td></tr>"))
            })
        };
        let (mut rows, around): (Vec<String>, Vec<String>) = list
            .lines()
            .filter(|line| !is_replaced(line))
            .map(str::to_owned)
            .partition(|line| line.starts_with(':') || line.starts_with("<tr>"));
        if rows.is_empty() {
            continue;
        }
        rows.extend(commands.iter().map(row));
        rows.sort();
        // In HTML there is a line before and one after.
        let before = around.len().div_ceil(2);
        rows.splice(0..0, around[..before].iter().cloned());
        rows.extend_from_slice(&around[before..]);
        *list = rows.join("\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_listed_among_the_others() {
        let mut content = [
            ("text/plain", ":quit             Quit\n:vars             List\n"),
            (
                "text/html",
                "<table>\n<tr><td>:quit</td><td>Quit</td></tr>\n<tr><td>:vars</td><td>List</td></tr>\n</table>\n",
            ),
        ]
        .map(|(mime_type, list)| (mime_type.to_owned(), list.to_owned()));
        add(
            &mut content,
            &[
                (":tasks", "Tasks"),
                (":quit", "Nothing"),
                (":tasks cancel", "Cancel"),
            ],
        );
        let [(_, text), (_, html)] = &content;
        let names: Vec<&str> = text.lines().map(|line| line[..NAME_WIDTH].trim()).collect();
        let expected = [":quit", ":tasks", ":tasks cancel", ":vars"];
        assert_eq!(names, expected);
        assert!(!text.contains("Quit"), "{text}");
        assert!(
            html.starts_with("<table>\n<tr>") && html.ends_with("</tr>\n</table>"),
            "{html}"
        );
        assert_eq!(html.matches("<tr>").count(), expected.len());
    }
}
