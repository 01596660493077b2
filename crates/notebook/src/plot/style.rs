//! The one look of all pictures: colors, markers, dash patterns, sizes.
//!
//! A front end shows a picture as an `<img>`, where neither the page's style sheet nor its theme reaches it. So
//! pictures have no ground of their own, and all their colors are of middle brightness: each has a contrast of
//! at least 3:1 on a white page and on a dark one alike, and none glares.
//!
//! The colors are those of Okabe and Ito, "Color Universal Design: how to make figures and
//! presentations that are friendly to colorblind people" (2002, revised 2008), their light ones darkened and
//! black lightened as far as that takes. No reader has to rely on color: each
//! series also has a marker and a dash pattern of its own, and its name beside it.

use plotters::style::{Color as _, RGBAColor, RGBColor};

/// Width of every picture, in CSS pixels. JupyterLab does not scale an SVG down: this is what a window
/// of 1280 pixels has room for beside a wide sidebar.
pub(crate) const WIDTH: f64 = 640.0;
/// A side longer than this, in CSS pixels, is more likely a slip than a wish.
pub(crate) const LONGEST: f64 = 10_000.0;
/// Space between the card's edge and what is drawn on it.
pub(crate) const MARGIN: f64 = 20.0;

/// Text and lines on bars, which are dark enough for it.
pub(crate) const ON_BAR: RGBColor = RGBColor(255, 255, 255);
pub(crate) const INK: RGBColor = RGBColor(115, 115, 115);
pub(crate) const MUTED: RGBColor = RGBColor(120, 120, 120);
pub(crate) const AXIS: RGBColor = RGBColor(128, 128, 128);
/// Lines that only guide the eye: faint.
pub(crate) const GRID: RGBAColor = RGBAColor(128, 128, 128, 0.25);

pub(crate) const TITLE_SIZE: f64 = 16.0;
pub(crate) const TEXT_SIZE: f64 = 13.0;
pub(crate) const SMALL_SIZE: f64 = 11.5;

const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),   // blue
    RGBColor(213, 94, 0),    // vermilion
    RGBColor(0, 158, 115),   // bluish green
    RGBColor(204, 121, 167), // reddish purple
    RGBColor(184, 125, 0),   // orange, darkened
    RGBColor(59, 143, 196),  // sky blue, darkened
    RGBColor(117, 117, 117), // gray
];

// Lengths of strokes and gaps in CSS pixels. Five patterns and seven colours have no common
// divisor, so 35 series go by before one repeats.
const DASHES: [&[u32]; 5] = [&[], &[8, 4], &[2, 4], &[12, 4, 2, 4], &[5, 3]];

/// What stands for a point of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Ring,
}

const MARKERS: [Marker; 6] = [
    Marker::Circle,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::Cross,
    Marker::Ring,
];

/// The colour of series number `index`; repeats after seven.
pub(crate) fn color(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

/// The dash pattern of series number `index`; empty for an unbroken line.
pub(crate) fn dash(index: usize) -> &'static [u32] {
    DASHES[index % DASHES.len()]
}

/// The marker of series number `index`.
pub(crate) fn marker(index: usize) -> Marker {
    MARKERS[index % MARKERS.len()]
}

/// `color`, letting the ground through: `strength` 1 leaves it, 0 leaves nothing of it.
pub(crate) fn pale(color: RGBColor, strength: f64) -> RGBAColor {
    color.mix(strength)
}

/// About how wide `text` is at `size` pixels. We have no font to measure with, so this errs on
/// the wide side: a label that is thought too wide gets room, one thought too narrow is cut.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(character_width).sum::<f64>() * size
}

fn character_width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.33,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '-' | '/' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.98,
        'A'..='Z' | '&' | '<' | '>' | '+' | '=' | '…' | '×' => 0.76,
        '\u{0}'..='\u{24f}' => 0.62,
        '\u{300}'..='\u{36f}' => 0.0,
        '\u{250}'..='\u{10ff}' => 0.7,
        _ => 1.05,
    }
}

/// `text` as it is if it fits into `width` pixels, otherwise cut, with an ellipsis.
pub(crate) fn fit(text: &str, size: f64, width: f64) -> String {
    // Summing stops at the edge: a name of a megabyte costs no more than a short one.
    let room = width - text_width("…", size);
    let (mut used, mut cut) = (0.0, None);
    for (at, character) in text.char_indices() {
        used += character_width(character) * size;
        if used > room && cut.is_none() {
            cut = Some(at);
        }
        if used > width {
            let kept = text[..cut.unwrap_or(at)].trim_end();
            return format!("{kept}…");
        }
    }
    text.to_owned()
}

/// `text` on one line, or on two where one of `width` pixels is too short for it: broken at a space, and cut only
/// where both are.
pub(crate) fn one_or_two_lines(text: &str, size: f64, width: f64) -> Vec<String> {
    let fits = |text: &str| text_width(text, size) <= width;
    let spaces = text.match_indices(' ').map(|(at, _)| at);
    let broken = spaces
        .filter(|at| *at > 0)
        .take_while(|at| fits(&text[..*at]));
    match broken.last() {
        Some(at) if !fits(text) => {
            vec![
                text[..at].to_owned(),
                fit(text[at..].trim_start(), size, width),
            ]
        }
        _ => vec![fit(text, size, width)],
    }
}

/// A name as it can stand in a picture or a table: one line, without control characters, and of
/// bounded length, so that no name can blow up a picture.
pub(crate) fn clean_name(name: &str) -> String {
    const LONGEST: usize = 100;
    let mut clean: String = name
        .chars()
        .take(LONGEST + 1)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    if clean.chars().count() > LONGEST {
        clean.pop();
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_what_does_not_fit_and_leaves_what_does() {
        assert_eq!(fit("short", 13.0, 200.0), "short");
        let cut = fit(&"long ".repeat(50), 13.0, 100.0);
        assert!(
            cut.ends_with('…') && text_width(&cut, 13.0) <= 100.0,
            "{cut}"
        );
        assert_eq!(fit("anything", 13.0, 0.0), "…");
        let broken = one_or_two_lines("std::fs in one spawn_blocking", 13.0, 150.0);
        assert_eq!(broken, ["std::fs in one", "spawn_blocking"]);
        assert_eq!(one_or_two_lines("short", 13.0, 200.0), ["short"]);
    }

    #[test]
    fn names_become_one_line() {
        assert_eq!(clean_name("a\nb\0c"), "a b c");
        assert_eq!(clean_name(&"x".repeat(5000)).chars().count(), 101 - 1 + 1);
    }

    /// Contrast as WCAG 2 has it.
    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let part = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        let bright = |RGBColor(red, green, blue)| {
            0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue) + 0.05
        };
        let (one, other) = (bright(one), bright(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_color_can_be_seen_on_light_and_on_dark_pages() {
        // Pages of JupyterLab, of Visual Studio Code, of GitHub.
        let grounds = [0x00ff_ffff_u32, 0x0011_1111, 0x001e_1e1e, 0x000d_1117];
        let drawn = PALETTE.into_iter().chain([INK, MUTED, AXIS]);
        for color in drawn {
            for ground in grounds {
                let [_, red, green, blue] = ground.to_be_bytes();
                let seen = contrast(color, RGBColor(red, green, blue));
                assert!(seen >= 3.0, "{color:?} on {ground:06x}: {seen:.2}");
            }
        }
        for color in PALETTE {
            assert!(contrast(color, ON_BAR) >= 3.0, "{color:?}");
        }
        assert!(contrast(INK, RGBColor(255, 255, 255)) >= 4.5);
    }

    #[test]
    fn neighbours_differ_without_colour() {
        for index in 0..30 {
            assert_ne!(dash(index), dash(index + 1));
            assert_ne!(marker(index), marker(index + 1));
        }
    }
}
