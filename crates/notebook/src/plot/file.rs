//! Pictures as files.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Draws an SVG document as a PNG. A library that does it would be 32 crates more for every set-up; this program is a
/// package of any Linux.
const CONVERTER: &str = "rsvg-convert";

/// Writes a picture to a file: as a PNG where its name ends so, with two pixels for each of the picture's own, and as
/// the SVG document that it is otherwise.
pub(crate) fn save(svg: &str, path: &Path) -> io::Result<()> {
    if path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
    {
        png(svg, path)
    } else {
        std::fs::write(path, svg)
    }
}

fn png(svg: &str, path: &Path) -> io::Result<()> {
    let mut command = Command::new(CONVERTER);
    command
        .args(["--zoom", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut converter = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(
            error.kind(),
            format!("{CONVERTER}, which draws a PNG, is not installed: it is in the package librsvg2-bin. A name that ends with .svg needs no program"),
        ),
        _ => error,
    })?;
    // It reads all of the document before it writes.
    let sent = converter
        .stdin
        .take()
        .map_or(Ok(()), |mut input| input.write_all(svg.as_bytes()));
    let drawn = converter.wait_with_output()?;
    if !drawn.status.success() {
        let why = String::from_utf8_lossy(&drawn.stderr);
        return Err(io::Error::other(format!(
            "{CONVERTER} could not draw the picture: {}",
            why.trim()
        )));
    }
    sent?;
    std::fs::write(path, drawn.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Bars;

    #[test]
    fn a_png_is_drawn_by_a_program_and_asks_for_it_where_it_is_missing() {
        let path = std::env::temp_dir().join(format!("plot-saved-{}.png", std::process::id()));
        let saved = Bars::new("saved").bar("one", 1).save(&path);
        if Command::new(CONVERTER).arg("--version").output().is_ok() {
            saved.expect("a PNG");
            let bytes = std::fs::read(&path).expect("a file");
            assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n");
            // The width in the head of the file.
            assert_eq!(bytes[16..20], 1280_u32.to_be_bytes());
            std::fs::remove_file(path).expect("it was there");
        } else {
            let error = saved.expect_err("no program");
            assert!(error.to_string().contains("librsvg2-bin"), "{error}");
            assert!(!path.exists());
        }
    }
}
