//! What lessons use daily, in one line: `use notebook::prelude::*;`
//!
//! It holds modules, types and traits of this library and [`Duration`], and no crate's name: of a crate that a
//! notebook depends on itself, such as `tokio`, a second name that comes by a `*` is ambiguous in `use` (E0659).
//! Our kernel has the crates in scope already; elsewhere `use notebook::{tokio, futures};` names them. A name
//! of your own comes before one from here.
//!
//! ```
//! use notebook::prelude::*;
//!
//! let bars = Bars::new("Waits").bar("short", ms(20)).bar("long", Duration::from_secs(1));
//! display(&bars);
//! ```

// `display` is the function and the module.
pub use crate::display::{Html, Json, Markdown, MimeBundle, RichDisplay, display};
pub use crate::exercise::{self, Exercise, Failure, Item, Work, ms};
pub use crate::measure::{self, Compare, timed};
pub use crate::plot::{
    self, Bars, Call, Calls, Canvas, Distribution, Lines, Summary, Table, draw, format_duration,
    theme,
};
pub use crate::timeline::{self, Named};
pub use crate::{input, progress, quiz, services, tasks};
pub use std::time::Duration;
