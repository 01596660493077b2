//! The terminal that indicatif draws on: its own one in memory, whose text is shown as one output.

use crate::display::{DisplayHandle, MimeBundle, display};
use indicatif::{InMemoryTerm, TermLike};
use std::io;
use std::sync::{Mutex, PoisonError};

/// How many characters fit beside each other.
const WIDTH: u16 = 100;
/// How many bars fit below each other. indicatif draws no more.
const HEIGHT: u16 = 60;

/// A few lines of text, and the output that shows them.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: InMemoryTerm,
    output: Mutex<Option<DisplayHandle>>,
}

impl Default for Screen {
    fn default() -> Self {
        Screen {
            terminal: InMemoryTerm::new(HEIGHT, WIDTH),
            output: Mutex::default(),
        }
    }
}

impl Screen {
    /// Shows the lines; nothing before there is something to see.
    fn show(&self) {
        // It notes what was drawn, for tests; nobody asks for it here.
        let _ = self.terminal.moves_since_last_check();
        let formatted = self.terminal.contents_formatted();
        let text = in_colors(&String::from_utf8_lossy(&formatted));
        // Plain text, which front ends set in letters of one width and whose colors they know.
        let bundle = MimeBundle::new().with("text/plain", text.as_str());
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        match output.as_ref() {
            Some(output) => output.update(&bundle),
            None if text.is_empty() => {}
            None => *output = Some(display(&bundle)),
        }
    }
}

/// What a terminal is told, as text: colors stay, and where it skips columns there are spaces. Colors that
/// nothing follows go, and with them what would make an empty line a full one.
fn in_colors(told: &str) -> String {
    let mut lines = Vec::new();
    for line in told.lines() {
        let mut text = String::new();
        // What was last written that can be seen.
        let mut seen = 0;
        let mut colored = false;
        let mut rest = line;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if character != '\u{1b}' {
                text.push(character);
                if !character.is_whitespace() {
                    seen = text.len();
                }
                continue;
            }
            // ESC [ numbers letter
            let Some(end) = rest.find(|character: char| character.is_ascii_alphabetic()) else {
                break;
            };
            let (numbers, letter) = (&rest[1.min(end)..end], &rest[end..=end]);
            rest = &rest[end + 1..];
            match letter {
                "m" => {
                    colored = !matches!(numbers, "" | "0");
                    text.push_str(&format!("\u{1b}[{numbers}m"));
                    if !colored {
                        seen = if seen == 0 { 0 } else { text.len() };
                    }
                }
                "C" => text.push_str(&" ".repeat(numbers.parse().unwrap_or(1))),
                _ => {}
            }
        }
        text.truncate(seen);
        if colored && seen > 0 {
            text.push_str("\u{1b}[m");
        }
        lines.push(text.trim_end().to_owned());
    }
    lines.join("\n").trim_end().to_owned()
}

macro_rules! draws_on_terminal {
    ($($does:ident($($given:ident: $kind:ty)?)),* $(,)?) => {$(
        fn $does(&self $(, $given: $kind)?) -> io::Result<()> {
            self.terminal.$does($($given)?)
        }
    )*};
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        WIDTH
    }

    fn height(&self) -> u16 {
        HEIGHT
    }

    draws_on_terminal! {
        move_cursor_up(lines: usize),
        move_cursor_down(lines: usize),
        move_cursor_right(columns: usize),
        move_cursor_left(columns: usize),
        write_line(text: &str),
        write_str(text: &str),
        clear_line(),
    }

    fn flush(&self) -> io::Result<()> {
        self.show();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

    fn watched() -> (InMemoryTerm, ProgressDrawTarget) {
        let screen = Screen::default();
        let terminal = screen.terminal.clone();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen), 255);
        (terminal, target)
    }

    fn plain(bar: &ProgressBar, name: &'static str) {
        let style = ProgressStyle::with_template("{msg} {pos}/{len}").expect("a template");
        bar.set_style(style);
        bar.set_message(name);
    }

    #[test]
    fn a_bar_is_drawn_over_itself() {
        let (terminal, target) = watched();
        let bar = ProgressBar::with_draw_target(Some(3), target);
        plain(&bar, "three 三");
        for _ in 0..3 {
            bar.inc(1);
        }
        bar.abandon();
        assert_eq!(terminal.contents(), "three 三 3/3");
        bar.finish_and_clear();
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn several_bars_stand_below_each_other() {
        let (terminal, target) = watched();
        let bars = MultiProgress::with_draw_target(target);
        let (first, second) = (
            bars.add(ProgressBar::new(50)),
            bars.add(ProgressBar::new(500)),
        );
        plain(&first, "first");
        plain(&second, "second");
        std::thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| {
                    first.inc(1);
                    second.inc(10);
                });
            }
        });
        first.abandon();
        second.abandon();
        assert_eq!(terminal.contents(), "first 50/50\nsecond 500/500");
    }

    #[test]
    fn our_bars_have_colors_and_say_how_fast_and_how_long() {
        let (terminal, target) = watched();
        let bar = crate::progress::styled(
            ProgressBar::with_draw_target(Some(40), target),
            crate::progress::BAR,
        );
        bar.inc(20);
        bar.force_draw();
        let text = in_colors(&String::from_utf8_lossy(&terminal.contents_formatted()));
        assert!(text.contains("\u{1b}[34m█"), "{text:?}");
        let plain = terminal.contents();
        assert!(
            plain.contains("50 %") && plain.contains("/s") && plain.contains(" left"),
            "{plain}"
        );
        assert!(!text.contains("[H") && !text.ends_with(' '), "{text:?}");
    }

    #[test]
    fn a_spinner_that_is_given_a_length_says_how_far_it_is() {
        let (terminal, target) = watched();
        let spinner = crate::progress::styled(
            ProgressBar::with_draw_target(None, target),
            crate::progress::SPINNER,
        );
        spinner.inc(5);
        spinner.force_draw();
        assert!(
            !terminal.contents().contains('%'),
            "{}",
            terminal.contents()
        );
        spinner.set_length(20);
        spinner.force_draw();
        assert!(
            terminal.contents().contains("5 of 20, 25 %"),
            "{}",
            terminal.contents()
        );
    }

    #[test]
    fn of_what_a_terminal_is_told_colors_and_places_stay() {
        let told = "\u{1b}[34mab\u{1b}[3Cc\u{1b}[m\u{1b}[10C\n\u{1b}[m\n";
        assert_eq!(in_colors(told), "\u{1b}[34mab   c\u{1b}[m");
    }
}
