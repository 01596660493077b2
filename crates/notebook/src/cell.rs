//! What the kernel brings into scope for every cell. A person never calls this by name.
//!
//! evcxr generates, around a cell's code, a call of `block_on` on a locked tokio runtime, a call of
//! `evcxr_display` on the last expression, and two prints where a top-level `?` fails. With the
//! names of this module in scope those calls end up here.

#[doc(hidden)]
pub mod store;

#[cfg(tokio_unstable)]
use crate::display::{self, MimeBundle};
use crate::{output, runtime, stack};
use channel::{Stream, WorkerFrame};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::MutexGuard;

pub use crate::display::CellValue;
pub use crate::{
    __dbg as dbg, __eprint as eprint, __eprintln as eprintln, __print as print,
    __println as println,
};

/// Runs a cell's code on the one runtime of all cells.
///
/// evcxr calls `block_on` on a `MutexGuard` of a runtime that it keeps; a trait method on the guard
/// is found before the runtime's own. The runtime that evcxr made stays idle: ours can be
/// interrupted, flushes, and knows its tasks.
pub trait CellRunner {
    /// Runs `code` to its end; see [`CellOutput`] for what it may return.
    ///
    /// # Panics
    /// With what the code panics with, and when the cell is interrupted.
    #[track_caller]
    fn block_on<F>(&self, code: F) -> F::Output
    where
        F: Future,
        F::Output: CellOutput;
}

macro_rules! runs_cells {
    ($($runtime:ty),*) => {$(
        impl CellRunner for MutexGuard<'_, $runtime> {
            #[track_caller]
            fn block_on<F>(&self, code: F) -> F::Output
            where
                F: Future,
                F::Output: CellOutput,
            {
                run(code)
            }
        }
    )*};
}
runs_cells!(::tokio::runtime::Runtime, crate::tasks::Runtime);

/// Runs a cell's code, as [`CellRunner::block_on`] does. Our kernel's cells call this by name: to mention
/// tokio's runtime has the compiler translate, for each cell, all that dropping one takes.
///
/// # Panics
/// With what the code panics with, and when the cell is interrupted.
#[track_caller]
pub fn run<F>(code: F) -> F::Output
where
    F: Future,
    F::Output: CellOutput,
{
    let mut output = None;
    {
        let code = pin!(async {
            let value = code.await;
            let failed = value.is_failure();
            output = Some(value);
            failed
        });
        runtime::run_cell(code, std::panic::Location::caller());
    }
    match output {
        Some(output) => output,
        None => unreachable!("run_cell returns only when the code has ended"),
    }
}

/// What a cell's code can end with: nothing, or a `Result` where the cell uses `?`.
#[diagnostic::on_unimplemented(
    message = "a runtime inside a `Mutex` cannot run a future that returns `{Self}` this way",
    note = "here `block_on` on a locked runtime is what runs cells; write `(*guard).block_on(…)` to call the runtime's own"
)]
pub trait CellOutput {
    /// Whether it is an error.
    fn is_failure(&self) -> bool;
}

impl CellOutput for () {
    fn is_failure(&self) -> bool {
        false
    }
}

impl<E> CellOutput for Result<(), E> {
    fn is_failure(&self) -> bool {
        self.is_err()
    }
}

/// Shows a cell's last value by its `Debug` text. A type's own `evcxr_display` goes before it.
///
/// Without this trait evcxr would compile every cell twice whose last value is not shown richly:
/// first with `evcxr_display`, then, as that does not exist, with `{:?}`. On a stock kernel, which has
/// no reason to bring this into scope, it must not exist either: rustc's hint to import it would keep
/// evcxr from its second try. The setting that only our kernel builds with tells the two apart.
#[cfg(tokio_unstable)]
pub trait CellDisplay {
    /// Shows the value as the cell's result.
    fn evcxr_display(&self);
}

#[cfg(tokio_unstable)]
impl<T: fmt::Debug + ?Sized> CellDisplay for T {
    fn evcxr_display(&self) {
        show_debug(&self, std::any::type_name::<T>());
    }
}

#[cfg(tokio_unstable)]
fn show_debug(value: &dyn fmt::Debug, type_name: &str) {
    // The unit value means "nothing to show", as `None` does in a Python notebook.
    if type_name != "()" {
        display::show_result(MimeBundle::new().with("text/plain", format!("{value:?}")));
    }
}

/// Prints, or reports the error that a top-level `?` returned, by which function it is called in.
#[doc(hidden)]
pub fn print_or_report(text: fmt::Arguments<'_>, type_name: &str, called_in: &str) {
    if !called_in.contains("EvcxrUserCodeError") {
        output::print(Stream::Stderr, text, true);
        return;
    }
    let report = channel::ErrorReport {
        cell: crate::tasks::current_cell(),
        message: text.to_string(),
        type_name: type_name.to_owned(),
        stack: stack::of_cells(),
    };
    if !crate::link::send(&WorkerFrame::Error(report)) {
        output::print(Stream::Stderr, text, true);
    }
}

#[doc(hidden)]
pub use channel::Stream as OutputStream;
#[doc(hidden)]
pub use output::print as print_to;

/// `print!` that knows which cell it belongs to.
#[doc(hidden)]
#[macro_export]
macro_rules! __print {
    ($($arguments:tt)*) => {{
        $crate::cell::print_to($crate::cell::OutputStream::Stdout, ::std::format_args!($($arguments)*), false);
    }};
}

/// `println!` that knows which cell it belongs to.
#[doc(hidden)]
#[macro_export]
macro_rules! __println {
    // What evcxr generates where a top-level `?` fails: the end of the cell says so already.
    ("{}", evcxr_internal_runtime::USER_ERROR_OCCURRED) => {{}};
    // What evcxr generates where a cell has panicked, for itself to read from stdout.
    ("EVCXR_PANIC_NOTIFICATION") => {{ ::std::println!("EVCXR_PANIC_NOTIFICATION"); }};
    () => {{
        $crate::cell::print_to($crate::cell::OutputStream::Stdout, ::std::format_args!(""), true);
    }};
    ($($arguments:tt)*) => {{
        $crate::cell::print_to($crate::cell::OutputStream::Stdout, ::std::format_args!($($arguments)*), true);
    }};
}

/// `eprint!` that knows which cell it belongs to.
#[doc(hidden)]
#[macro_export]
macro_rules! __eprint {
    ($($arguments:tt)*) => {{
        $crate::cell::print_to($crate::cell::OutputStream::Stderr, ::std::format_args!($($arguments)*), false);
    }};
}

/// `eprintln!` that knows which cell it belongs to.
#[doc(hidden)]
#[macro_export]
macro_rules! __eprintln {
    // What evcxr generates where a top-level `?` fails, and what a person may well write, too: the
    // name of the enclosing function tells which.
    ($format:literal, $error:ident) => {{
        $crate::cell::print_or_report(
            ::std::format_args!($format, $error),
            ::std::any::type_name_of_val(&$error),
            ::std::any::type_name_of_val(&|| ()),
        );
    }};
    () => {{
        $crate::cell::print_to($crate::cell::OutputStream::Stderr, ::std::format_args!(""), true);
    }};
    ($($arguments:tt)*) => {{
        $crate::cell::print_to($crate::cell::OutputStream::Stderr, ::std::format_args!($($arguments)*), true);
    }};
}

/// `dbg!` that knows which cell it belongs to.
#[doc(hidden)]
#[macro_export]
macro_rules! __dbg {
    () => { $crate::__eprintln!("[line {}]", ::std::line!()) };
    ($value:expr $(,)?) => {
        match $value {
            value => {
                $crate::__eprintln!("{} = {:#?}", ::std::stringify!($value), &value);
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => { ($($crate::__dbg!($value)),+,) };
}
