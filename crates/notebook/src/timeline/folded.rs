//! The picture of very many: rows folded by their name or by the place of their spawn, thin lines
//! within each group.

use super::key;
use super::marks;
use super::picture::TOP;
use super::recording::Recording;
use super::row::Row;
use super::tree::{self, Group, Line};
use crate::plot::across::Across;
use crate::plot::sheet::{Label, Sheet};
use crate::plot::style::{AXIS, GRID, INK, MARGIN, WIDTH};
use crate::text::count;
use crate::trace::recorder::Outcome;

/// Height of a thin line, and the least of a group, whose name must fit.
const THIN: f64 = 4.0;
const LEAST: f64 = 34.0;
/// Two polls nearer to each other than this, in pixels, are drawn as one.
const GAP: f64 = 3.0;
const NAMES: f64 = 150.0;
const BESIDE: f64 = 156.0;

pub(super) fn svg(recording: &Recording, lines: &[Line<'_>]) -> String {
    let (groups, more) = tree::groups(lines);
    let drawn: Vec<Vec<Line<'_>>> = groups
        .iter()
        .map(|group| group.drawn(lines.len()))
        .collect();
    let height = |lines: &[Line<'_>]| (THIN * lines.len() as f64 + 10.0).max(LEAST);
    let end = TOP + drawn.iter().map(|lines| height(lines)).sum::<f64>();
    let shown = drawn.iter().map(Vec::len).sum::<usize>();
    let mut notes = recording.notes();
    if shown < lines.len() {
        notes.push(format!(
            "{shown} of the {} are drawn, evenly chosen.",
            count(lines.len(), "row", "rows")
        ));
    }
    if more > 0 {
        notes.push(format!(
            "Not drawn: {} more.",
            count(more, "group", "groups")
        ));
    }
    let rows = lines.iter().map(|line| line.row);
    let entries = key::entries(rows, recording.threshold, false);
    recording.paint(end, &entries, notes, |sheet| {
        let sides = (MARGIN + NAMES + 10.0, WIDTH - MARGIN - BESIDE);
        let across = Across::of_time(recording.elapsed, sides);
        recording.draw_band(sheet, &across, end);
        across.draw(sheet, (TOP, end), 6, "");
        let mut y = TOP;
        for (index, (group, lines)) in groups.iter().zip(&drawn).enumerate() {
            if index > 0 {
                let line = [(MARGIN, y), (WIDTH - MARGIN, y)];
                sheet.line("between", &line, GRID, 1.0);
            }
            draw_group(sheet, group, lines, &across, y);
            y += height(lines);
        }
    })
}

fn draw_group(
    sheet: &mut Sheet<'_>,
    group: &Group<'_>,
    lines: &[Line<'_>],
    across: &Across,
    top: f64,
) {
    let (first, second) = (top + 11.0, top + 25.0);
    let (name, beside) = (Label::TEXT.fit(&group.name, NAMES), across.right + 16.0);
    if let [only] = group.all.as_slice() {
        let middle = top + LEAST / 2.0;
        sheet.text(&name, (MARGIN, middle), Label::TEXT);
        marks::draw_row(sheet, only.row, across, (middle, 7.0), &|_| None);
        sheet.text(&marks::label(only.row), (beside, middle), Label::SMALL);
        return;
    }
    sheet.text(&name, (MARGIN, first), Label::TEXT);
    let number = format!("{} of them", group.all.len());
    sheet.text(&number, (MARGIN, second), Label::SMALL);
    for (index, line) in lines.iter().enumerate() {
        let middle = top + 5.0 + THIN * (index as f64 + 0.5);
        draw_thin(sheet, line.row, across, middle);
    }
    let median = format!("median {}", group.median());
    sheet.text(&median, (beside, first), Label::SMALL);
    sheet.fitted(&group.ends(), (beside, second), Label::SMALL, BESIDE - 10.0);
}

fn draw_thin(sheet: &mut Sheet<'_>, row: &Row, across: &Across, middle: f64) {
    let (from, to) = (across.x_of(row.began), across.x_of(row.until));
    let line = [(from, middle), (to.max(from + 1.0), middle)];
    sheet.line("waiting", &line, AXIS, 1.0);
    for (span, (from, to)) in marks::merged(row, across, GAP) {
        let blocking = span.is_some_and(|span| row.blocking.contains(span));
        let (class, color) = if blocking {
            ("blocking", marks::blocking_color())
        } else {
            ("poll", marks::poll_color())
        };
        let half = THIN / 2.0 - 0.5;
        sheet.rectangle(class, (from, middle - half), (to, middle + half), color);
    }
    if matches!(row.outcome, Outcome::Cancelled | Outcome::Panicked) {
        let half = THIN / 2.0;
        sheet.rectangle(
            "cancelled",
            (to, middle - half),
            (to + 3.0, middle + half),
            INK,
        );
    }
}
