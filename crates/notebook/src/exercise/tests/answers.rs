//! Code that returns: right, wrong, too slow, not together.

use super::super::{Exercise, Verdict, Work, check, ms};
use super::{assert_says, block_on, both, keep_no_progress, rice, soup};
use crate::display::RichDisplay;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

type Quick = Pin<Box<dyn Future<Output = (u32, u32)>>>;

#[test]
fn right_code_solves_it() {
    let verdict =
        block_on(both().check(|work| async move { tokio::join!(soup(&work), rice(&work)) }));
    assert!(verdict.is_solved(), "{}", verdict.to_string());
    assert_eq!(verdict.hint(), None);
    assert_says(
        &verdict,
        &[
            "Exercise test-1, Both at once: solved.",
            "✔ holds: It returns `(6, 9)`.",
            "✔ holds: It takes 300 ms.",
            "2 items are under way",
        ],
    );
}

#[test]
fn an_untouched_stub_is_told_kindly() {
    let verdict = block_on(both().check(|work| async move {
        let (_soup, _rice) = (soup(&work), rice(&work));
        (0, 0)
    }));
    assert!(!verdict.is_solved());
    assert_says(
        &verdict,
        &[
            "Both at once: not yet. 0 of 3 statements hold.",
            "✘ not yet: It returned `(0, 0)`; it should return `(6, 9)`.",
            "It took 0 s; it should take 300 ms. That's too quick. No piece of work was awaited to its end.",
            "Made, but never awaited: rice and soup.",
        ],
    );
}

#[test]
fn what_is_too_quick_is_told_why() {
    let told = |answer: fn(Work) -> Quick| {
        block_on(both().check(answer))
            .findings()
            .iter()
            .map(ToString::to_string)
            .find(|finding| finding.contains("too quick"))
    };
    let left: fn(Work) -> Quick = |work| {
        Box::pin(async move {
            tokio::spawn(soup(&work));
            (6, rice(&work).await)
        })
    };
    let dropped: fn(Work) -> Quick = |work| {
        Box::pin(async move {
            tokio::select! { six = soup(&work) => (six, 9), nine = rice(&work) => (6, nine) }
        })
    };
    let unused: fn(Work) -> Quick = |work| {
        Box::pin(async move {
            drop(soup(&work));
            (6, rice(&work).await)
        })
    };
    for (answer, why) in [
        (left, "Still under way when it returned: soup."),
        (dropped, "Dropped before the end: soup."),
        (unused, "Never awaited: soup."),
    ] {
        let expected = format!("It took 150 ms; it should take 300 ms. That's too quick. {why}");
        assert_eq!(told(answer).as_deref(), Some(expected.as_str()));
    }
    let together = Exercise::<()>::new("test-2", "In turn").takes(ms(450));
    let verdict = block_on(together.check(|work| async move {
        tokio::join!(soup(&work), rice(&work));
    }));
    assert_says(
        &verdict,
        &["That's too quick. At one moment 2 items were under way together."],
    );
    let shorter = Exercise::<()>::new("test-2", "Wait").takes(ms(450));
    let verdict = block_on(shorter.check(|work| async move {
        soup(&work).await;
    }));
    assert_says(
        &verdict,
        &["That's too quick. A wait is missing, or shorter than it should be."],
    );
}

#[test]
fn what_a_good_answer_looks_like_is_said_when_it_is_solved() {
    let exercise = || {
        both()
            .hint("Which macro?")
            .good_answer("`join!` *alone*: nothing is spawned.")
    };
    let right =
        block_on(exercise().check(|work| async move { tokio::join!(soup(&work), rice(&work)) }));
    assert!(
        right
            .to_string()
            .ends_with("A good answer: `join!` *alone*: nothing is spawned.")
    );
    assert!(right.html().ends_with(
        "<p><em>A good answer:</em> <code>join!</code> <em>alone</em>: nothing is spawned.</p>"
    ));
    let wrong = block_on(exercise().check(|_| async { (0, 0) }));
    assert!(
        !wrong.to_string().contains("A good answer") && !wrong.html().contains("A good answer")
    );
}

#[test]
fn one_after_the_other_is_seen() {
    let verdict =
        block_on(both().check(|work| async move { (soup(&work).await, rice(&work).await) }));
    assert_says(
        &verdict,
        &[
            "1 of 3 statements hold",
            "It took 450 ms; it should take 300 ms. The pieces of work ran one after the other.",
            "At the busiest moment 1 item was under way; it should be 2.",
        ],
    );
}

#[test]
fn a_blocking_sleep_is_named() {
    let exercise = Exercise::<()>::new("test-2", "Wait").takes(ms(60));
    let verdict = block_on(exercise.check(|_| async { std::thread::sleep(ms(60)) }));
    assert_says(
        &verdict,
        &["it should take 60.0 ms. It did block its thread for"],
    );

    let exercise = Exercise::<()>::new("test-2", "Wait").never_blocks(ms(50));
    let verdict = block_on(exercise.check(|_| async { std::thread::sleep(ms(60)) }));
    assert_says(&verdict, &["One poll held up the thread for"]);
}

#[test]
fn a_value_of_another_type_is_said_so() {
    keep_no_progress();
    Exercise::<Vec<u32>>::new("test-3", "A list")
        .gives(vec![1])
        .define();
    let verdict = block_on(check("test-3", |_| async { Some(1_u32) }));
    assert_says(
        &verdict,
        &["It returned a value of type `Option<u32>`; it should return `Vec<u32>`."],
    );
}

#[test]
fn an_exercise_that_is_not_defined_says_what_to_run() {
    let verdict = block_on(check("test-none", |_| async {}));
    assert!(!verdict.is_solved());
    assert_says(&verdict, &["not yet", "has not run"]);
}

#[test]
fn one_statement_is_not_counted_and_neither_are_remarks() {
    let exercise = || Exercise::<u32>::new("test-9", "Seven").gives(7);
    let headline = |verdict: Verdict| verdict.to_string().lines().next().map(str::to_owned);
    let alone = block_on(exercise().check(|_| async { 0 }));
    let expected = Some("Exercise test-9, Seven: not yet.".to_owned());
    assert_eq!(headline(alone), expected);
    let with_a_remark = block_on(exercise().check(|_| async {
        let _ = tokio::spawn(async { panic!("in the task") }).await;
        0
    }));
    assert_says(&with_a_remark, &["• note: "]);
    assert_eq!(headline(with_a_remark), expected);
}

#[test]
fn hints_come_one_at_a_time_and_begin_anew_when_it_was_solved() {
    keep_no_progress();
    Exercise::<u32>::new("test-4", "Seven")
        .gives(7)
        .hint("one")
        .hint("two")
        .define();
    let check = |value| block_on(check("test-4", move |_| async move { value }));
    let hints = [0_u32, 0, 0, 7, 0].map(|value| check(value).hint().map(str::to_owned));
    let expected = [Some("one"), Some("two"), Some("two"), None, Some("one")];
    assert_eq!(hints.each_ref().map(Option::as_deref), expected);
    assert_says(&check(0), &["Hint 2 of 2: two"]);
}

#[test]
fn the_page_is_escaped_and_does_not_speak_by_color() {
    let exercise = Exercise::<&str>::new("test-5", "<b>")
        .gives("<i>")
        .hint("use `Vec<u32>` & more");
    let verdict = block_on(exercise.check(|_| async { "<u>" }));
    let bundle = verdict.mime_bundle();
    let html = bundle.text("text/html").unwrap();
    assert!(
        html.contains("<code>&quot;&lt;u&gt;&quot;</code>"),
        "{html}"
    );
    assert!(
        html.contains(
            "<summary>Hint 1 of 1</summary><p>use <code>Vec&lt;u32&gt;</code> &amp; more"
        )
    );
    assert!(html.contains("✘ <em>not yet:</em>") && !html.contains("color"));
    assert_eq!(
        bundle.text("text/plain"),
        Some(verdict.to_string().as_str())
    );
}

#[test]
fn an_hour_takes_no_time_by_the_clock_that_jumps() {
    let hour = Duration::from_secs(300);
    let exercise = Exercise::<()>::new("test-6", "Long")
        .takes(hour)
        .limit(ms(20_000));
    let verdict = block_on(exercise.check(move |work| work.item("long", hour)));
    assert!(verdict.is_solved(), "{}", verdict.to_string());
}

#[test]
fn real_time_and_threads_are_possible() {
    let verdict = block_on(
        both()
            .real_time()
            .check(|work| async move { tokio::join!(soup(&work), rice(&work)) }),
    );
    assert!(verdict.is_solved(), "{}", verdict.to_string());
    let verdict = block_on(both().threads(2).check(|work| async move {
        let other = tokio::spawn(rice(&work));
        (soup(&work).await, other.await.unwrap())
    }));
    assert!(verdict.is_solved(), "{}", verdict.to_string());
    let verdict = block_on(both().real_time().check(|work| async move {
        tokio::time::sleep(ms(900)).await;
        tokio::join!(soup(&work), rice(&work))
    }));
    assert_says(&verdict, &["it should take 300 ms"]);
}
