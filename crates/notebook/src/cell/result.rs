//! How a cell's last value comes to be shown.
//!
//! The kernel writes `(value).cell_value().evcxr_display()`:
//! of a [`Value`] the compiler takes the method below where the type is [`RichDisplay`], and looks at the
//! type itself where it is not. There it finds a method of the type's own, as types for evcxr have, or that
//! of [`CellDisplay`](super), which shows the `Debug` text. So `impl RichDisplay for T` is enough, also
//! for a type that is `Debug`.

use super::end_with;
use crate::display::RichDisplay;
use std::ops::Deref;

/// What a cell's last expression gave. It is not `Debug` on purpose: it would be shown in the value's place.
#[doc(hidden)]
pub struct Value<'a, T: ?Sized>(&'a T);

impl<T: RichDisplay + ?Sized> Value<'_, T> {
    pub fn evcxr_display(&self) {
        self.0.evcxr_display();
    }
}

impl<E: std::fmt::Debug> Value<'_, Result<(), E>> {
    pub fn evcxr_display(&self) {
        end_with(self.0);
    }
}

impl<T: ?Sized> Deref for Value<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0
    }
}

/// Makes any value a [`Value`].
#[doc(hidden)]
pub trait CellValue {
    /// The value, to be shown.
    fn cell_value(&self) -> Value<'_, Self> {
        Value(self)
    }
}

impl<T: ?Sized> CellValue for T {}

#[cfg(test)]
mod tests {
    use super::CellValue;
    use crate::display::{MimeBundle, RichDisplay};
    use std::cell::Cell;

    thread_local! {
        static SHOWN: Cell<&'static str> = const { Cell::new("") };
    }

    /// Stands for `CellDisplay`.
    trait Debugged {
        fn evcxr_display(&self);
    }

    impl<T: std::fmt::Debug + ?Sized> Debugged for T {
        fn evcxr_display(&self) {
            SHOWN.set("debug");
        }
    }

    #[derive(Debug)]
    struct Rich;

    impl RichDisplay for Rich {
        fn mime_bundle(&self) -> MimeBundle {
            SHOWN.set("rich");
            MimeBundle::new()
        }
    }

    struct Bare;

    impl RichDisplay for Bare {
        fn mime_bundle(&self) -> MimeBundle {
            SHOWN.set("rich, not debug");
            MimeBundle::new()
        }
    }

    #[derive(Debug)]
    struct ForEvcxr;

    impl ForEvcxr {
        fn evcxr_display(&self) {
            SHOWN.set("its own");
        }
    }

    #[test]
    fn the_richest_form_wins() {
        (Rich).cell_value().evcxr_display();
        assert_eq!(SHOWN.take(), "rich");
        let reference = &Rich;
        (reference).cell_value().evcxr_display();
        assert_eq!(SHOWN.take(), "rich");
        (Bare).cell_value().evcxr_display();
        assert_eq!(SHOWN.take(), "rich, not debug");
        (ForEvcxr).cell_value().evcxr_display();
        assert_eq!(SHOWN.take(), "its own");
        (5).cell_value().evcxr_display();
        assert_eq!(SHOWN.take(), "debug");
        let kept = "text".to_owned();
        (kept).cell_value().evcxr_display();
        assert_eq!((SHOWN.take(), kept.as_str()), ("debug", "text"));
    }
}
