//! Output of every kind.

use super::Expect::{Displays, Fails, Stdout, StdoutBytes, Succeeds, Value};
use super::{Case, case};

/// The cases of this kind.
pub const CASES: &[Case] = &[
    case("no newline at the end", r#"print!("a");"#, Stdout("a")).python("print('a', end='')"),
    case(
        "flushed without a newline",
        r#"use std::io::Write;
print!("a"); std::io::stdout().flush()?;"#,
        Stdout("a"),
    )
    .python("print('a', end='', flush=True)"),
    case(
        "invalid UTF-8",
        r#"use std::io::Write;
std::io::stdout().write_all(b"a\xffb\n")?;"#,
        Stdout("a\u{fffd}b\n"),
    ),
    case(
        "invalid UTF-8 from a child",
        r#"use std::process::Command;
Command::new("printf").arg(r"a\377b").status()?;"#,
        Stdout("a\u{fffd}b"),
    )
    .python(r"import subprocess; _ = subprocess.run(['printf', r'a\377b'])"),
    case(
        "half a character at the end",
        r#"use std::io::Write;
std::io::stdout().write_all(b"a\xe2\x82")?;"#,
        Stdout("a\u{fffd}"),
    ),
    case("zero bytes", r#"print!("a\0b");"#, Stdout("a\0b")).python(r"print('a\0b', end='')"),
    case(
        "a carriage return and colours",
        r#"print!("50 %\r\u{1b}[32m100 %\u{1b}[0m");"#,
        Stdout("50 %\r\u{1b}[32m100 %\u{1b}[0m"),
    )
    .python(r"print('50 %\r\x1b[32m100 %\x1b[0m', end='')"),
    case(
        "200,000 lines",
        r#"for _ in 0..200_000 { println!("line"); }"#,
        StdoutBytes(1_000_000),
    )
    .python("for _ in range(200_000): print('line')"),
    case(
        "10 MB in one line",
        r#"print!("{}", "x".repeat(10_000_000));"#,
        StdoutBytes(10_000_000),
    )
    .python("print('x' * 10_000_000, end='')"),
    case(
        "a marker of evcxr in the output",
        r#"println!("EVCXR_EXECUTION_COMPLETE");"#,
        Stdout("EVCXR_EXECUTION_COMPLETE\n"),
    ),
    case(
        "a marker behind text",
        r#"print!("x EVCXR_EXECUTION_COMPLETE\n");"#,
        Stdout("x EVCXR_EXECUTION_COMPLETE\n"),
    ),
    case(
        "an open rich output",
        r#"println!("EVCXR_BEGIN_CONTENT text/html\nnever closed");"#,
        Succeeds,
    ),
    case(
        "three rich outputs",
        r#"for n in 0..3 {
    println!("EVCXR_BEGIN_CONTENT text/html\n<b>{n}</b>\nEVCXR_END_CONTENT");
}"#,
        Displays(3),
    )
    .python("from IPython.display import *\nfor n in range(3): display(HTML(str(n)))"),
    case(
        "output of a child",
        r#"std::process::Command::new("echo").arg("child").status()?;"#,
        Stdout("child\n"),
    )
    .python("import subprocess; _ = subprocess.run(['echo', 'child'])"),
    case(
        "output of a thread",
        r#"std::thread::spawn(|| print!("thread")).join().unwrap();"#,
        Stdout("thread"),
    )
    .python(
        "import threading
thread = threading.Thread(target=lambda: print('thread', end=''))
thread.start(); thread.join()",
    ),
    case(
        "a result that cannot be shown",
        "struct Silent; Silent",
        Fails(""),
    ),
    case(
        "a Debug that panics",
        r#"struct Bad;
impl std::fmt::Debug for Bad {
    fn fmt(&self, _: &mut std::fmt::Formatter) -> std::fmt::Result { panic!("in fmt") }
}
Bad"#,
        Fails("in fmt"),
    )
    .python("class Bad:\n    def __repr__(self): raise ValueError('in repr')\nBad()"),
    case(
        "a warning of the compiler is quiet",
        "let unused = 1; fn never_called() {}",
        Succeeds,
    ),
    case(
        "reading stdin",
        "let mut line = String::new();
std::io::stdin().read_line(&mut line)?",
        Value("0"),
    )
    .python("import sys; sys.stdin.readline()"),
];
