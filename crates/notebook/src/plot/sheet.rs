//! The card that a picture is drawn on: plotters' SVG backend, and what it cannot say itself.
//!
//! plotters knows no dash patterns, rounded corners, classes or text alternatives. So a [`Sheet`]
//! notes these beside each element as it is drawn, and [`paint`] adds them at the end. This
//! relies on two habits of plotters' SVG backend, which the tests below hold it to: every
//! element begins on a line of its own, and everything that is drawn gives one element.

use std::fmt::Write as _;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont as _, RGBColor, ShapeStyle, TextStyle};

use super::style::{self, INK, MARGIN, MUTED, ON_BAR, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, WIDTH};
use crate::text::{escape, only_xml_characters};

/// plotters places things on whole units. With two units to a CSS pixel, half pixels are possible.
const UNITS: f64 = 2.0;

/// Bold letters are a tenth wider.
const BOLD: f64 = 1.1;

/// Height of a line at a card's foot.
pub(crate) const NOTE: f64 = 17.0;

/// A place in a picture, in CSS pixels from its upper left corner.
pub(crate) type Spot = (f64, f64);

/// plotters divides a font's size by this before writing it down.
const FONT_FACTOR: f64 = 1.24;

/// Draws a picture of this size, width and height in CSS pixels, without a ground of its own.
///
/// `title` and `description` become the picture's text alternative.
pub(crate) fn paint(
    (width, height): (f64, f64),
    title: &str,
    description: &str,
    draw: impl FnOnce(&mut Sheet<'_>),
) -> String {
    let size = (units(width).max(1) as u32, units(height).max(1) as u32);
    let mut raw = String::new();
    let mut sheet = Sheet {
        backend: SVGBackend::with_string(&mut raw, size),
        notes: Vec::new(),
        width,
    };
    let (room, heading) = (width - 2.0 * MARGIN, Label::TEXT.bold());
    // A long title is set smaller before it is cut.
    let large = heading.sized(TITLE_SIZE);
    let fits = large.width(title) <= room;
    let heading = if fits { large } else { heading };
    sheet.fitted(title, (MARGIN, 26.0), heading, room);
    draw(&mut sheet);
    let notes = sheet.finish();
    let head = head((width, height), UNITS, title, description);
    assemble(&head, &raw, &notes)
}

/// A card with nothing but a title and a sentence: what is missing, and how to give it.
pub(crate) fn paint_message(title: &str, message: &str) -> String {
    paint((WIDTH, 80.0), title, message, |sheet| {
        sheet.footnotes(54.0, &[message.to_owned()])
    })
}

/// The opening tag of a picture with its text alternative.
pub(crate) fn head(size: (f64, f64), scale: f64, title: &str, description: &str) -> String {
    let (width, height) = size;
    let (title, description) = (escape(title), escape(description));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{title}\" font-family=\"sans-serif\" \
         style=\"max-width:100%;height:auto\">\n<title>{title}</title>\n<desc>{description}</desc>\n",
        width * scale,
        height * scale,
    )
}

/// The same picture with what plotters drew on an area of its size.
pub(crate) fn with_drawing(svg: &str, elements: &str) -> String {
    let picture = svg.trim_end();
    let picture = picture.strip_suffix("</svg>").unwrap_or(picture);
    format!("{picture}<g class=\"drawing\" transform=\"scale({UNITS})\">\n{elements}</g>\n</svg>\n")
}

/// The same picture with another description.
pub(crate) fn with_description(svg: &str, description: &str) -> String {
    let parts = svg.split_once("<desc>").and_then(|(before, rest)| {
        let (_, after) = rest.split_once("</desc>")?;
        Some((before, after))
    });
    parts.map_or_else(
        || svg.to_owned(),
        |(before, after)| format!("{before}<desc>{}</desc>{after}", escape(description)),
    )
}

/// The finished picture: `head`, then what plotters wrote, with the notes put in.
fn assemble(head: &str, raw: &str, notes: &[String]) -> String {
    let mut svg = String::with_capacity(head.len() + raw.len());
    svg.push_str(head);
    let mut notes = notes.iter();
    for line in raw.lines().skip(1) {
        if !line.starts_with('<') || line.starts_with("</") {
            svg.push_str(line);
        } else {
            // What every element would repeat stands once, in the head.
            let line = line
                .replace(" opacity=\"1\"", "")
                .replace(" font-family=\"sans-serif\"", "");
            let end = line
                .find("/>")
                .or_else(|| line.find('>'))
                .unwrap_or(line.len());
            svg.push_str(&line[..end]);
            svg.push_str(notes.next().map_or("", String::as_str));
            svg.push_str(&line[end..]);
        }
        if line.starts_with("</") || line.ends_with("/>") {
            svg.push('\n');
        }
    }
    only_xml_characters(&svg)
}

fn units(pixels: f64) -> i32 {
    // `as` saturates and takes NaN to 0, so nothing that arrives here can overflow.
    (pixels * UNITS).round() as i32
}

fn place((x, y): Spot) -> (i32, i32) {
    (units(x), units(y))
}

/// How a text looks, and which of its points stands at the given place.
#[derive(Clone, Copy)]
pub(crate) struct Label {
    size: f64,
    color: RGBColor,
    anchor: HPos,
    bold: bool,
}

impl Label {
    /// Names and values.
    pub(crate) const TEXT: Label = Label::of(TEXT_SIZE, INK);
    /// What explains.
    pub(crate) const SMALL: Label = Label::of(SMALL_SIZE, MUTED);

    const fn of(size: f64, color: RGBColor) -> Label {
        Label {
            size,
            color,
            anchor: HPos::Left,
            bold: false,
        }
    }

    pub(crate) const fn bold(mut self) -> Label {
        self.bold = true;
        self
    }

    /// For text on a dark bar.
    pub(crate) const fn on_bar(mut self) -> Label {
        self.color = ON_BAR;
        self
    }

    pub(crate) const fn sized(mut self, size: f64) -> Label {
        self.size = size;
        self
    }

    pub(crate) const fn ends_here(mut self) -> Label {
        self.anchor = HPos::Right;
        self
    }

    pub(crate) const fn centered(mut self) -> Label {
        self.anchor = HPos::Center;
        self
    }

    /// The size that letters of regular weight would have at the same width.
    fn breadth(self) -> f64 {
        self.size * if self.bold { BOLD } else { 1.0 }
    }

    /// About how wide `text` is.
    pub(crate) fn width(self, text: &str) -> f64 {
        style::text_width(text, self.breadth())
    }

    /// The width of the widest of these texts.
    pub(crate) fn widest(self, texts: impl Iterator<Item = impl AsRef<str>>) -> f64 {
        texts.fold(0.0, |widest, text| self.width(text.as_ref()).max(widest))
    }

    /// `text` on one line, or on two where one has no room for it.
    pub(crate) fn lines(self, text: &str, room: f64) -> Vec<String> {
        style::one_or_two_lines(text, self.breadth(), room)
    }

    /// `text` cut to `room` pixels.
    pub(crate) fn fit(self, text: &str, room: f64) -> String {
        style::fit(text, self.breadth(), room)
    }
}

/// A card being drawn on. Places and sizes are CSS pixels from its upper left corner.
pub(crate) struct Sheet<'a> {
    backend: SVGBackend<'a>,
    notes: Vec<String>,
    width: f64,
}

// Errors are dropped throughout: the backend writes to a String, which cannot fail.
impl Sheet<'_> {
    pub(crate) fn width(&self) -> f64 {
        self.width
    }

    fn finish(mut self) -> Vec<String> {
        _ = self.backend.present();
        self.notes
    }

    /// A filled rectangle.
    pub(crate) fn rectangle(&mut self, class: &str, from: Spot, to: Spot, fill: impl Color) {
        self.notes.push(format!(" class=\"{class}\""));
        let (from, to) = (place(from), place(to));
        _ = self.backend.draw_rect(from, to, &fill.filled(), true);
    }

    /// A line through `points`, `width` pixels wide.
    pub(crate) fn line(&mut self, class: &str, points: &[Spot], color: impl Color, width: f64) {
        self.dashed(class, points, color, width, &[]);
    }

    /// The same with strokes and gaps of these lengths.
    pub(crate) fn dashed(
        &mut self,
        class: &str,
        points: &[Spot],
        color: impl Color,
        width: f64,
        dash: &[u32],
    ) {
        let mut note = format!(" class=\"{class}\"");
        if !dash.is_empty() {
            let lengths = dash.iter().map(|length| f64::from(*length) * UNITS);
            let lengths: Vec<String> = lengths.map(|length| length.to_string()).collect();
            _ = write!(note, " stroke-dasharray=\"{}\"", lengths.join(" "));
        }
        note.push_str(" stroke-linejoin=\"round\"");
        self.notes.push(note);
        let stroke = ShapeStyle::from(&color).stroke_width(units(width).max(1) as u32);
        let points = points.iter().copied().map(place);
        _ = self.backend.draw_path(points, &stroke);
    }

    /// Two strokes that cross.
    pub(crate) fn cross(
        &mut self,
        class: &str,
        (x, y): Spot,
        half: f64,
        color: RGBColor,
        width: f64,
    ) {
        let ((left, right), (top, bottom)) = ((x - half, x + half), (y - half, y + half));
        let path = [
            (left, top),
            (right, bottom),
            (x, y),
            (left, bottom),
            (right, top),
        ];
        self.line(class, &path, color, width);
    }

    /// A disc, or with `filled` false a ring.
    pub(crate) fn circle(
        &mut self,
        class: &str,
        centre: Spot,
        radius: f64,
        color: RGBColor,
        filled: bool,
    ) {
        self.notes.push(format!(" class=\"{class}\""));
        let ring = color.stroke_width(units(1.5) as u32);
        let style = if filled { color.filled() } else { ring };
        let (centre, radius) = (place(centre), units(radius).max(1) as u32);
        _ = self.backend.draw_circle(centre, radius, &style, filled);
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, class: &str, points: &[Spot], fill: RGBColor) {
        self.notes.push(format!(" class=\"{class}\""));
        let points = points.iter().copied().map(place);
        _ = self.backend.fill_polygon(points, &fill.filled());
    }

    /// A square that stands on a corner.
    pub(crate) fn diamond(&mut self, class: &str, (x, y): Spot, half: f64, fill: RGBColor) {
        let corners = [(x, y - half), (x + half, y), (x, y + half), (x - half, y)];
        self.polygon(class, &corners, fill);
    }

    /// One line of text whose middle height is at `at`.
    pub(crate) fn text(&mut self, text: &str, at: Spot, label: Label) {
        let text = style::clean_name(text);
        if text.trim().is_empty() {
            return;
        }
        self.notes.push(String::new());
        // Nothing leaves the picture: what comes too near an edge is moved, and what is wider than the picture is cut.
        let text = label.fit(&text, self.width - 4.0);
        let width = label.width(&text);
        let before = match label.anchor {
            HPos::Left => 0.0,
            HPos::Center => width / 2.0,
            HPos::Right => width,
        };
        let (x, y) = at;
        let last = self.width - 2.0 - width + before;
        let x = x.clamp(before + 2.0, last.max(before + 2.0));
        let mut font = ("sans-serif", label.size * UNITS * FONT_FACTOR).into_font();
        if label.bold {
            font = font.style(FontStyle::Bold);
        }
        let style = TextStyle::from(font)
            .color(&label.color)
            .pos(Pos::new(label.anchor, VPos::Center));
        _ = self.backend.draw_text(&text, &style, place((x, y)));
    }

    /// The same, cut to `room` pixels.
    pub(crate) fn fitted(&mut self, text: &str, at: Spot, label: Label, room: f64) {
        self.text(&label.fit(text, room), at, label);
    }

    /// Small lines of text at the foot of the card, the first of them at height `y`.
    pub(crate) fn footnotes(&mut self, y: f64, lines: &[String]) {
        let room = self.width - 2.0 * MARGIN;
        for (index, line) in lines.iter().enumerate() {
            let at = (MARGIN, y + NOTE * index as f64);
            self.fitted(line, at, Label::SMALL, room);
        }
    }
}
