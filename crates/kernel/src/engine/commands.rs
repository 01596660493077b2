//! The commands that are ours and not evcxr's: what code they stand for, and their help.

use crate::event::{Answer, Completion};

/// Each command as a user types it, and what it does.
pub const HELP: &[(&str, &str)] = &[
    (
        ":console",
        "Let tokio-console, in a terminal, look at the tasks",
    ),
    (":tasks", "List the tasks that run in the background"),
    (
        ":tasks cancel",
        "Cancel a task by its number in that list, or all",
    ),
    (
        ":timeline on",
        "Show a timeline below every cell from now on",
    ),
    (":timeline off", "Show no timelines below cells any more"),
    (
        ":cache",
        "Show how many compiled cells are kept; `:cache clear` throws them away",
    ),
    (
        ":version",
        "Print the versions of the kernel, evcxr, the compiler and the system, for a report",
    ),
    (
        ":quit",
        "Nothing: a kernel is ended from JupyterLab's Kernel menu",
    ),
    (
        ":toolchain",
        "Nothing: a kernel keeps the toolchain that it has started with",
    ),
];

/// The names of these commands.
pub fn names() -> impl Iterator<Item = &'static str> {
    HELP.iter().map(|(name, _)| *name)
}

/// The code that a command stands for, when it is one of these; `is_alone`: when nothing else is in its cell.
pub fn code(name: &str, arguments: &str, is_alone: bool) -> Option<String> {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let code = match (name, arguments.as_slice()) {
        (":tasks", []) if is_alone => "::notebook::tasks::list()".to_owned(),
        (":tasks", []) => "::notebook::tasks::list().cell_value().evcxr_display();".to_owned(),
        (":tasks", ["cancel", which]) => {
            format!("::notebook::tasks::cancel_and_say({which:?});")
        }
        (":tasks", _) => say("Say `:tasks`, `:tasks cancel 12` or `:tasks cancel all`."),
        (":timeline", ["on"]) => "::notebook::timeline::on();".to_owned(),
        (":timeline", ["off"]) => "::notebook::timeline::off();".to_owned(),
        (":console", []) => "::notebook::console::start_and_say();".to_owned(),
        (":console", _) => say("Say `:console`, and then `tokio-console` in a terminal."),
        (":cache" | ":version", _) => say("Run this command in a cell of its own."),
        (":timeline", _) => say("Say `:timeline on` or `:timeline off`."),
        // evcxr's own would end the kernel itself, and the front end would not know why.
        (":quit", _) => say(
            "Nothing was ended. A kernel is shut down or restarted from JupyterLab's Kernel menu.",
        ),
        // The library that is loaded was built by the one that there is.
        (":toolchain", _) => say(
            "A kernel keeps the toolchain that it has started with. Choose another one with rustup, and restart the kernel.",
        ),
        _ => return None,
    };
    Some(code)
}

fn say(text: &str) -> String {
    format!("println!(\"{{}}\", {text:?});")
}

/// Adds these commands to an answer, where the line before the cursor begins one.
pub fn complete(answer: &mut Answer, code: &str, byte_offset: usize) {
    let Some(before) = code.get(..byte_offset) else {
        return;
    };
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let typed = &before[line..];
    if !typed.starts_with(':') {
        return;
    }
    let own = HELP.iter().filter(|(name, _)| name.starts_with(typed));
    let own: Vec<Completion> = own
        .map(|(name, help)| Completion {
            text: (*name).to_owned(),
            kind: "command".to_owned(),
            label: (*help).to_owned(),
        })
        .collect();
    match answer {
        Answer::Completions { matches, start, .. } if *start == line && !matches.is_empty() => {
            matches.retain(|known| own.iter().all(|own| own.text != known.text));
            matches.extend(own);
        }
        _ if own.is_empty() => {}
        _ => {
            *answer = Answer::Completions {
                matches: own,
                start: line,
                end: byte_offset,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_code_and_others_do_not() {
        let list = code(":tasks", "", true).expect("a command");
        assert_eq!(list, "::notebook::tasks::list()");
        let cancel = code(":tasks", "cancel  12", false).expect("a command");
        assert_eq!(cancel, "::notebook::tasks::cancel_and_say(\"12\");");
        // What is no number reaches the library as text, and not as code.
        let odd = code(":tasks", r#"cancel "); panic!("#, true).expect("a command");
        assert!(odd.starts_with("println!"), "{odd}");
        for name in [":vars", ":taskset"] {
            assert_eq!(code(name, "", true), None, "{name}");
        }
    }

    #[test]
    fn what_is_typed_goes_on() {
        let complete = |mut answer: Answer, code: &str| {
            super::complete(&mut answer, code, code.len());
            match answer {
                Answer::Completions { matches, start, .. } => {
                    let texts: Vec<String> = matches.into_iter().map(|it| it.text).collect();
                    (start, texts)
                }
                _ => (0, Vec::new()),
            }
        };
        let (start, texts) = complete(Answer::Nothing, "1;\n:timeline of");
        assert_eq!(
            (start, texts.as_slice()),
            (3, [":timeline off".to_owned()].as_slice())
        );
        assert!(complete(Answer::Nothing, "tasks").1.is_empty());
        let evcxr = Answer::Completions {
            matches: vec![Completion {
                text: ":type".to_owned(),
                kind: "command".to_owned(),
                label: String::new(),
            }],
            start: 0,
            end: 2,
        };
        let (_, texts) = complete(evcxr, ":t");
        assert_eq!(texts.len(), 6, "{texts:?}");
    }
}
