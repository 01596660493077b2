//! Cells that harm or end their process.

use super::Expect::{Fails, Succeeds};
use super::{Case, case};

/// The cases of this kind.
pub const CASES: &[Case] = &[
    case("exit with 0", "std::process::exit(0)", Fails(""))
        .loses_variables()
        .python("import os; os._exit(0)"),
    case("exit with 7", "std::process::exit(7)", Fails(""))
        .loses_variables()
        .python("import os; os._exit(7)"),
    case("abort", "std::process::abort()", Fails(""))
        .loses_variables()
        .python("import os; os.abort()"),
    case(
        "a segmentation fault",
        "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) }",
        Fails(""),
    )
    .loses_variables()
    .python("import ctypes; ctypes.string_at(0)"),
    case(
        "a stack overflow",
        "use std::hint::black_box;
fn deeper(n: u64) -> u64 { 1 + black_box(deeper(black_box(n + 1))) }
deeper(1)",
        Fails(""),
    )
    .loses_variables()
    .python("def deeper(n): return 1 + deeper(n + 1)\ndeeper(1)"),
    case(
        "killed from outside",
        r#"unsafe extern "C" { fn raise(signal: i32) -> i32; }
unsafe { raise(9) };"#,
        Fails(""),
    )
    .loses_variables()
    .python("import os; os.kill(os.getpid(), 9)"),
    case(
        "stdout closed",
        "use std::os::fd::FromRawFd;
drop(unsafe { std::fs::File::from_raw_fd(1) });",
        Succeeds,
    )
    .loses_variables()
    .python("import os; os.close(1)"),
    case(
        "the current folder deleted",
        r#"let folder = std::env::temp_dir().join(format!("gone-{}", std::process::id()));
std::fs::create_dir(&folder)?;
std::env::set_current_dir(&folder)?;
std::fs::remove_dir(&folder)?;"#,
        Succeeds,
    )
    .python(
        "import os, tempfile
folder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder)",
    ),
    case(
        "the environment emptied",
        "for (name, _) in std::env::vars_os() {
    unsafe { std::env::remove_var(name) };
}",
        Succeeds,
    )
    .python("import os; os.environ.clear()"),
    case(
        "a signal ignored",
        r#"unsafe extern "C" { fn signal(signal: i32, handler: usize) -> usize; }
unsafe { signal(2, 1) };"#,
        Succeeds,
    )
    .python("import signal; _ = signal.signal(signal.SIGINT, signal.SIG_IGN)"),
];
