//! Content from files.

use super::{Audio, Html, Jpeg, Markdown, Png, Svg};
use std::io;
use std::path::Path;

/// An error that names the file.
fn about<'a>(path: &'a Path) -> impl FnOnce(io::Error) -> io::Error + 'a {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

macro_rules! from_file {
    ($($kind:ident by $read:path),* $(,)?) => {$(
        impl $kind {
            /// Reads the content from a file.
            ///
            /// # Errors
            /// When the file cannot be read; the error names it.
            pub fn from_file(path: impl AsRef<Path>) -> io::Result<Self> {
                let path = path.as_ref();
                $read(path).map($kind::new).map_err(about(path))
            }
        }
    )*};
}
from_file!(
    Html by std::fs::read_to_string,
    Markdown by std::fs::read_to_string,
    Svg by std::fs::read_to_string,
    Png by std::fs::read,
    Jpeg by std::fs::read,
);

impl Audio {
    /// Reads sound from a file, whose name ends with `.wav`, `.mp3`, `.ogg`, `.flac` or `.m4a`.
    ///
    /// # Errors
    /// When the file cannot be read, or its name has another ending; the error names it.
    pub fn from_file(path: impl AsRef<Path>) -> io::Result<Audio> {
        let path = path.as_ref();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let mime_type = match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("wav") => "audio/wav",
            Some("mp3") => "audio/mpeg",
            Some("ogg" | "oga") => "audio/ogg",
            Some("flac") => "audio/flac",
            Some("m4a") => "audio/mp4",
            _ => {
                let error = "the name of a sound's file ends with .wav, .mp3, .ogg, .flac or .m4a";
                return Err(about(path)(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    error,
                )));
            }
        };
        let bytes = std::fs::read(path).map_err(about(path))?;
        Ok(Audio::new(mime_type, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = Png::from_file("nowhere/disc.png").expect_err("it is not there");
        assert!(error.to_string().contains("nowhere/disc.png"), "{error}");
        let error = Audio::from_file("song.txt").expect_err("no sound");
        assert!(error.to_string().contains(".wav"), "{error}");
    }
}
