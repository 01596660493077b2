//! What a question says before it is answered, and after.

use super::{Question, does_it_compile, pick, question, what_prints};
use crate::display::RichDisplay;

fn lazy() -> Question {
    question("02-1", "What does calling an `async fn` do?")
        .choice("It runs <at once>.", "Not in Rust.")
        .answer("It makes a future.", "Futures are lazy.")
}

fn form(question: &Question, mime_type: &str) -> String {
    let bundle = question.mime_bundle();
    bundle.text(mime_type).unwrap_or_default().to_owned()
}

#[test]
fn untouched_it_says_how_to_answer_and_does_not_tell() {
    let text = form(&lazy(), "text/plain");
    assert!(
        text.contains("a) It runs <at once>.\n  b) It makes a future."),
        "{text}"
    );
    assert!(
        text.contains("quiz::pick(\"02-1\", 'a')") && !text.contains("lazy"),
        "{text}"
    );
    assert!(!lazy().is_right());
}

#[test]
fn each_choice_explains_itself_behind_a_click() {
    let html = form(&lazy(), "text/html");
    assert!(html.contains("<code>async fn</code>"), "{html}");
    assert!(
        html.contains("It runs &lt;at once&gt;.</summary><p>✘ Wrong. Not in Rust.</p>"),
        "{html}"
    );
    assert!(
        html.contains("<p>✔ Right. Futures are lazy.</p></details>"),
        "{html}"
    );
}

#[test]
fn a_pick_is_judged_and_explained() {
    assert!(lazy().pick('b').is_right() && lazy().pick('B').is_right());
    assert!(form(&lazy().pick('b'), "text/plain").ends_with("✔ Yes, b. Futures are lazy."));
    assert!(form(&lazy().pick('a'), "text/plain").ends_with("✘ Not a. Not in Rust."));
    for letter in ['c', 'A', '1', 'é', '\u{0}'] {
        assert!(!lazy().pick(letter).is_right(), "{letter:?}");
    }
    let text = form(&lazy().pick('c'), "text/plain");
    assert!(
        text.ends_with("There is no choice c: pick one from a to b."),
        "{text}"
    );
    assert!(!question("02-9", "No choices").pick('a').is_right());
}

#[test]
fn a_question_that_was_shown_is_answered_from_another_cell() {
    crate::exercise::keep_no_progress();
    let early = form(&pick("02-1", 'b'), "text/plain");
    assert!(early.contains("run its cell first"), "{early}");
    lazy().evcxr_display();
    let right = pick("02-1", 'b');
    assert!(right.is_right());
    assert_eq!(
        form(&right, "text/plain"),
        "Question 02-1: ✔ Yes, b. Futures are lazy."
    );
    let wrong = form(&pick("02-1", 'a'), "text/html");
    assert_eq!(
        wrong,
        "<p>Question 02-1: <strong>✘ Not a.</strong> Not in Rust.</p>"
    );
}

#[test]
fn code_is_shown_and_handed_to_the_tests() {
    let prints = what_prints("02-2", "\nprintln!(\"<a>\");\n")
        .choice("b", "no")
        .answer("<a>\nb", "yes");
    let html = form(&prints, "text/html");
    assert!(
        html.contains("<pre><code>println!(&quot;&lt;a&gt;&quot;);</code></pre>"),
        "{html}"
    );
    assert!(
        html.contains("margin-bottom:.2em\">&lt;a&gt;<br>b</code>"),
        "{html}"
    );
    let data = form(&prints, "application/vnd.async-notebook.quiz+json");
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(data["code"], "println!(\"<a>\");");
    assert_eq!(data["answer"], "<a>\nb");
}

#[test]
fn does_it_compile_has_two_choices() {
    let no = does_it_compile("02-3", "fn f() { async {}.await; }")
        .does_not_compile("E0728", "why", "why not");
    assert!(no.clone().pick('b').is_right() && !no.clone().pick('a').is_right());
    assert_eq!(no.data()["error"], "E0728");
    let yes = does_it_compile("02-4", "fn f() {}").compiles("why", "why not");
    assert!(yes.clone().pick('a').is_right() && !yes.clone().pick('b').is_right());
    assert!(yes.data()["error"].is_null());
}
