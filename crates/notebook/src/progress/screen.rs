//! The terminal that indicatif believes to draw on: a few lines, shown as one output.
//!
//! indicatif ends a line by filling it with spaces up to the terminal's width, and relies on the
//! terminal to wrap what comes next. So this one wraps, as terminals do, before the first character
//! that has no room.

use crate::display::{DisplayHandle, MimeBundle, display};
use indicatif::TermLike;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many characters fit beside each other.
const WIDTH: u16 = 90;
/// More bars than this are not drawn.
const HEIGHT: u16 = 60;

/// Stands in the second column of a wide character.
const TAKEN: char = '\0';

/// Whether a character takes two columns: those of East Asia, and pictures.
fn is_wide(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

/// Lines of text and a cursor, and the output that shows them.
#[derive(Debug, Default)]
pub(super) struct Screen(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    in_escape: bool,
    output: Option<DisplayHandle>,
}

impl Contents {
    fn write(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                // A colour or the like ends with a letter; plain text has none.
                _ if self.in_escape => self.in_escape = !character.is_ascii_alphabetic(),
                '\u{1b}' => self.in_escape = true,
                '\r' => self.column = 0,
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                _ => self.put(character),
            }
        }
    }

    fn put(&mut self, character: char) {
        let width = if is_wide(character) { 2 } else { 1 };
        if self.column + width > usize::from(WIDTH) {
            (self.row, self.column) = (self.row + 1, 0);
        }
        let column = self.column;
        let line = self.line();
        if line.len() < column + width {
            line.resize(column + width, ' ');
        }
        line[column] = character;
        if width == 2 {
            line[column + 1] = TAKEN;
        }
        self.column += width;
    }

    fn line(&mut self) -> &mut Vec<char> {
        if self.lines.len() <= self.row {
            self.lines.resize_with(self.row + 1, Vec::new);
        }
        &mut self.lines[self.row]
    }

    fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| {
            let line: String = line
                .iter()
                .filter(|character| **character != TAKEN)
                .collect();
            line.trim_end().to_owned()
        });
        let lines: Vec<String> = lines.collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Shows the lines; nothing before there is something to see.
    fn show(&mut self) {
        let text = self.text();
        // Plain text, which front ends set in letters of one width and whose colours they know.
        let bundle = MimeBundle::new().with("text/plain", text.as_str());
        match &self.output {
            Some(output) => output.update(&bundle),
            None if text.is_empty() => {}
            None => self.output = Some(display(&bundle)),
        }
    }
}

impl Screen {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        WIDTH
    }

    fn height(&self) -> u16 {
        HEIGHT
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        let mut contents = self.contents();
        contents.row = contents.row.saturating_sub(lines);
        Ok(())
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.contents().row += lines;
        Ok(())
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.contents().column += columns;
        Ok(())
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        let mut contents = self.contents();
        contents.column = contents.column.saturating_sub(columns);
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        let mut contents = self.contents();
        contents.write(text);
        contents.write("\n");
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.contents().write(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut contents = self.contents();
        contents.line().clear();
        contents.column = 0;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.contents().show();
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
    use std::sync::Arc;

    /// A screen that a test can look at while a bar draws on it.
    #[derive(Debug, Clone, Default)]
    pub(in crate::progress) struct Watched(Arc<Screen>);

    impl Watched {
        pub(in crate::progress) fn text(&self) -> String {
            self.0.contents().text()
        }
    }

    impl TermLike for Watched {
        fn width(&self) -> u16 {
            self.0.width()
        }
        fn height(&self) -> u16 {
            self.0.height()
        }
        fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
            self.0.move_cursor_up(lines)
        }
        fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
            self.0.move_cursor_down(lines)
        }
        fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
            self.0.move_cursor_right(columns)
        }
        fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
            self.0.move_cursor_left(columns)
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.0.write_line(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.write_str(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            self.0.clear_line()
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn watched() -> (Watched, ProgressDrawTarget) {
        let screen = Watched::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        (screen, target)
    }

    fn plain(bar: &ProgressBar, name: &'static str) {
        let style = ProgressStyle::with_template("{msg} {pos}/{len}").expect("a template");
        bar.set_style(style);
        bar.set_message(name);
    }

    #[test]
    fn a_bar_is_drawn_over_itself() {
        let (screen, target) = watched();
        let bar = ProgressBar::with_draw_target(Some(3), target);
        plain(&bar, "three 三");
        for _ in 0..3 {
            bar.inc(1);
        }
        bar.abandon();
        assert_eq!(screen.text(), "three 三 3/3");
        bar.finish_and_clear();
        assert_eq!(screen.text(), "");
    }

    #[test]
    fn fifty_threads_move_a_bar_and_several_bars_stand_below_each_other() {
        let (screen, target) = watched();
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
        assert_eq!(screen.text(), "first 50/50\nsecond 500/500");
    }
}
