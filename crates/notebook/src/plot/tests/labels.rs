//! No label is over another, and nothing leaves its picture, at any value.

use super::ms;
use crate::plot::style::text_width;
use crate::plot::*;
use proptest::prelude::*;

/// The place of a text, in CSS pixels: left, top, right, bottom, and the text.
type Label = (f64, f64, f64, f64, String);

/// The size of a picture and the places of all its texts.
fn boxes(svg: &str) -> (f64, f64, Vec<Label>) {
    let document = roxmltree::Document::parse(svg).expect("an SVG document");
    let root = document.root_element();
    let number = |node: &roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name)
            .expect("there")
            .parse()
            .expect("a number")
    };
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    let boxes = texts.map(|text| {
        let words = text.text().unwrap_or_default().trim().to_owned();
        let size = number(&text, "font-size") / 2.0;
        // Estimated widths are wide on purpose.
        let (width, height) = (0.88 * text_width(&words, size), 0.75 * size);
        let (x, y) = (number(&text, "x") / 2.0, number(&text, "y") / 2.0);
        let left = match text.attribute("text-anchor") {
            Some("end") => x - width,
            Some("middle") => x - width / 2.0,
            _ => x,
        };
        (
            left,
            y - height / 2.0,
            left + width,
            y + height / 2.0,
            words,
        )
    });
    (
        number(&root, "width"),
        number(&root, "height"),
        boxes.collect(),
    )
}

/// The places of all marks of a picture, and which they are.
fn marks(svg: &str) -> Vec<Label> {
    let document = roxmltree::Document::parse(svg).expect("an SVG document");
    let marks = document.descendants().filter_map(|node| {
        let number = |name: &str| node.attribute(name)?.parse::<f64>().ok();
        let points: Vec<(f64, f64)> = match node.tag_name().name() {
            "rect" => {
                let (x, y) = (number("x")?, number("y")?);
                vec![(x, y), (x + number("width")?, y + number("height")?)]
            }
            "circle" => {
                let (x, y, radius) = (number("cx")?, number("cy")?, number("r")?);
                vec![(x - radius, y - radius), (x + radius, y + radius)]
            }
            "polyline" | "polygon" => {
                let pairs = node.attribute("points")?.split_whitespace();
                let pair = |pair: &str| {
                    let (x, y) = pair.split_once(',')?;
                    Some((x.parse().ok()?, y.parse().ok()?))
                };
                pairs.map(|each| pair(each).expect("a point")).collect()
            }
            _ => return None,
        };
        let least = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).fold(f64::MAX, f64::min);
        let most = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).fold(f64::MIN, f64::max);
        let (xs, ys) = (
            (least(|p| p.0), most(|p| p.0)),
            (least(|p| p.1), most(|p| p.1)),
        );
        let class = node.attribute("class").unwrap_or_default().to_owned();
        Some((xs.0 / 2.0, ys.0 / 2.0, xs.1 / 2.0, ys.1 / 2.0, class))
    });
    marks.collect()
}

/// What is wrong with a picture: labels that overlap, and whatever leaves it. Nothing, if nothing is.
pub(crate) fn faults(svg: &str) -> Vec<String> {
    let (width, height, boxes) = boxes(svg);
    let leaves =
        |one: &Label| one.0 < -0.5 || one.1 < -0.5 || one.2 > width + 0.5 || one.3 > height + 0.5;
    let marks = marks(svg);
    let mut faults: Vec<String> = marks
        .iter()
        .filter(|mark| leaves(mark))
        .map(|mark| format!("{mark:?} leaves the picture of {width} × {height}"))
        .collect();
    for (index, one) in boxes.iter().enumerate() {
        if leaves(one) {
            faults.push(format!("{one:?} is over the edge of {width} × {height}"));
        }
        for other in &boxes[index + 1..] {
            let across = one.2.min(other.2) - one.0.max(other.0);
            let down = one.3.min(other.3) - one.1.max(other.1);
            if across > 1.0 && down > 1.0 {
                faults.push(format!("{one:?} and {other:?} overlap"));
            }
        }
    }
    faults
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        -1e3..1e3_f64,
        0.0..1e-6_f64,
        1e5..1e12_f64,
        Just(0.0),
        any::<f64>()
    ];
    prop::collection::vec(value, 1..12)
}

pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ]{0,12}", "[A-Za-z0-9 :/,.-]{0,60}", "\\PC{0,30}"]
}

#[test]
fn a_label_that_is_too_long_for_its_place_is_moved_then_cut() {
    for length in [5, 60, 400] {
        let label = "M0 ,A".repeat(length / 5);
        let bars = Bars::new("")
            .x_label(&label)
            .bar("a name that takes room", 0.0);
        assert!(faults(&bars.svg()).is_empty(), "{:#?}", faults(&bars.svg()));
        assert_eq!(bars.svg().contains(&label), length < 400);
    }
}

#[test]
fn names_of_bars_and_groups_take_two_lines_before_they_are_cut() {
    let name = "std::fs in one spawn_blocking for all of the files";
    let bars = Bars::new("").bar(name, 1).bar("tokio::fs", 2);
    let groups = Distribution::new("").group("every file in a task of its own", [1, 2]);
    for svg in [bars.svg(), groups.svg()] {
        assert!(faults(&svg).is_empty(), "{:#?}", faults(&svg));
        assert!(!svg.contains('…'), "{svg}");
    }
    assert!(bars.bar("x".repeat(90), 1).svg().contains('…'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn of_bars(title in name(), bars in prop::collection::vec((name(), -1e9..1e9_f64, 0.0..1e6_f64), 1..12), label in name(), unit in "[a-z]{0,12}", ranged in any::<bool>()) {
        let mut plot = Bars::new(title).x_label(label).x_unit(unit);
        for (name, value, spread) in bars {
            plot = if ranged { plot.bar_with_range(name, [value - spread, value, value + spread]) } else { plot.bar(name, value) };
        }
        let faults = faults(&plot.svg());
        prop_assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn of_lines(title in name(), lines in prop::collection::vec((name(), values(), values()), 1..8), label in name(), unit in "[a-z]{0,12}", log in any::<(bool, bool)>(), width in 320..1200_u32) {
        let mut plot = Lines::new(title).x_label(label.clone()).y_label(label).y_unit(unit).size(width, 200);
        if log.0 { plot = plot.log_x(); }
        if log.1 { plot = plot.log_y(); }
        for (name, xs, ys) in lines {
            plot.push(name, xs.into_iter().zip(ys));
        }
        let faults = faults(&plot.svg());
        prop_assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn of_distributions(title in name(), groups in prop::collection::vec((name(), values()), 1..6), label in name(), unit in "[a-z]{0,12}", log in any::<bool>(), view in 0..3) {
        let mut plot = Distribution::new(title).x_label(label).x_unit(unit);
        if log { plot = plot.log_x(); }
        plot.extend(groups);
        let plot = match view { 0 => plot, 1 => plot.histogram(), _ => plot.ecdf() };
        let faults = faults(&plot.svg());
        prop_assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn of_calls(title in name(), calls in prop::collection::vec((0..10_000_u64, 0..10_000_u64, name(), any::<bool>()), 1..40)) {
        let mut plot = Calls::new(title);
        for (sent, lasted, instance, failed) in calls {
            let call = Call::new(ms(sent), ms(sent + lasted)).on(instance);
            plot.push(if failed { call.failed("no answer within the limit") } else { call });
        }
        let faults = faults(&plot.svg());
        prop_assert!(faults.is_empty(), "{faults:#?}");
    }
}
