//! What the kernel writes into every cell. A user never calls this by name.
//!
//! The code of a cell is an `async` block that [`run`] runs; a `?` in it turns any error into a [`CellError`];
//! its last value is shown by [`CellDisplay`]; its variables are in the [`store`] between cells.

mod result;
#[doc(hidden)]
pub mod store;

#[cfg(tokio_unstable)]
use crate::display::{self, MimeBundle};
use crate::{output, runtime, stack};
use channel::{ErrorReport, WorkerFrame};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

pub use crate::{
    __dbg as dbg, __eprint as eprint, __eprintln as eprintln, __print as print,
    __println as println,
};
#[doc(hidden)]
pub use result::CellValue;

/// Whether the last value of the cell that runs was an `Err`.
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Runs a cell's code on the one runtime of all cells, to its end.
///
/// ```
/// notebook::cell::run(async { println!("the code of a cell") });
/// ```
///
/// # Panics
/// With what the code panics with, and when the cell is interrupted.
#[track_caller]
pub fn run<F>(code: F)
where
    F: Future,
    F::Output: CellOutput,
{
    let code = pin!(async {
        let failure = code.await.failure();
        if let Some(report) = &failure {
            report_failure(report);
        }
        failure.is_some() || HAS_FAILED.load(Ordering::SeqCst)
    });
    HAS_FAILED.store(false, Ordering::SeqCst);
    runtime::run_cell(code, std::panic::Location::caller());
}

/// What the compiler names the type of, when it is asked for a variable's: nothing has it.
#[diagnostic::on_unimplemented(message = "the type is {Self}")]
#[doc(hidden)]
pub trait ToldType {}

/// Has the compiler name a type, in an error.
///
/// ```compile_fail
/// notebook::cell::tell_type(&vec![1_u8]); // the type is Vec<u8>
/// ```
#[doc(hidden)]
pub fn tell_type<T: ToldType>(_: &T) {}

fn report_failure(report: &ErrorReport) {
    if !crate::link::send(&WorkerFrame::Error(report.clone())) {
        output::print(Stream::Stderr, format_args!("{}", report.message), true);
    }
}

/// What a cell's code can end with.
///
/// ```
/// use notebook::cell::{CellError, CellOutput};
///
/// assert!(().failure().is_none());
/// let ended: Result<(), CellError> = Err("no page".into());
/// assert_eq!(ended.failure().unwrap().message, "no page");
/// ```
pub trait CellOutput {
    /// What went wrong, if anything did.
    fn failure(self) -> Option<ErrorReport>;
}

impl CellOutput for () {
    fn failure(self) -> Option<ErrorReport> {
        None
    }
}

impl CellOutput for Result<(), CellError> {
    fn failure(self) -> Option<ErrorReport> {
        self.err().map(|error| error.report)
    }
}

impl CellOutput for Result<(), Box<dyn Error>> {
    fn failure(self) -> Option<ErrorReport> {
        self.err()
            .map(|error| report(&error, "Box<dyn Error>", Vec::new()))
    }
}

/// The error of a cell: whatever can be displayed becomes one where a `?` meets it.
///
/// ```
/// use notebook::cell::{CellError, CellOutput};
///
/// fn port(text: &str) -> Result<(), CellError> {
///     text.parse::<u16>()?;
///     Ok(())
/// }
/// assert_eq!(port("80a").failure().unwrap().message, "invalid digit found in string");
/// ```
pub struct CellError {
    report: ErrorReport,
}

impl<T: fmt::Display> From<T> for CellError {
    fn from(error: T) -> CellError {
        CellError {
            report: report(&error, std::any::type_name::<T>(), stack::of_cells()),
        }
    }
}

fn report(
    error: &dyn fmt::Display,
    type_name: &str,
    stack: Vec<channel::StackFrame>,
) -> ErrorReport {
    ErrorReport {
        cell: crate::tasks::current_cell(),
        message: error.to_string(),
        type_name: type_name.to_owned(),
        stack,
    }
}

/// Shows a cell's last value by its `Debug` text. What the type says itself goes before it: see [`CellValue`].
///
/// ```
/// use notebook::cell::CellDisplay as _;
///
/// vec![1, 2, 3].evcxr_display();
/// ```
#[cfg(tokio_unstable)]
pub trait CellDisplay {
    /// Shows the value as the cell's result.
    fn evcxr_display(&self);
}

#[cfg(tokio_unstable)]
impl<T: fmt::Debug + ?Sized> CellDisplay for T {
    fn evcxr_display(&self) {
        show_value(&self, std::any::type_name::<T>());
    }
}

/// The end of a cell that is a `Result` without a value, as in a program's `main`: an error fails the cell.
pub(crate) fn end_with<E: fmt::Debug>(result: &Result<(), E>) {
    if let Err(error) = result {
        HAS_FAILED.store(true, Ordering::SeqCst);
        let text = format!("{error:?}");
        report_failure(&report(&text, std::any::type_name::<E>(), Vec::new()));
    }
}

/// Shows a value by its `Debug` text. A cell whose last value has none is compiled with this, for the words in which
/// the compiler then says so.
///
/// ```
/// notebook::cell::show_debug(&Some("soup"));
/// ```
#[cfg(tokio_unstable)]
pub fn show_debug<T: fmt::Debug + ?Sized>(value: &T) {
    show_value(&value, std::any::type_name::<T>());
}

#[cfg(tokio_unstable)]
fn show_value(value: &dyn fmt::Debug, type_name: &str) {
    // The unit value means "nothing to show", as `None` does in a Python notebook.
    if type_name != "()" {
        display::show_result(MimeBundle::new().with("text/plain", format!("{value:?}")));
    }
}

#[doc(hidden)]
pub use channel::Stream as OutputStream;
use channel::Stream;
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
