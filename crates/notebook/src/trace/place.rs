//! Where a task was spawned, in words.

use crate::source;
use channel::CellPlace;
use std::fmt;
use std::panic::Location;

/// A place in source code: in a cell, in a library, or anywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(Option<&'static Location<'static>>);

impl Place {
    pub(crate) fn of(location: Option<&'static Location<'static>>) -> Place {
        // `collect` into a `JoinSet` spawns from within the standard library: that says nothing.
        Place(location.filter(|location| !is_std(location.file())))
    }

    /// Has the words ready for places in cells, for which the kernel has to be asked: once for all.
    pub(crate) fn learn(places: impl IntoIterator<Item = Place>) {
        source::learn(places.into_iter().filter_map(|place| place.0));
    }

    /// The cell's line in words, or the file's; `None` in libraries, and where it is not known.
    pub(crate) fn in_words(self) -> Option<String> {
        (self.0.is_some() && self.library().is_none()).then(|| self.to_string())
    }

    /// Whether it says anything.
    pub(crate) fn is_known(self) -> bool {
        self.0.is_some()
    }

    /// The library whose code this is; `None` for a cell's or a program's own.
    pub(crate) fn library(self) -> Option<&'static str> {
        library(self.0?.file())
    }
}

fn is_std(file: &str) -> bool {
    file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/library/")
}

/// The name of the library that a source file belongs to.
pub(super) fn library(file: &str) -> Option<&str> {
    if file.contains("crates/services/src/") {
        return Some("services");
    }
    // …/registry/src/index.crates.io-1949cf8c6b5b557f/hyper-util-0.1.20/src/…
    let (_, rest) = file
        .split_once("/registry/src/")
        .or_else(|| file.split_once("/git/checkouts/"))?;
    let folder = rest.split('/').nth(1).unwrap_or(rest);
    let version = folder
        .match_indices('-')
        .find(|(at, _)| folder[at + 1..].starts_with(|first: char| first.is_ascii_digit()));
    Some(version.map_or(folder, |(at, _)| &folder[..at]))
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = self.0 else {
            return formatter.write_str("unknown");
        };
        if let Some(library) = self.library() {
            return write!(formatter, "library {library}");
        }
        match source::known(place) {
            Some(CellPlace { count, line }) => {
                write!(formatter, "cell [{count}]")?;
                line.map_or(Ok(()), |line| write!(formatter, ", line {line}"))
            }
            // A generated file: its lines are not the user's.
            None if source::is_cell_source(place.file()) => formatter.write_str("a cell"),
            None => write!(formatter, "{}:{}", place.file(), place.line()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_std, library};

    #[test]
    fn libraries_are_told_from_cells() {
        let hyper = "/home/a/.cargo/registry/src/index.crates.io-1949cf/hyper-util-0.1.20/src/a.rs";
        assert_eq!(library(hyper), Some("hyper-util"));
        assert!(is_std(
            "/rustc/5980/library/core/src/iter/traits/iterator.rs"
        ));
        assert_eq!(library("/a/crates/services/src/pages.rs"), Some("services"));
        assert_eq!(library("src/lib.rs"), None);
        assert_eq!(library("crates/notebook/src/timeline/tests.rs"), None);
    }
}
