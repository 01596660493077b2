//! Running the table on one kernel.

use std::fmt::Write as _;
use std::time::Duration;

use client::protocol::ReplyStatus;
use client::{Cell, Failure, Kernel, Launch, Transcript, listing};

use super::cases::{self, Case, Expect};

/// How long one cell may take. Kernels that hang need a limit that lets the rest of the table run.
const LIMIT: Duration = Duration::from_secs(40);

/// In which language the cases are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The cases as they are.
    Rust,
    /// Those that have a Python twin.
    Python,
}

/// How one case went.
pub struct Outcome {
    /// The case's name.
    pub name: &'static str,
    /// What was wrong, or `None` when everything was right.
    pub fault: Option<String>,
    /// Where the protocol was not kept, though the cell may have come out right.
    pub breach: Option<String>,
    /// How long the case's own cell took.
    pub took: Duration,
}

/// Runs every case that the language has. A kernel that died or hung is started anew for the next case.
pub async fn run(launch: Launch, language: Language) -> Vec<Outcome> {
    let launch = launch.leniently().limit(LIMIT);
    let mut outcomes = Vec::new();
    let mut kernel = None;
    for case in cases::all() {
        let code = match language {
            Language::Rust => Some(case.rust),
            Language::Python => case.python,
        };
        let Some(code) = code else { continue };
        let mut current = match kernel.take() {
            Some(kernel) => kernel,
            None => launch.clone().start().await,
        };
        let mut outcome = Outcome {
            name: case.name,
            fault: None,
            breach: None,
            took: Duration::ZERO,
        };
        let result = run_case(&mut current, case, code, language, &mut outcome).await;
        outcome.fault = result.err().map(|failure| failure.0);
        if outcome.fault.is_none() || works(&mut current).await.is_ok() {
            kernel = Some(current);
        }
        outcomes.push(outcome);
    }
    outcomes
}

/// A line for each case, then how many passed.
pub fn report(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let seconds = outcome.took.as_secs_f64();
        let verdict = match (&outcome.fault, &outcome.breach) {
            (None, None) => "ok".to_owned(),
            (None, Some(breach)) => format!("ok, but against the protocol: {breach}"),
            (Some(fault), _) => fault.lines().next().unwrap_or("failed").to_owned(),
        };
        let _ = writeln!(text, "{:<44} {seconds:6.2} s  {verdict}", outcome.name);
    }
    let passed = outcomes.iter().filter(|it| it.fault.is_none()).count();
    let _ = writeln!(text, "{passed} of {} passed", outcomes.len());
    text
}

async fn run_case(
    kernel: &mut Kernel,
    case: &Case,
    code: &str,
    language: Language,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let (keep, kept) = match language {
        Language::Rust => ("let kept = vec![1, 2, 3];", "kept.len()"),
        Language::Python => ("kept = [1, 2, 3]", "len(kept)"),
    };
    expect(&kernel.try_execute(keep).await?, &Expect::Succeeds)?;
    let transcript = kernel.try_execute(Cell::new(code)).await?;
    outcome.took = transcript.took;
    outcome.breach = transcript.complaints.first().cloned();
    let expected = case.expect.in_language(language);
    expect(&transcript, &expected)?;
    works(kernel).await?;
    if case.keeps {
        let found = kernel.try_execute(kept).await?;
        expect(&found, &Expect::Value("3"))
            .map_err(|_| Failure("the variables are gone".into()))?;
    }
    Ok(())
}

/// `1 + 1` is 2, promptly.
async fn works(kernel: &mut Kernel) -> Result<(), Failure> {
    let found = kernel.try_execute(Cell::new("1 + 1").within(LIMIT)).await;
    let after = |reason: String| Failure(format!("afterwards 1 + 1 does not work: {reason}"));
    let found = found.map_err(|failure| after(failure.0))?;
    expect(&found, &Expect::Value("2")).map_err(|failure| after(failure.0))
}

/// Compares what came with what must come.
fn expect(found: &Transcript, expected: &Expect) -> Result<(), Failure> {
    let fail = |text: String| Err(Failure(text));
    let status = &found.reply.status;
    if let Expect::Fails(part) = expected {
        if *status != ReplyStatus::Error {
            return fail(format!("an error was due, the reply is {status:?}"));
        }
        // What a reader sees under the cell, or else what only the reply says.
        let replied = found.reply.error.as_ref().map(|it| (&it.ename, &it.evalue));
        let shown = found.error.as_ref().map(|it| (&it.ename, &it.evalue));
        let Some((name, value)) = shown.or(replied) else {
            return fail("an error reply that says nothing".to_owned());
        };
        let everything = format!("{name}: {value}\n{}", found.traceback());
        if !everything.contains(part) {
            return fail(format!(
                "no {part:?} in the error {}",
                listing::quoted(&everything)
            ));
        }
        let escapes = found.error.iter().flat_map(|it| &it.traceback);
        let (escapes, text): (usize, usize) = escapes.fold((0, 0), |sum, line| {
            (
                sum.0 + line.matches('\u{1b}').count(),
                sum.1 + line.chars().count(),
            )
        });
        // Colour by the character makes an error unreadable wherever colours are not shown.
        if escapes * 4 > text {
            return fail(format!(
                "{escapes} escape sequences in {text} characters of traceback"
            ));
        }
        return Ok(());
    }
    if *status != ReplyStatus::Ok {
        let error = found.reply.error.as_ref();
        let text = error.map(|it| format!("{}: {}", it.ename, listing::quoted(&it.evalue)));
        return fail(format!(
            "the reply is {status:?}: {}",
            text.unwrap_or_default()
        ));
    }
    match expected {
        Expect::Stdout(text) if found.stdout != *text => {
            fail(format!("stdout is {}", listing::quoted(&found.stdout)))
        }
        Expect::StdoutBytes(count) if found.stdout.len() != *count => {
            fail(format!("{} bytes on stdout", found.stdout.len()))
        }
        Expect::StderrHas(part) if !found.stderr.contains(part) => fail(format!(
            "no {part:?} in stderr {}",
            listing::quoted(&found.stderr)
        )),
        Expect::Value(text) if found.result_text().as_deref() != Some(*text) => {
            fail(format!("the result is {:?}", found.result_text()))
        }
        Expect::Displays(count) if found.displays.len() != *count => {
            fail(format!("{} rich outputs", found.displays.len()))
        }
        _ => Ok(()),
    }
}
