//! Faults on purpose, for the tests: the kernel panics where `ASYNC_NOTEBOOK_PANIC_ON` says.

/// Names a place and a text, as `engine: a fault on purpose`.
const PANIC_ON: &str = "ASYNC_NOTEBOOK_PANIC_ON";

/// Where the kernel can be made to panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// When a cell's turn has come.
    Turn,
    /// When a cell has ended.
    End,
    /// When a cell has printed something.
    Output,
    /// When the engine begins a cell.
    Engine,
    /// When evcxr starts.
    Evcxr,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Turn => "turn",
            Place::End => "end",
            Place::Output => "output",
            Place::Engine => "engine",
            Place::Evcxr => "evcxr",
        }
    }
}

/// Panics when a test asks for it, at this place and with this text.
///
/// # Panics
/// When the variable names this place and a part of the text.
pub fn panic_on_purpose(place: Place, text: &str) {
    let Ok(asked) = std::env::var(PANIC_ON) else {
        return;
    };
    let is_meant = asked
        .split_once(": ")
        .is_some_and(|(named, part)| named == place.name() && text.contains(part));
    assert!(!is_meant, "{PANIC_ON} asks for this panic");
}
