//! Commands of a cell: which lines they are, by the one rule that everything that looks at a cell uses.
//!
//! The rule is evcxr's: commands stand before the first line of Rust. A line of Rust ends them for good, so
//! `!v.is_empty()` inside a function and `:tasks` inside a string are Rust. Blank lines and lines that begin
//! with `//` may stand between commands. What begins with `::` is a path, not a command.

/// A command, or a program of the shell's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'c> {
    /// `:name arguments`; the name has its colon.
    Kernel { name: &'c str, arguments: &'c str },
    /// `!program arguments`, without the exclamation mark.
    Shell(&'c str),
}

/// A cell's code, cut where its Rust begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<'c> {
    /// The commands, each with its line, from 1.
    pub commands: Vec<(usize, Command<'c>)>,
    /// The byte where Rust begins: the beginning of a line.
    pub rust: usize,
}

/// Cuts a cell's code where its Rust begins.
pub fn split(code: &str) -> Split<'_> {
    let mut commands = Vec::new();
    let mut rust = 0;
    for (index, line) in code.split_inclusive('\n').enumerate() {
        let text = line.trim_end();
        if let Some(command) = command(text) {
            commands.push((index + 1, command));
            rust += line.len();
        } else if text.is_empty() || is_plain_comment(text) {
            rust += line.len();
        } else {
            return Split { commands, rust };
        }
    }
    // Comments alone are Rust, too, in which nothing happens.
    Split { commands, rust }
}

/// The Rust of a cell, on the lines and in the columns where it stands: an empty line in place of each command.
pub fn rust_of(code: &str) -> String {
    let Split { commands, rust } = split(code);
    if commands.is_empty() {
        return code.to_owned();
    }
    let is_command = |number: usize| commands.iter().any(|(line, _)| *line == number);
    let mut text = String::with_capacity(code.len());
    for (index, line) in code[..rust].split_inclusive('\n').enumerate() {
        match is_command(index + 1) {
            true if line.ends_with('\n') => text.push('\n'),
            true => {}
            false => text.push_str(line),
        }
    }
    text.push_str(&code[rust..]);
    text
}

/// Documentation (`///`) belongs to the Rust that follows it.
fn is_plain_comment(line: &str) -> bool {
    line.starts_with("//")
        && !line.starts_with("//!")
        && (!line.starts_with("///") || line.starts_with("////"))
}

fn command(line: &str) -> Option<Command<'_>> {
    if let Some(program) = line.strip_prefix('!') {
        let program = program.trim();
        return (!program.is_empty()).then_some(Command::Shell(program));
    }
    let text = line.trim_start_matches(' ');
    if !text.starts_with(':') || text.starts_with("::") {
        return None;
    }
    let (name, arguments) = text.split_once(' ').unwrap_or((text, ""));
    Some(Command::Kernel {
        name,
        arguments: arguments.trim(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_stand_before_rust() {
        let code = "// first\n:dep a = \"1\"\n!ls -l\n\n  :vars\nlet x = 1;\n:tasks\n!x";
        let split = split(code);
        assert_eq!(
            split.commands,
            [
                (
                    2,
                    Command::Kernel {
                        name: ":dep",
                        arguments: "a = \"1\""
                    }
                ),
                (3, Command::Shell("ls -l")),
                (
                    5,
                    Command::Kernel {
                        name: ":vars",
                        arguments: ""
                    }
                ),
            ]
        );
        assert!(code[split.rust..].starts_with("let x"));
        assert_eq!(rust_of(code), "// first\n\n\n\n\nlet x = 1;\n:tasks\n!x");
    }

    #[test]
    fn rust_that_looks_like_a_command_is_rust() {
        for code in [
            "let a =\n!v.iter().any(|b| {\nb\n});",
            "if a == 1 &&\n!(b == 3) {}",
            "\"\n:tasks\n\".len()",
            "::std::mem::drop(1)",
            "/* :vars */\n:vars",
            "!",
        ] {
            assert!(split(code).commands.is_empty(), "{code}");
            assert_eq!(rust_of(code), code);
        }
    }

    proptest! {
        #[test]
        fn lines_stay_where_they_are(code in "((:a|!b|// c|let d;|\"|  :e f|)\n){0,8}") {
            let rust = rust_of(&code);
            prop_assert_eq!(rust.matches('\n').count(), code.matches('\n').count());
            prop_assert!(code.ends_with(&code[split(&code).rust..]));
        }
    }
}
