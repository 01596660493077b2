//! What a panic's report holds: message, place, the frames of the user's own code, and the task.

use crate::{link, source, stack, tasks};
use channel::{PanicReport, Place, TaskReport, WorkerFrame};
use std::any::Any;
use std::cell::Cell;
use std::panic::PanicHookInfo;

/// Stands for the message of a panic with another value.
const NO_TEXT: &str = "a value that is no text";

thread_local! {
    static IN_CELL_CODE: Cell<bool> = const { Cell::new(false) };
    static REPORTED: Cell<bool> = const { Cell::new(false) };
    static CELL_TASK: Cell<Option<::tokio::task::Id>> = const { Cell::new(None) };
}

/// Says which task on this thread is the cell's own code.
pub(crate) fn enter_cell_task(task: Option<::tokio::task::Id>) {
    let _ = CELL_TASK.try_with(|current| current.set(task));
}

/// Says whether this thread runs the cell's own code now.
pub(crate) fn enter_cell_code(inside: bool) {
    let _ = IN_CELL_CODE.try_with(|current| current.set(inside));
    let _ = REPORTED.try_with(|reported| reported.set(false));
}

/// Sends panics to the kernel in place of printing them. Without a kernel of ours nothing changes.
pub(crate) fn install_hook() {
    if link::worker().is_some() {
        std::panic::set_hook(Box::new(report));
    }
}

/// Reports the panic that ended a cell's code, where a hook of the user's own took the place of ours.
pub(crate) fn report_unless_done(payload: &(dyn Any + Send)) {
    if REPORTED.try_with(Cell::get).unwrap_or(true) {
        return;
    }
    let text = payload.downcast_ref::<&str>().copied();
    let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    link::send(&WorkerFrame::Panic(PanicReport {
        cell: tasks::current_cell(),
        message: message.unwrap_or(NO_TEXT).to_owned(),
        place: None,
        stack: Vec::new(),
        task: None,
        thread: None,
    }));
}

fn report(info: &PanicHookInfo<'_>) {
    let _ = REPORTED.try_with(|reported| reported.set(true));
    let cell_task = CELL_TASK.try_with(Cell::get).unwrap_or(None);
    let task = ::tokio::task::try_id().filter(|task| Some(*task) != cell_task);
    let in_cell_code = task.is_none() && IN_CELL_CODE.try_with(Cell::get).unwrap_or(false);
    let thread = std::thread::current();
    task.into_iter().for_each(tasks::panics);
    link::send(&WorkerFrame::Panic(PanicReport {
        // A plain thread does not know whose it is; the place of the panic may tell.
        cell: match tasks::current_cell() {
            0 => info.location().and_then(source::cell_of).unwrap_or(0),
            cell => cell,
        },
        message: message(info),
        place: info.location().map(|location| Place {
            file: location.file().to_owned(),
            line: location.line(),
            column: location.column(),
        }),
        stack: stack::of_cells(),
        task: task.map(|id| TaskReport {
            id: id.to_string().parse().unwrap_or(0),
            spawned_at: tasks::spawned_at(id),
        }),
        thread: (!in_cell_code).then(|| thread.name().unwrap_or("unnamed").to_owned()),
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    info.payload_as_str().unwrap_or(NO_TEXT).to_owned()
}
