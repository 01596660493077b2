//! The pictures as documents: well-formed, not too large, and with the numbers that went in.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

pub(crate) mod labels;

/// Bytes; a notebook keeps every picture in its file.
const LARGEST: usize = 60_000;

fn elements(svg: &str, class: &str) -> usize {
    assert!(svg.len() < LARGEST, "{} bytes", svg.len());
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let has_class = |node: &roxmltree::Node<'_, '_>| node.attribute("class") == Some(class);
    document.descendants().filter(has_class).count()
}

fn points_of_lines(svg: &str) -> Vec<usize> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let lines = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("line"));
    lines
        .map(|line| {
            line.attribute("points")
                .unwrap_or("")
                .split_whitespace()
                .count()
        })
        .collect()
}

fn texts(svg: &str) -> String {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    texts
        .filter_map(|text| text.text())
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n")
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn bars_have_the_lengths_of_their_values() {
    let bars = Bars::new("waits").bar("one", ms(300)).bar("both", ms(100));
    let svg = bars.svg();
    assert_eq!(elements(&svg, "bar"), 2);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let width =
        |bar: roxmltree::Node<'_, '_>| bar.attribute("width").unwrap().parse::<f64>().unwrap();
    let widths: Vec<f64> = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("bar"))
        .map(width)
        .collect();
    assert!((widths[0] / widths[1] - 3.0).abs() < 0.02, "{widths:?}");
    assert!(texts(&svg).contains("300 ms") && bars.to_string().contains("300 ms"));
}

#[test]
fn lines_have_a_vertex_for_each_point() {
    let lines = Lines::new("pages")
        .line("one by one", [(1, ms(50)), (10, ms(500)), (50, ms(2500))])
        .line(
            "at once",
            [(1, ms(50)), (10, ms(60)), (50, ms(100)), (60, ms(110))],
        )
        .ratio_of("ratio", "one by one", "at once");
    let svg = lines.svg();
    assert_eq!(elements(&svg, "line"), 3);
    assert_eq!(points_of_lines(&svg), [3, 4, 3]);
    assert!(elements(&svg, "marker") >= 3 + 4 + 3);
    assert!(lines.to_string().contains("25.0×"), "{}", lines.to_string());
    assert!(texts(&svg).contains("25.0×"));
}

#[test]
fn names_from_anywhere_stay_text() {
    let name = "<script>&\"'\u{1}\u{fffe}\n]]>";
    for svg in [
        Bars::new(name).bar(name, ms(1)).svg(),
        Lines::new(name)
            .x_label(name)
            .y_label(name)
            .line(name, [(1, 1)])
            .svg(),
        Distribution::new(name).group(name, [ms(1)]).svg(),
        Calls::new(name)
            .call(Call::new(ms(0), ms(1)).on(name).failed(name))
            .svg(),
        draw(name, |_| Ok(())).unwrap().alt(name).svg(),
    ] {
        assert_eq!(elements(&svg, "script"), 0);
        assert!(!svg.contains("<script>"));
    }
}

#[test]
fn nothing_to_draw_is_said() {
    assert!(texts(&Bars::new("empty").svg()).contains("No bars yet"));
    assert!(texts(&Lines::new("empty").svg()).contains("No points"));
    assert!(
        texts(
            &Lines::new("empty")
                .line("no points", [(1.0, f64::NAN); 0])
                .svg()
        )
        .contains("No points")
    );
    assert!(texts(&Distribution::new("empty").svg()).contains("No groups yet"));
    assert!(texts(&Calls::new("empty").svg()).contains("No calls yet"));
}

#[test]
fn what_cannot_be_drawn_is_counted() {
    let bars = Bars::new("odd")
        .bar("nan", f64::NAN)
        .bar("infinite", f64::INFINITY)
        .bar("one", 1);
    assert_eq!(elements(&bars.svg(), "bar"), 1);
    assert!(texts(&bars.svg()).contains("2 values are left out: not finite."));
    let lines = Lines::new("odd")
        .log_y()
        .line("some", [(1, 0.0), (2, -1.0), (3, 10.0), (4, 100.0)]);
    assert_eq!(points_of_lines(&lines.svg()), [2]);
    assert!(texts(&lines.svg()).contains("2 points are left out"));
}

#[test]
fn much_data_stays_small() {
    let wave = |phase: f64| (0..10_000).map(move |x| (x, (f64::from(x) / 50.0 + phase).sin()));
    let lines = (0..40).fold(Lines::new("waves"), |lines, n| {
        lines.line(format!("wave {n}"), wave(f64::from(n)))
    });
    assert_eq!(elements(&lines.svg(), "line"), 16);
    let bars = (0..10_000).fold(Bars::new("many"), |bars, n| bars.bar(format!("bar {n}"), n));
    assert_eq!(elements(&bars.svg(), "bar"), 40);
    let runs = (0..60).fold(Distribution::new("runs"), |runs, n| {
        runs.group(format!("{n}"), (0..10_000).map(ms))
    });
    assert_eq!(elements(&runs.svg(), "median"), 24);
    let calls = (0..10_000).map(|n| {
        Call::new(ms(n), ms(n + 500))
            .began(ms(n + 100))
            .on(format!("instance {}", n % 7))
    });
    let calls = Calls::new("calls").calls(calls);
    let drawn = elements(&calls.svg(), "call");
    assert!((40..=60).contains(&drawn), "{drawn}");
    assert!(texts(&calls.svg()).contains("10,000 calls"));
}

#[test]
fn an_error_while_drawing_is_an_error_to_read() {
    let error = draw("", |_| Err("the file has no rows".into())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the drawing stopped: the file has no rows"
    );
    assert!(
        Canvas::new("")
            .size(0, 100)
            .draw(|_| Ok(()))
            .unwrap_err()
            .to_string()
            .contains("not possible")
    );
}

#[test]
fn what_plotters_draws_over_a_plot_stands_where_the_plots_own_values_do() {
    use plotters::prelude::{Circle, LineSeries};
    let circles = |svg: &str| -> Vec<(f64, f64)> {
        let document = roxmltree::Document::parse(svg).unwrap();
        let mut found = Vec::new();
        for circle in document
            .descendants()
            .filter(|node| node.has_tag_name("circle"))
        {
            let number = |name| circle.attribute(name).unwrap().parse::<f64>().unwrap();
            let in_drawing = circle
                .ancestors()
                .any(|node| node.attribute("class") == Some("drawing"));
            let scale = if in_drawing { 1.0 } else { 0.5 };
            found.push((number("cx") * scale, number("cy") * scale));
        }
        found
    };
    let points = [(1.0, 3.0), (10.0, 40.0), (100.0, 5.0)];
    for lines in [
        Lines::new("even").line("dots", points),
        Lines::new("log").line("dots", points).log_x().log_y(),
        Lines::new("large")
            .line("dots", points)
            .size(900, 400)
            .ratio("r", points),
    ] {
        let own = circles(&lines.svg());
        let drawing = lines
            .draw_with(|mut chart| {
                chart.draw_series(points.map(|point| Circle::new(point, 9, theme::INK)))?;
                Ok(())
            })
            .unwrap();
        let both = circles(&drawing.svg());
        assert_eq!(both.len(), own.len() + 3);
        for place in &both[own.len()..] {
            let near = |other: &(f64, f64)| {
                (other.0 - place.0).abs() <= 1.5 && (other.1 - place.1).abs() <= 1.5
            };
            assert!(own.iter().any(near), "{place:?} of {both:?}");
        }
    }
    let bars = Bars::new("b").bar("one", 10).bar("two", 20);
    let drawing = bars
        .draw_with(|mut chart| {
            chart.draw_series(LineSeries::new(
                [(20.0, -0.5), (20.0, 1.5)],
                theme::color(1),
            ))?;
            Ok(())
        })
        .unwrap();
    assert!(drawing.svg().contains("class=\"drawing\""));
    let empty = Lines::new("empty").draw_with(|_| Ok(()));
    assert!(matches!(empty, Err(DrawError::NoAxes)));
    // An error can go wherever errors go.
    fn check(_: impl Send + Sync + 'static) {}
    check(DrawError::NoAxes);
}

#[test]
fn dots_ranges_histograms_and_shares() {
    let scatter = Lines::new("scatter").points("dots", [(1, 2), (2, 4), (3, 3)]);
    assert_eq!(elements(&scatter.svg(), "line"), 0);
    assert_eq!(elements(&scatter.svg(), "marker"), 3);
    let ranges = Lines::new("ranges").ranges("r", [(2, [5, 6, 9]), (1, [1, 2, 3])]);
    assert_eq!(elements(&ranges.svg(), "range"), 6);
    assert!(ranges.to_string().contains("2 (1 to 3)"), "{ranges}");
    let runs = Lines::new("runs").runs("r", [(1, vec![ms(10), ms(20), ms(30)])]);
    assert!(
        runs.to_string().contains("20.0 ms (15.0 ms to 25.0 ms)"),
        "{runs}"
    );
    let bars = Bars::new("bars").bar_with_range("b", [ms(90), ms(100), ms(130)]);
    assert_eq!(elements(&bars.svg(), "range"), 4);
    assert!(
        bars.to_string().contains("100 ms (90.0 ms to 130 ms)"),
        "{bars}"
    );
    let spread = Distribution::new("d").group("runs", (1..=100).map(ms));
    let counted = elements(&spread.clone().histogram().svg(), "bin");
    assert!(
        counted >= 23,
        "evenly spread runs fall into every step: {counted}"
    );
    let shares = spread.ecdf().svg();
    assert_eq!(elements(&shares, "line"), 1);
    assert!(
        texts(&shares).contains("runs: p50 50.5 ms, p90 90.1 ms, p99 99.0 ms."),
        "{}",
        texts(&shares)
    );
}

#[test]
fn loops_push_and_extend() {
    let mut bars = Bars::new("b");
    bars.extend([("one", ms(1)), ("two", ms(2))]);
    bars.push("three", ms(3));
    assert_eq!(elements(&bars.svg(), "bar"), 3);
    let mut groups = Distribution::new("d").log_x();
    groups.extend([("one", [1, 2]), ("two", [3, 4])]);
    assert_eq!(elements(&groups.svg(), "median"), 2);
    let mut calls = Calls::new("c");
    calls.extend([Call::new(ms(0), ms(1)), Call::new(ms(1), ms(2))]);
    assert_eq!(elements(&calls.svg(), "call"), 2);
    let mut table = Table::new(["a", "b"]);
    table.extend([["1", "2"], ["3", "4"]]);
    assert_eq!(table.len(), 2);
}

#[test]
fn what_is_saved_is_what_is_shown() {
    let bars = Bars::new("saved").bar("one", ms(1));
    let path = std::env::temp_dir().join(format!("plot-saved-{}.svg", std::process::id()));
    bars.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), bars.svg());
    std::fs::remove_file(path).unwrap();
}

fn any_values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(
        prop_oneof![
            any::<f64>(),
            0.0..1e-3,
            Just(0.0),
            Just(f64::NAN),
            Just(f64::INFINITY)
        ],
        0..40,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bars(title in any::<String>(), values in any_values(), names in prop::collection::vec(any::<String>(), 40)) {
        let bars = values.iter().zip(&names).fold(Bars::new(title), |bars, (value, name)| bars.bar(name, *value));
        let drawn = values.iter().filter(|value| value.abs() <= 1e100).count();
        prop_assert_eq!(elements(&bars.svg(), "bar"), drawn);
    }

    #[test]
    fn any_lines(xs in any_values(), ys in any_values(), log_x in any::<bool>(), log_y in any::<bool>(), seconds in any::<bool>()) {
        let points: Vec<(f64, f64)> = xs.into_iter().zip(ys).collect();
        let mut lines = Lines::new("any").line("line", &points).ratio("ratio", &points);
        if log_x { lines = lines.log_x(); }
        if log_y { lines = lines.log_y(); }
        if seconds { lines = lines.y_unit("s"); }
        let fits = |value: f64, log: bool| value.abs() <= 1e100 && (!log || value > 0.0);
        let drawn = |log_y: bool| points.iter().filter(|(x, y)| fits(*x, log_x) && fits(*y, log_y)).count();
        let expected: Vec<usize> = [drawn(log_y), drawn(false)].into_iter().filter(|count| *count > 0).collect();
        let svg = lines.svg();
        elements(&svg, "line");
        prop_assert_eq!(points_of_lines(&svg), expected);
    }

    #[test]
    fn any_distribution(groups in prop::collection::vec(any_values(), 0..6), log in any::<bool>()) {
        let fits = |value: &&f64| value.abs() <= 1e100 && (!log || **value > 0.0);
        let drawn: Vec<usize> = groups.iter().map(|group| group.iter().filter(fits).count()).collect();
        let mut runs = groups.into_iter().fold(Distribution::new("any"), |runs, group| runs.group("group", group));
        if log { runs = runs.log_x(); }
        let svg = runs.svg();
        prop_assert_eq!(elements(&svg, "median"), drawn.iter().filter(|count| **count > 0).count());
        prop_assert_eq!(elements(&svg, "dot"), drawn.iter().sum::<usize>());
    }

    #[test]
    fn any_calls(calls in prop::collection::vec((any::<Duration>(), any::<Duration>(), any::<Duration>(), any::<u8>(), any::<bool>()), 0..80)) {
        let count = calls.len();
        let calls = calls.into_iter().map(|(sent, began, answered, instance, failed)| {
            let call = Call::new(sent, answered).began(began).on(format!("i{instance}"));
            if failed { call.failed("503") } else { call }
        });
        let svg = Calls::new("any").calls(calls).svg();
        let drawn = elements(&svg, "call");
        prop_assert!(drawn == count || (count > 60 && (15..=60).contains(&drawn)), "{} of {}", drawn, count);
    }
}
