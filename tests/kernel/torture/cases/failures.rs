//! Code that fails while it runs.

use super::Expect::{Fails, StderrHas};
use super::{Case, case};

/// The cases of this kind.
pub const CASES: &[Case] = &[
    case("a panic", r#"panic!("boom")"#, Fails("boom")).python("raise ValueError('boom')"),
    case(
        "a panic with a value",
        "std::panic::panic_any(7)",
        Fails(""),
    ),
    case(
        "a panic in a drop",
        r#"struct D;
impl Drop for D { fn drop(&mut self) { panic!("in drop") } }
{ let _d = D; }"#,
        Fails("in drop"),
    ),
    case(
        "a failing question mark",
        r#""x".parse::<i32>()?;"#,
        Fails("invalid digit"),
    )
    .python("int('x')"),
    case(
        "an index out of bounds",
        "let v: Vec<i32> = vec![]; v[3]",
        Fails("index out of bounds"),
    )
    .python("[][3]"),
    case(
        "an overflow",
        "let n = u8::MAX; n + std::hint::black_box(1)",
        Fails("overflow"),
    ),
    case(
        "a division by zero",
        "1 / std::hint::black_box(0)",
        Fails("divide by zero"),
    )
    .python("1 / 0"),
    case(
        "the panic of a task",
        r#"let task = tokio::spawn(async { if true { panic!("in task") } });
task.await.is_err()"#,
        StderrHas("in task"),
    ),
    case(
        "a panic hook of one's own",
        r#"std::panic::set_hook(Box::new(|_| {})); panic!("hooked")"#,
        Fails("hooked"),
    ),
];
